import { withoutSemicolon } from '../../compile/compiled-sql.ts'
import type { ModelNode, Node, NodeId, Relation, UnitTestNode } from '../../core/node.ts'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import type { FixtureRow, UnitTestInput } from '../../core/unit-test-spec.ts'
import {
  columnsOf,
  createTableAs,
  createView,
  relationIdent,
  ServerError,
  type Session,
  sql,
  sqlLiteral,
  unsafeSql,
} from '../../warehouse/index.ts'
import { askOn } from '../ask.ts'
import { fixtureRelation } from '../relations.ts'
import type { RunContext, StepOutcome, StepRunner } from '../run-context.ts'
import { textTable } from '../text-table.ts'
import { compareRows } from './compare-rows.ts'
import { type FixtureColumn, fillFixture, inferColumns } from './fixture-table.ts'
import { loadSeed } from './seed.ts'

/*
 * A unit test: the rows that it gives become tables in the run's schema, the model's SQL is rendered to read them,
 * and what comes out is compared with what is expected. Since the rows stand in real tables, a template that asks
 * for the columns of what it reads gets an answer.
 */

/** Runs a unit test. */
export const runUnitTest: StepRunner<UnitTestNode> = (node, _step, context) =>
  context.warehouse.withSession(async (session) => {
    const model = context.manifest.nodes[node.modelId] as ModelNode
    const standIns = new Map<NodeId, Relation>()
    for (const input of node.given)
      standIns.set(input.nodeId, await standInFor(session, node, input, context))
    const compiled = withoutSemicolon(
      await context.compile(model, {
        isIncremental: node.overrides.macros['is_incremental'] === true,
        standIns,
        overrides: node.overrides,
        as: node.id,
        ask: askOn(session),
      }),
    )
    const actual = fixtureRelation(context.plan.buildSchema, node.id, 'actual')
    await session.query(createTableAs(actual, unsafeSql(compiled.text), { unlogged: true }))
    const compared = await compareWithExpected(session, node, model, actual, context)
    return { ...compared, compiledCode: compiled.text, publish: [] }
  })

/** The table that a unit test's input is read from. */
async function standInFor(
  session: Session,
  test: UnitTestNode,
  input: UnitTestInput,
  context: RunContext,
): Promise<Relation> {
  const node = context.manifest.nodes[input.nodeId]!
  const table = fixtureRelation(context.plan.buildSchema, test.id, node.id)
  switch (input.rows.kind) {
    case 'sql':
      await session.query(createTableAs(table, unsafeSql(input.rows.sql), { unlogged: true }))
      return table
    case 'seed':
      if (node.resourceType !== 'seed') throw new Error(`${node.id} is no seed`)
      await loadSeed(session, node, table, context)
      return table
    case 'rows': {
      const { rows } = input.rows
      const columns = (await knownColumns(session, node, context)) ?? inferColumns(rows, node.columns)
      if (columns.length === 0) throw new ProblemError(unknownShape(test, node))
      await fillFixture(session, table, columns, rows, { what: node.name, place: test.place })
      return table
    }
  }
}

function unknownShape(test: UnitTestNode, node: Node) {
  return makeProblem('unit-test-invalid', `the columns of ${node.name} are not known`, {
    place: test.place,
    hint: `it is not in the database yet, and no row tells: build it first, with --empty if need be, or give a row`,
  })
}

/** The columns of what an input stands for, from the database; undefined when it is not there. */
async function knownColumns(
  session: Session,
  node: Node,
  context: RunContext,
): Promise<readonly FixtureColumn[] | undefined> {
  if (!('relation' in node)) return undefined
  const isStored = node.resourceType !== 'model' || node.materialized !== 'ephemeral'
  const columns = isStored ? await columnsOf(session, context.builds.resolve(node.relation)) : undefined
  if (columns || node.resourceType !== 'model') return columns
  return columnsOfQuery(session, node, context)
}

/** What a model that is not there would have, as far as what it reads is there. */
async function columnsOfQuery(
  session: Session,
  node: ModelNode,
  context: RunContext,
): Promise<readonly FixtureColumn[] | undefined> {
  const view = fixtureRelation(context.plan.buildSchema, node.id, 'shape')
  const compiled = withoutSemicolon(
    await context.compile(node, { isIncremental: false, as: `shape of ${node.id}`, ask: askOn(session) }),
  )
  const known = await columnsOf(session, view)
  if (known) return known
  try {
    await session.query(createView(view, unsafeSql(compiled.text)))
  } catch (error) {
    // What it reads is not there either; or another unit test was quicker to ask the same.
    if (!(error instanceof ServerError) || error.failure.kind !== 'sql') throw error
  }
  return columnsOf(session, view)
}

