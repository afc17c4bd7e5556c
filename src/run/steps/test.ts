import { type CompiledSql, withoutSemicolon } from '../../compile/compiled-sql.ts'
import { quoteIdentifier } from '../../compile/context/relation-value.ts'
import type { Relation, TestNode } from '../../core/node.ts'
import { type Problem, ProblemError } from '../../core/problem.ts'
import {
  createTableAs,
  dropRelation,
  ensureSchema,
  existingRelations,
  type PublishAction,
  relationIdent,
  type Session,
  type SQLQuery,
  sql,
  unsafeSql,
} from '../../warehouse/index.ts'
import { askOn } from '../ask.ts'
import type { RunContext, StepRunner } from '../run-context.ts'
import { textTable } from '../text-table.ts'

/** Counts the rows that a test finds and compares them with its thresholds, in one query. */
export const runTest: StepRunner<TestNode> = async (node, _step, context) => {
  const compiled = withoutSemicolon(await context.compile(node, { isIncremental: false }))
  return context.warehouse.withSession(async (session) => {
    const kept = await howKept(session, node, context)
    const query = limited(node, compiled)
    if (kept === 'table') await keepRows(session, node.relation, query, context)
    const failing = kept === 'table' ? sql`select * from ${relationIdent(node.relation)}` : query
    const { failures, fails, warns } = await verdictOf(session, node, compiled, kept === 'table', context)
    const isFailure = (node.severity === 'error' && fails) || (warns && context.warnError)
    const verdict = isFailure ? 'fail' : warns ? 'warn' : 'pass'
    return {
      rows: failures,
      message: verdict === 'pass' ? 'pass' : `${failures} failing ${failures === 1 ? 'row' : 'rows'}`,
      compiledCode: compiled.text,
      publish: kept === 'view' ? [await viewOfFailures(node, context)] : [],
      verdict,
      ...(verdict !== 'pass' && { detail: await firstRows(session, failing) }),
      ...(kept !== 'ephemeral' && { keptIn: node.relation }),
    }
  })
}

/** Counts by the project's own materialization of tests, by its own macros, or as everybody does. */
async function verdictOf(
  session: Session,
  node: TestNode,
  compiled: CompiledSql,
  isKept: boolean,
  context: RunContext,
): Promise<Counted> {
  const scope = { ...context.renderScope, ask: askOn(session) }
  const rows = `select * from ${written(node.relation)}`
  const texts = { compiled: compiled.text, failing: isKept ? rows : limitedText(node, compiled) }
  const own = await context.renderer.runOwnTest(node.id, texts, scope)
  if (own) return ownVerdict(node, own, context.renderer)
  const ownCount = await context.renderer.countOfFailures(node.id, isKept ? rows : compiled.text, scope)
  const counting =
    ownCount === null
      ? countOf(node, isKept ? sql`select * from ${relationIdent(node.relation)}` : limited(node, compiled))
      : unsafeSql(ownCount)
  return countFailures(session, node, counting, context)
}

/** What a materialization of tests found, by names in any case. */
function ownVerdict(
  node: TestNode,
  rows: readonly Readonly<Record<string, unknown>>[],
  renderer: RunContext['renderer'],
): Counted {
  const [first, ...more] = rows
  if (first === undefined || more.length > 0) throw new ProblemError(noVerdict(node, rows.length, renderer))
  const found = new Map(Object.entries(first).map(([name, value]) => [name.toLowerCase(), value]))
  const given = found.get('failures') ?? null
  const failures = given === null ? Number.NaN : Number(given)
  if (!Number.isInteger(failures))
    throw new ProblemError(noCount(node, given === null ? null : String(given), renderer))
  return { failures, fails: found.get('should_error') === true, warns: found.get('should_warn') === true }
}

function noVerdict({ name, place }: TestNode, count: number, renderer: RunContext['renderer']): Problem {
  const message = `the materialization of tests gives ${count} rows for ${name} instead of one`
  const hint = `it has to run a statement 'main' with fetch_result=True that selects failures, should_warn and should_error`
  return renderer.problem('test-invalid', message, place, hint)
}

/** Whether the failing rows are kept, and as what. */
async function howKept(
  session: Session,
  node: TestNode,
  { renderer, renderScope, storeFailures }: RunContext,
): Promise<'table' | 'view' | 'ephemeral'> {
  const usual = node.storeFailures ?? (storeFailures ? 'table' : 'ephemeral')
  if (!renderer.isOwnMacro('should_store_failures')) return usual
  const scope = { ...renderScope, ask: askOn(session) }
  const { text } = await renderer.compileInline('{{ should_store_failures() }}', scope, node.id)
  if (text.trim() !== 'True') return 'ephemeral'
  return usual === 'ephemeral' ? 'table' : usual
}

