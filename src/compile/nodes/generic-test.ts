import { dirname } from 'node:path'
import { extended } from '../../core/extended.ts'
import type { TestNode } from '../../core/node.ts'
import { makeProblem, type Problem } from '../../core/problem.ts'
import type { TestSpec } from '../../core/project.ts'
import { asStrings, type Config } from '../config-tree.ts'
import { type Draft, nodeBase } from './draft.ts'
import type { DraftScope } from './draft-scope.ts'
import { genericCode } from './generic-code.ts'
import { failuresRelation, testBehaviour } from './test-behaviour.ts'
import { genericTestNames, testHash } from './test-name.ts'
import type { TestSubject } from './test-subjects.ts'

/** The tests that YAML declares on one model, seed, snapshot, job or source table. */
export function draftGeneric(
  scope: DraftScope,
  subject: TestSubject,
  problems: Problem[],
): Draft<TestNode>[] {
  const ofColumns = subject.columns.flatMap(({ name, quote, tags, tests }) =>
    tests.map((spec) => ({ spec, column: quote ? `"${name}"` : name, tags })),
  )
  const declared = [...ofColumns, ...subject.tests.map((spec) => ({ spec, column: undefined, tags: [] }))]
  return declared.flatMap((one) => draftOne(scope, subject, one, problems) ?? [])
}

interface DeclaredTest {
  readonly spec: TestSpec
  readonly column: string | undefined
  readonly tags: readonly string[]
}

function draftOne(
  scope: DraftScope,
  subject: TestSubject,
  { spec, column, tags }: DeclaredTest,
  problems: Problem[],
): Draft<TestNode> | null {
  const { templates } = scope
  const { package: packageName, packagePath } = subject
  const { place } = spec
  const args = column === undefined ? spec.args : { ...spec.args, column_name: column }
  const { name: subjectName, isSource } = subject
  const names = genericTestNames({ subject: subjectName, isSource, test: spec.test, args })
  const name = spec.name ?? names.full
  const fqn = [packageName, ...foldersOf(packagePath), name]
  const said = scope.yaml.config(spec.config, { package: packageName, place }, problems)
  const needsAlias = spec.name === undefined && names.short !== names.full && said['alias'] === undefined
  const called: Config = needsAlias ? { ...said, alias: names.short } : said
  const outside = scope.config('tests', fqn, called)
  // A test that is switched off may well belong to a package that is not there.
  const isOff = outside['enabled'] === false
  if (!isOff && !templates.macros.findTest(spec.test, packageName)) {
    // For dbt that fails the test when it is run, and nothing else.
    if (scope.misspelled === 'error') {
      problems.push(unknownTest(scope, spec))
      return null
    }
  }
  const capture = isOff
    ? { reads: [], config: {}, problems: [] }
    : templates.captureTest({
        test: spec.test,
        place,
        args,
        model: subject.expression,
        package: packageName,
        config: outside,
      })
  const config = scope.config('tests', fqn, capture.config, called)
  problems.push(...capture.problems)
  const identity = { resourceType: 'test' as const, package: packageName, name, packagePath, fqn, config }
  const description = scope.yaml.description(spec.description, { package: packageName, place }, problems)
  const base = nodeBase(extended({ place, description, columns: [] }, identity))
  const inherited = [...new Set([...subject.tags, ...tags, ...asStrings(called['tags'])])].sort()
  return {
    reads: [{ ...subject.read, place }, ...capture.reads],
    node: extended(base, testBehaviour(config), {
      id: `${base.id}.${testHash(name, spec.test, { ...args, model: whereSubquery(subject.expression) })}`,
      tags: [...new Set([...inherited, ...base.tags])],
      resourceType: 'test' as const,
      testKind: 'generic' as const,
      rawCode: genericCode(spec.test, said, needsAlias ? names.short : undefined),
      generic: {
        macro: spec.test,
        args,
        model: subject.expression,
        ...(column !== undefined && { column }),
      },
      relation: failuresRelation(scope, identity),
    }),
  }
}

/** What dbt hands to a test macro as `model`; it is a part of what the id is made from. */
function whereSubquery(expression: string): string {
  return `{{ get_where_subquery(${expression}) }}`
}

/** The folders below the first one, whatever that is called. */
function foldersOf(packagePath: string): string[] {
  return dirname(packagePath.slice(packagePath.indexOf('/') + 1))
    .split('/')
    .filter((part) => part !== '' && part !== '.')
}

function unknownTest(scope: DraftScope, spec: TestSpec): Problem {
  const { macros } = scope.templates
  const [name, packageName] = spec.test.split('.').reverse()
  const isMissing = packageName !== undefined && !macros.isPackage(packageName)
  const near = macros.closest(`test_${name}`)?.replace(/^test_/, '')
  const own = near
    ? `did you mean '${near}'?`
    : `write it as {% test ${name}(model, column_name) %} in a file below macros/`
  const hint = isMissing ? `there is no package '${packageName}': estimand deps shows what is installed` : own
  return makeProblem('macro-unknown', `there is no test '${spec.test}'`, {
    ...scope.sourceAt(spec.place),
    hint,
  })
}
