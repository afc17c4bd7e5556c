import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  hostFunction,
  makeDialect,
  makeSet,
  repr,
  TemplateError,
  type Value,
  zip,
} from '../../../src/compile/dialect/index.ts'
import { type GoldenCase, goldenNames } from './golden-context.ts'

// Our own comparisons with real Jinja; the file's note says how they were made.
const file = new URL('./own_goldens.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as {
  cases: readonly (GoldenCase & { readonly native?: true })[]
}
const dialect = makeDialect({ clock: () => new Date('2024-05-06T07:08:09Z') })

/** dbt's set and zip give None for what is not iterable. */
function orNone(make: () => Value): Value {
  try {
    return make()
  } catch {
    return null
  }
}

const extra = {
  set: hostFunction('set', ([values = []]) => orNone(() => makeSet(values))),
  zip: hostFunction('zip', (sequences) => orNone(() => zip(sequences))),
}

const pythonNames: Record<string, string> = { string: 'str', boolean: 'bool', number: 'int', bigint: 'int' }

function pythonType(value: Value): string {
  if (value === null) return 'NoneType'
  const simple = pythonNames[typeof value]
  if (simple) return simple
  if (Array.isArray(value)) return 'list'
  return value.constructor.name === 'PySet' ? 'set' : value.constructor.name.toLowerCase()
}

function render({ tpl, native }: { tpl: string; native?: true }): string {
  const template = dialect.parse(tpl, 'golden.sql')
  if (!native) return dialect.render(template, goldenNames(extra)).text
  const value = dialect.renderNative(template, goldenNames(extra))
  return `${pythonType(value)}:${repr(value)}`
}

describe('more templates mean what they mean in dbt', () => {
  it('has a thousand cases', () => expect(cases.length).toBeGreaterThan(1000))

  for (const golden of cases)
    it(golden.name, () => {
      if (golden.ok) expect(render(golden)).toBe(golden.out)
      else expect(() => render(golden)).toThrow(TemplateError)
    })
})
