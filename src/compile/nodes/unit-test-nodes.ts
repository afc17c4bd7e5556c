import { createHash } from 'node:crypto'
import { parse } from 'csv-parse/sync'
import type { ModelNode, Node, NodeId, UnitTestNode } from '../../core/node.ts'
import { makeProblem, type Problem } from '../../core/problem.ts'
import type { FixtureSpec, ProjectFile, UnitTestSpec } from '../../core/project.ts'
import type { FixtureRow, FixtureRows, UnitTestInput } from '../../core/unit-test-spec.ts'
import type { Resolver } from '../resolve.ts'
import { fileName, fqnOf, nodeBase } from './draft.ts'
import type { DraftScope } from './draft-scope.ts'
import { readExpression } from './read-expression.ts'

/*
 * Unit tests are built when the other nodes stand, since each names a model and what that reads.
 */

export interface UnitTests {
  readonly nodes: readonly UnitTestNode[]
  readonly disabled: readonly UnitTestNode[]
  readonly problems: readonly Problem[]
}

/** The unit tests of a project: for a model with versions one for each. */
export function buildUnitTests(
  scope: DraftScope,
  nodes: Readonly<Record<NodeId, Node>>,
  resolver: Resolver,
): UnitTests {
  const problems: Problem[] = []
  const built = scope.project.unitTests.flatMap((spec) =>
    buildOne({ scope, nodes, resolver, problems }, spec),
  )
  const isOn = ({ config }: UnitTestNode) => config['enabled'] !== false
  return { nodes: built.filter(isOn), disabled: built.filter((node) => !isOn(node)), problems }
}

interface Building {
  readonly scope: DraftScope
  readonly nodes: Readonly<Record<NodeId, Node>>
  readonly resolver: Resolver
  readonly problems: Problem[]
}

function buildOne(building: Building, spec: UnitTestSpec): UnitTestNode[] {
  const { scope, resolver, problems } = building
  const { package: packageName, packagePath, name, model, place } = spec
  const folders = [packagePath.slice(0, Math.max(0, packagePath.indexOf('/')))]
  const fqn = fqnOf(packageName, folders, packagePath, model, name)
  const config = scope.config('unit_tests', fqn, scope.yaml.config(spec.config, spec, problems))
  const read = { kind: 'ref' as const, name: model, place }
  const tested = testedModels(building, spec)
  if (tested.length === 0) {
    if (config['enabled'] !== false && !resolver.isDisabled(read))
      problems.push(
        makeProblem('ref-unknown', `unit test '${name}' tests the model '${model}', which is not there`, {
          ...scope.sourceAt(place),
          hint: resolver.explain(read, packageName, undefined).hint,
        }),
      )
    return []
  }
  const description = scope.yaml.description(spec.description, spec, problems)
  const base = nodeBase({ ...spec, resourceType: 'unit_test', fqn, description, columns: [], config })
  return tested.map((node): UnitTestNode => {
    const suffix = node.version === undefined ? '' : `_v${node.version}`
    return {
      ...base,
      id: `unit_test.${packageName}.${model}.${name}${suffix}`,
      resourceType: 'unit_test',
      dependsOn: [node.id],
      modelId: node.id,
      model,
      given: spec.given.flatMap((input) => givenOf(building, spec, input, node) ?? []),
      expect: rowsOf(building, spec, spec.expect),
      overrides: spec.overrides,
      ...(node.version !== undefined && { version: node.version }),
      ...(spec.versions && { versions: spec.versions }),
      checksum: createHash('sha256')
        .update(JSON.stringify([spec.given, spec.expect, spec.overrides]))
        .digest('hex'),
    }
  })
}

