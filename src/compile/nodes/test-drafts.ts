import type { TestNode } from '../../core/node.ts'
import type { Problem } from '../../core/problem.ts'
import type { ProjectFile } from '../../core/project.ts'
import { asStrings, type Config } from '../config-tree.ts'
import { describe } from './describe.ts'
import {
  type Draft,
  type Drafts,
  fileName,
  fqnOf,
  type NamedNode,
  nodeBase,
  partByEnabled,
  startOf,
} from './draft.ts'
import type { DraftScope } from './draft-scope.ts'
import { draftGeneric } from './generic-test.ts'
import { groupOf } from './group.ts'
import { testSubjects } from './test-subjects.ts'

/*
 * Tests are SELECTs of the rows that should not be there: generic ones are macros applied to a model or column
 * in YAML, singular ones are files.
 */

/** Builds generic tests from YAML and singular tests from files. */
export function draftTests(scope: DraftScope): Drafts<TestNode> {
  const problems: Problem[] = []
  const generic = testSubjects(scope).flatMap((subject) => draftGeneric(scope, subject, problems))
  const singular = scope.project.tests.map((file) => draftSingular(scope, file, problems))
  return partByEnabled([...generic, ...singular], problems)
}

function draftSingular(scope: DraftScope, file: ProjectFile, problems: Problem[]): Draft<TestNode> {
  const { package: packageName, packagePath } = file
  const name = fileName(packagePath)
  const said = describe(scope, scope.patches.find('test', packageName, name), problems)
  const fqn = fqnOf(packageName, scope.packageOf(packageName).config.paths.tests, packagePath)
  const identity = { resourceType: 'test' as const, package: packageName, name, packagePath, fqn }
  const outside = scope.config('tests', fqn, said.config)
  const capture = scope.templates.capture({
    file,
    name,
    resourceType: 'test',
    config: outside,
    relation: failuresRelation(scope, { ...identity, config: outside }),
  })
  const config = scope.config('tests', fqn, said.config, capture.config)
  if (config['enabled'] !== false) problems.push(...capture.problems)
  return {
    reads: capture.reads,
    node: {
      ...nodeBase({
        ...identity,
        ...said.patchPath,
        place: startOf(file.path),
        description: said.description,
        columns: [],
        config,
      }),
      resourceType: 'test',
      testKind: 'singular',
      rawCode: file.text,
      relation: failuresRelation(scope, { ...identity, config }),
      ...testBehaviour(config),
    },
  }
}

/** Where failing rows are kept: in a schema of their own unless config says otherwise. */
export function failuresRelation({ naming }: DraftScope, node: NamedNode): TestNode['relation'] {
  const { schema = 'dbt_test__audit' } = node.config
  return naming({ ...node, config: { ...node.config, schema } })
}

/** How many failing rows are too many, and what becomes of them. */
export function testBehaviour(config: Config) {
  const [where] = asStrings(config['where'])
  const stored = storedAs(config)
  return {
    severity:
      String(config['severity'] ?? 'error').toLowerCase() === 'warn' ? ('warn' as const) : ('error' as const),
    errorIf: String(config['error_if'] ?? '!= 0'),
    warnIf: String(config['warn_if'] ?? '!= 0'),
    failCalc: String(config['fail_calc'] ?? 'count(*)'),
    ...(typeof config['limit'] === 'number' && { limit: config['limit'] }),
    ...(where !== undefined && { where }),
    ...(stored && { storeFailures: stored }),
    ...groupOf(config),
  }
}

/** `store_failures_as` says more than `store_failures`, so it counts where both are set. */
function storedAs({ store_failures_as: as, store_failures: isStored }: Config): TestNode['storeFailures'] {
  if (as === 'table' || as === 'view' || as === 'ephemeral') return as
  if (typeof isStored !== 'boolean') return undefined
  return isStored ? 'table' : 'ephemeral'
}