function written({ schema, identifier }: Relation): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(identifier)}`
}

function limited(node: TestNode, compiled: CompiledSql): SQLQuery {
  return unsafeSql(limitedText(node, compiled))
}

function limitedText({ limit }: TestNode, { text }: CompiledSql): string {
  return limit === undefined ? text : `select * from (\n${text}\n) as failing\nlimit ${limit}`
}

interface Counted {
  readonly failures: number
  readonly fails: boolean
  readonly warns: boolean
}

/** The query that counts failures, as dbt's macro get_test_sql writes it. */
function countOf({ errorIf, warnIf, failCalc }: TestNode, failing: SQLQuery): SQLQuery {
  // Thresholds such as "> 10" are written by the project's author, as part of the comparison.
  return sql`
    select failures, failures ${unsafeSql(warnIf)} as should_warn, failures ${unsafeSql(errorIf)} as should_error
    from (
      select (\n${unsafeSql(failCalc)}\n) as failures
      from (
        ${failing}
      ) as failing
    ) as counted`
}

async function countFailures(
  session: Session,
  node: TestNode,
  counting: SQLQuery,
  { renderer }: RunContext,
): Promise<Counted> {
  const { rows } = await session.query<{ failures: string | null; fails: boolean; warns: boolean }>(sql`
    select failures::text as failures, should_error as fails, should_warn as warns
    from (\n${counting}\n) as counted`)
  const [first, ...more] = rows
  if (first === undefined || more.length > 0) {
    throw new ProblemError(noSingleRow(node, rows.length, renderer))
  }
  const { failures, ...verdict } = first
  const count = failures === null ? Number.NaN : Number(failures)
  if (!Number.isInteger(count)) throw new ProblemError(noCount(node, failures, renderer))
  return { ...verdict, failures: count }
}

function noSingleRow({ name, failCalc, place }: TestNode, count: number, renderer: RunContext['renderer']) {
  const message = `the fail_calc of ${name}, ${failCalc}, gives ${count} rows instead of one`
  return renderer.problem('test-invalid', message, place, 'write an aggregate, such as count(*)')
}

/** An aggregate that is null of no rows at all would let every test pass that it counts for. */
function noCount(
  { name, failCalc, place }: TestNode,
  given: string | null,
  renderer: RunContext['renderer'],
): Problem {
  const hint = given === null ? `write coalesce(${failCalc}, 0)` : 'round it'
  const message = `the fail_calc of ${name}, ${failCalc}, gives ${given ?? 'null'}, which is no whole number`
  return renderer.problem('test-invalid', message, place, hint)
}

/**
 * Keeps the failing rows in a table, for people to look into. It is no part of what a run publishes: it is needed
 * most when the run fails, and is there at once.
 */
async function keepRows(
  session: Session,
  table: Relation,
  failing: SQLQuery,
  { lease }: RunContext,
): Promise<void> {
  await ensureSchema(session, table.schema)
  await session.transaction(async () => {
    await lease.fence(session)
    const [old] = await existingRelations(session, [table])
    if (old) await session.query(dropRelation(table, old.kind))
    await session.query(createTableAs(table, failing))
  })
}

/** A view of the failing rows among what is published; it changes with that. */
async function viewOfFailures(node: TestNode, context: RunContext): Promise<PublishAction> {
  const compiled = withoutSemicolon(await context.compilePublished(node))
  const limit = node.limit === undefined ? '' : `\nlimit ${node.limit}`
  const definition = `select * from (\n${compiled.text}\n) as failing${limit}`
  return { kind: 'view', published: node.relation, definition }
}

/** How many failing rows are shown with the failure. */
const shownRows = 5

/** A test of many rows says nothing without some of them; only a failed one is asked twice. */
async function firstRows(session: Session, failing: SQLQuery): Promise<string[]> {
  const { columns, rows } = await session.queryTable(
    sql`select * from (\n${failing}\n) as failing limit ${unsafeSql(String(shownRows))}`,
  )
  if (rows.length === 0) return []
  return textTable(
    columns.map(({ name }) => name),
    rows.map((row) => row.map(textOf)),
  )
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