/** The model that is named, or those of its versions that are wanted. */
function testedModels(
  { nodes, resolver }: Building,
  { model, package: packageName, versions }: UnitTestSpec,
): ModelNode[] {
  const id = resolver.ref({ name: model }, packageName)
  const named = id === null ? undefined : nodes[id]
  const all = Object.values(nodes).filter(
    (node): node is ModelNode =>
      node.resourceType === 'model' &&
      (node.id === id ||
        (node.version !== undefined &&
          node.name === model &&
          node.package === (named?.package ?? packageName))),
  )
  const { include, exclude } = versions ?? {}
  const lists = (list: readonly (string | number)[], { version }: ModelNode) =>
    list.map(String).includes(String(version))
  if (include) return all.filter((node) => lists(include, node))
  return exclude ? all.filter((node) => !lists(exclude, node)) : all
}

function givenOf(
  building: Building,
  spec: UnitTestSpec,
  fixture: UnitTestSpec['given'][number],
  model: ModelNode,
): UnitTestInput | null {
  const { scope, resolver, problems } = building
  const input = fixture.input.trim()
  const rows = rowsOf(building, spec, fixture, input)
  if (input === 'this') return { input, nodeId: model.id, rows }
  const expression = readExpression(input)
  const read = expression && expression.kind !== 'metric' ? { ...expression, place: fixture.place } : null
  const nodeId =
    read?.kind === 'ref'
      ? resolver.ref(read, spec.package)
      : read
        ? resolver.source(read, spec.package)
        : null
  if (nodeId !== null) return { input, nodeId, rows }
  const details = scope.sourceAt(fixture.place)
  problems.push(
    read
      ? resolver.explain(read, spec.package, details.source)
      : makeProblem('yaml-invalid', `'${input}' is neither ref('…') nor source('…', '…') nor this`, details),
  )
  return null
}

function rowsOf(building: Building, spec: UnitTestSpec, fixture: FixtureSpec, input?: string): FixtureRows {
  const { scope, problems } = building
  const { format, fixture: name } = fixture
  const as = { format, ...(name !== undefined && { fixture: name }) }
  const rows = (list: readonly FixtureRow[]): FixtureRows => ({ kind: 'rows', rows: list, ...as })
  const refuse = (message: string, hint?: string): FixtureRows => {
    problems.push(
      makeProblem('yaml-invalid', `unit test '${spec.name}': ${message}`, {
        ...scope.sourceAt(fixture.place),
        hint,
      }),
    )
    return rows([])
  }
  const file = name === undefined ? undefined : fixtureFile(scope, spec, fixture)
  if (name !== undefined && !file)
    return refuse(
      `there is no fixture '${name}'`,
      `it must be fixtures/${name}.${format} below a folder of tests`,
    )
  const text = file?.text ?? fixture.rows
  switch (format) {
    case 'dict':
      if (Array.isArray(text)) return rows(text as readonly FixtureRow[])
      if (text === undefined && input !== undefined) return { kind: 'seed', ...as }
      return refuse('rows of the format dict are a list of mappings', 'or say format: csv or format: sql')
    case 'csv': {
      if (typeof text !== 'string') return refuse('rows of the format csv are text')
      const read = csvRows(text)
      return typeof read === 'string' ? refuse(read) : rows(read)
    }
    case 'sql':
      return typeof text === 'string'
        ? { kind: 'sql', sql: text, ...as }
        : refuse('rows of the format sql are text')
  }
}

function fixtureFile(
  scope: DraftScope,
  spec: UnitTestSpec,
  { fixture, format }: FixtureSpec,
): ProjectFile | undefined {
  return scope.project.fixtures.find(
    ({ package: packageName, packagePath }) =>
      packageName === spec.package && fileName(packagePath) === fixture && packagePath.endsWith(`.${format}`),
  )
}

/** CSV with its first line as names; an empty value is null. What is wrong with it, where something is. */
function csvRows(text: string): readonly FixtureRow[] | string {
  try {
    const records: Record<string, string>[] = parse(text, {
      columns: true,
      skip_empty_lines: true,
      trim: true,
      relax_column_count_less: true,
    })
    return records.map((record) =>
      Object.fromEntries(Object.entries(record).map(([name, value]) => [name, value === '' ? null : value])),
    )
  } catch (cause) {
    return `its rows are no CSV: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}
