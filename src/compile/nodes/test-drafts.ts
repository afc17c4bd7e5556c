import type { TestNode } from '../../core/node.ts'
import type { Problem } from '../../core/problem.ts'
import type { ProjectFile } from '../../core/project.ts'
import { describe } from './describe.ts'
import { type Draft, type Drafts, fileName, fqnOf, nodeBase, partByEnabled, startOf } from './draft.ts'
import type { DraftScope } from './draft-scope.ts'
import { draftGeneric } from './generic-test.ts'
import { failuresRelation, testBehaviour } from './test-behaviour.ts'
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
