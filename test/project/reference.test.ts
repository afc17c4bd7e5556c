import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { causalSchema } from '../../src/project/causal-schema.ts'
import { didSchema } from '../../src/project/did-schema.ts'
import { driftSchema } from '../../src/project/drift-schema.ts'
import { exposuresExperimentSchema, unitsExperimentSchema } from '../../src/project/experiment-schema.ts'
import { loadsSchema } from '../../src/project/load-schema.ts'
import { metricsSchema } from '../../src/project/metrics-schema.ts'
import { dbtProjectSchema, projectSchema } from '../../src/project/project-schema.ts'
import { propertiesSchema } from '../../src/project/properties-schema.ts'
import { discontinuitySchema, seriesSchema } from '../../src/project/quasi-schema.ts'

const page = (name: string) => readFileSync(new URL(`../../docs/reference/${name}`, import.meta.url), 'utf8')

interface Definition {
  readonly shape?: Readonly<Record<string, Schema>>
  readonly innerType?: Schema
  readonly element?: Schema
  readonly in?: Schema
  readonly out?: Schema
  readonly valueType?: Schema
  readonly options?: readonly Schema[]
}
interface Schema {
  readonly def: Definition
}

/** Every key that a schema knows, at any depth. */
function keysOf(schema: Schema): Set<string> {
  const keys = new Set<string>()
  const visit = ({ def }: Schema) => {
    for (const [key, inner] of Object.entries(def.shape ?? {})) {
      keys.add(key)
      visit(inner)
    }
    for (const inner of [def.innerType, def.element, def.in, def.out, def.valueType, ...(def.options ?? [])])
      if (inner?.def) visit(inner)
  }
  visit(schema)
  return keys
}

function unexplained(text: string, ...schemas: readonly unknown[]): string[] {
  const explained = new Set([...text.matchAll(/`([\w-]+)`/g)].map(([, word]) => word))
  const keys = schemas.flatMap((schema) => [...keysOf(schema as Schema)])
  return keys.filter((key) => !explained.has(key))
}

describe('docs/reference', () => {
  it('sees into the schemas', () => {
    expect([...keysOf(loadsSchema as unknown as Schema)]).toEqual(
      expect.arrayContaining(['null_text', 'primary_key']),
    )
    expect([...keysOf(propertiesSchema as unknown as Schema)]).toEqual(
      expect.arrayContaining(['depends_on', 'column_mask', 'identifier']),
    )
  })

  it('explains every key of project.yml', () => {
    // `sql` and `transaction` are dbt's long form of a hook.
    const keys = unexplained(page('project-yml.md'), projectSchema, dbtProjectSchema)
    expect([...new Set(keys)]).toEqual(['sql', 'transaction'])
  })

  it('explains every key of the other files', () => {
    const jobs = [unitsExperimentSchema, exposuresExperimentSchema, metricsSchema]
    expect(unexplained(page('yaml.md'), propertiesSchema, loadsSchema, ...jobs)).toEqual([])
    expect(unexplained(page('causal-yaml.md') + page('yaml.md'), causalSchema)).toEqual([])
    expect(unexplained(page('quasi-yaml.md') + page('yaml.md'), discontinuitySchema, seriesSchema)).toEqual(
      [],
    )
    expect(unexplained(page('did-yaml.md') + page('yaml.md'), didSchema)).toEqual([])
    expect(unexplained(page('drift-yaml.md') + page('yaml.md'), driftSchema)).toEqual([])
  })
})
