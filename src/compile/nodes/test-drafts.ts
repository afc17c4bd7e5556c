import type { TestNode } from '../../core/node.ts'
import type { Problem } from '../../core/problem.ts'
import type { ProjectFile } from '../../core/project.ts'
import { type Draft, type Drafts, partByEnabled } from './draft.ts'
import type { DraftScope } from './draft-scope.ts'
import { draftGeneric } from './generic-test.ts'
import { readQueryFile } from './query-file.ts'
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

/** One test that is a file. */
export function draftSingular(scope: DraftScope, file: ProjectFile, problems: Problem[]): Draft<TestNode> {
  const { base, config, reads, identity } = readQueryFile(
    scope,
    file,
    {
      resourceType: 'test',
      tree: 'tests',
      folders: 'tests',
      fqnPrefix: [],
      relationOf: (node) => failuresRelation(scope, node),
    },
    problems,
  )
  return {
    reads,
    node: {
      ...base,
      resourceType: 'test',
      testKind: 'singular',
      rawCode: file.text,
      relation: failuresRelation(scope, identity),
      ...testBehaviour(config),
    },
  }
}
