import type { ColumnSpec, PatchSpec, SourceTableSpec, TestSpec } from '../../core/project.ts'
import { asStrings } from '../config-tree.ts'
import type { Read } from './draft.ts'
import type { DraftScope } from './draft-scope.ts'
import { sourceTables } from './source-drafts.ts'

/** What generic tests are declared on. */
export interface TestSubject {
  readonly package: string
  /** The YAML file, relative to its package. */
  readonly packagePath: string
  /** Its name as a part of the tests' names. */
  readonly name: string
  readonly isSource: boolean
  readonly read: Read
  /** The expression that gives the relation, as dbt writes it: `ref('orders')`. */
  readonly expression: string
  /** Tags that its tests take over. */
  readonly tags: readonly string[]
  readonly tests: readonly TestSpec[]
  readonly columns: readonly ColumnSpec[]
}

/** Everything that tests are declared on; each version of a model counts. */
export function testSubjects(scope: DraftScope): TestSubject[] {
  const { project } = scope
  return [
    ...project.patches.flatMap((patch) => (patch.resource === 'test' ? [] : patchSubjects(patch))),
    // What is wrong with a name is told where the source is drafted.
    ...sourceTables(scope, []).map(sourceSubject),
    ...project.jobs.map((job) => refSubject(job, job.name)),
  ]
}

function patchSubjects(patch: PatchSpec): TestSubject[] {
  if (patch.versions.length === 0) return [refSubject(patch, patch.name)]
  return patch.versions.map(({ v, tests, columns }) => ({
    ...refSubject(patch, patch.name, String(v)),
    tests,
    columns,
  }))
}

type Declared = Pick<PatchSpec, 'package' | 'packagePath' | 'place' | 'tests' | 'columns'>

function refSubject(declared: Declared, name: string, version?: string): TestSubject {
  const { package: packageName, packagePath, place, tests, columns } = declared
  const isVersion = version !== undefined
  return {
    package: packageName,
    packagePath,
    name: isVersion ? `${name}_v${version}` : name,
    isSource: false,
    read: { kind: 'ref', name, place, ...(isVersion && { version }) },
    expression: isVersion ? `ref('${name}', version='${version}')` : `ref('${name}')`,
    tags: [],
    tests,
    columns,
  }
}

function sourceSubject(spec: SourceTableSpec): TestSubject {
  const { package: packageName, packagePath, sourceName, name, place, tests, columns, config } = spec
  return {
    package: packageName,
    packagePath,
    name: `${sourceName}_${name}`,
    isSource: true,
    read: { kind: 'source', source: sourceName, table: name, place },
    expression: `source('${sourceName}', '${name}')`,
    tags: asStrings(config['tags']),
    tests,
    columns,
  }
}