type Compared = Pick<StepOutcome, 'rows' | 'message' | 'verdict' | 'detail'>

async function compareWithExpected(
  session: Session,
  node: UnitTestNode,
  model: ModelNode,
  actual: Relation,
  context: RunContext,
): Promise<Compared> {
  const actualColumns = (await columnsOf(session, actual)) ?? []
  const wanted = await expectedTable(session, node, model, actualColumns, context)
  const sides = await sidesByMacro(session, node, model, { actual, expected: wanted }, context)
  const { columns, differences, differing } = await compareRows(session, sides.actual, sides.expected)
  if (differing === 0) return { rows: 0, message: 'pass', verdict: 'pass' }
  const rows = differences.map(({ isExpected, values }) => [isExpected ? '-' : '+', ...values])
  const more = differing > rows.length ? [`… ${differing - rows.length} more`] : []
  return {
    rows: differing,
    message: `${differing} ${differing === 1 ? 'row differs' : 'rows differ'} from what is expected`,
    verdict: 'fail',
    detail: [...textTable(['', ...columns], rows), ...more, '- expected   + came out'],
  }
}

interface Sides {
  readonly actual: Relation
  readonly expected: Relation
}

/** What the project's own get_unit_test_sql makes of both sides; both as they are where it has none. */
async function sidesByMacro(
  session: Session,
  node: UnitTestNode,
  model: ModelNode,
  sides: Sides,
  context: RunContext,
): Promise<Sides> {
  const { renderer, renderScope, plan } = context
  if (!renderer.isOwnMacro('get_unit_test_sql')) return sides
  const names = ((await columnsOf(session, sides.expected)) ?? []).map(({ name }) => quoted(name))
  const rowsOf = ({ schema, identifier }: Relation) =>
    JSON.stringify(`select * from ${quoted(schema)}.${quoted(identifier)}`)
  const call = `get_unit_test_sql(${rowsOf(sides.actual)}, ${rowsOf(sides.expected)}, ${JSON.stringify(names)})`
  const scope = { ...renderScope, ask: askOn(session) }
  const { text } = await renderer.compileInline(`{{ ${call} }}`, scope, model.id)
  const both = fixtureRelation(plan.buildSchema, node.id, 'compared')
  await session.query(createTableAs(both, unsafeSql(text), { unlogged: true }))
  const side = async (name: 'actual' | 'expected'): Promise<Relation> => {
    const table = fixtureRelation(plan.buildSchema, node.id, `compared ${name}`)
    const rows = sql`
      select ${unsafeSql(names.join(', '))} from ${relationIdent(both)}
      where actual_or_expected = ${sqlLiteral(name)}`
    await session.query(createTableAs(table, rows, { unlogged: true }))
    return table
  }
  return { actual: await side('actual'), expected: await side('expected') }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

async function expectedTable(
  session: Session,
  node: UnitTestNode,
  model: ModelNode,
  actualColumns: readonly FixtureColumn[],
  context: RunContext,
): Promise<Relation> {
  const table = fixtureRelation(context.plan.buildSchema, node.id, 'expected')
  if (node.expect.kind === 'sql') {
    await session.query(createTableAs(table, unsafeSql(node.expect.sql), { unlogged: true }))
    return table
  }
  const rows: readonly FixtureRow[] = node.expect.kind === 'rows' ? node.expect.rows : []
  const named = new Set(rows.flatMap((row) => Object.keys(row).map((name) => name.toLowerCase())))
  // Only the columns that somebody wrote down are compared.
  const columns = actualColumns.filter(({ name }) => named.size === 0 || named.has(name.toLowerCase()))
  const unknown = [...named].find((name) => !columns.some((column) => column.name.toLowerCase() === name))
  if (unknown !== undefined)
    throw new ProblemError(
      makeProblem('unit-test-invalid', `${model.name} has no column '${unknown}'`, {
        place: node.place,
        hint: `its columns: ${actualColumns.map(({ name }) => name).join(', ')}`,
      }),
    )
  await fillFixture(session, table, columns, rows, { what: model.name, place: node.place })
  return table
}
