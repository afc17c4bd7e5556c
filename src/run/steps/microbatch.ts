import type { BatchScope } from '../../compile/renderer.ts'
import type { ModelNode, Relation } from '../../core/node.ts'
import { type Problem, ProblemError } from '../../core/problem.ts'
import type { BatchResult } from '../../core/run-result.ts'
import {
  columnList,
  columnsOf,
  createTableAs,
  createView,
  dropRelation,
  relationIdent,
  type Session,
  type SQLQuery,
  sql,
  unsafeSql,
} from '../../warehouse/index.ts'
import { planBatches } from '../batches.ts'
import { BatchesError } from '../batches-error.ts'
import { type MicrobatchConfig, microbatchConfig } from '../microbatch-config.ts'
import { partRelation } from '../relations.ts'
import type { RunContext } from '../run-context.ts'
import { problemsOf } from '../sql-problem.ts'

/*
 * A microbatch model is built in batches of time. Each batch renders the model's SQL with only its own rows in
 * what the model reads, and writes into a staging table under its number; in the end the newest batch of each key
 * counts. Batches know nothing of each other, so several run at once, unless the model reads itself.
 */

/** What the batches of a model have made. */
export interface BuiltBatches {
  readonly rows: number
  readonly batches: readonly BatchResult[]
  /** The SQL of one batch. */
  readonly compiledCode: string
}

interface Batching {
  readonly node: ModelNode
  /** The rows of all batches with their numbers. */
  readonly staging: Relation
  /** The table that the batches become. */
  readonly table: Relation
  readonly isIncremental: boolean
  readonly config: MicrobatchConfig
  readonly context: RunContext
}

/** Builds the batches into `table`; throws when one of them fails, after all others are done. */
export async function buildBatches(
  node: ModelNode,
  table: Relation,
  isIncremental: boolean,
  context: RunContext,
): Promise<BuiltBatches> {
  const config = microbatchConfig(node, context)
  const staging = partRelation(table, 'batches')
  const batching: Batching = { node, staging, table, isIncremental, config, context }
  const { results, problems } = await runBatches(batching, batchesOf(batching))
  if (problems.length > 0) throw new BatchesError(problems, results)
  const rows = await context.warehouse.withSession((session) => settle(session, batching))
  return { rows, batches: results, compiledCode: context.compiledOf(node.id)?.text ?? '' }
}

function batchesOf({ node, config, isIncremental, context }: Batching): BatchScope[] {
  const { plan, eventTime, renderer } = context
  const batches = planBatches({
    ...config,
    isIncremental,
    now: new Date(plan.startedAt),
    ...(eventTime?.start && { from: eventTime.start }),
    ...(eventTime?.end && { to: eventTime.end }),
  })
  if (batches.length > 0) return batches
  throw new ProblemError(
    renderer.problem(
      'config-invalid',
      `there is no batch of ${node.name} to build: it would begin after its end`,
      node.place,
      'see begin in its config, and --event-time-start and --event-time-end',
    ),
  )
}

/** Builds every batch that can be; a failed one keeps none but itself from being built. */
async function runBatches(
  batching: Batching,
  batches: readonly BatchScope[],
): Promise<{ readonly results: readonly BatchResult[]; readonly problems: readonly Problem[] }> {
  const { config, context } = batching
  const problems: Problem[] = []
  const results = batches.map(({ id, start, end }): BatchResult => {
    return { id, start: start.toISOString(), end: end.toISOString(), status: 'skipped', rows: null }
  })
  const buildOne = async (number: number): Promise<void> => {
    const batch = batches[number]!
    try {
      results[number] = {
        ...results[number]!,
        status: 'success',
        rows: await writeBatch(batching, batch, number),
      }
    } catch (error) {
      problems.push(batchProblem(error, batch, batching))
      results[number] = { ...results[number]!, status: 'error' }
    }
  }
  // The first one makes the table that the others write to.
  await buildOne(0)
  const waiting = problems.length > 0 ? [] : batches.map((_, number) => number).slice(1)
  const worker = async (): Promise<void> => {
    while (waiting.length > 0 && !context.effects.signal.aborted) await buildOne(waiting.shift()!)
  }
  await Promise.all(Array.from({ length: config.concurrent ? context.threads : 1 }, worker))
  return { results, problems }
}

function batchProblem(error: unknown, { id }: BatchScope, { node, context }: Batching): Problem {
  const [problem] = problemsOf(error, node, context.compiledOf(node.id), context.renderer)
  return { ...problem!, message: `batch ${id}: ${problem!.message}` }
}

const numberColumn = 'estimand_batch'

async function writeBatch(batching: Batching, batch: BatchScope, number: number): Promise<number> {
  const { node, staging, config, isIncremental, context } = batching
  const { withSession } = context.warehouse
  const soFar =
    number > 0 && !config.concurrent ? await withSession((session) => viewSoFar(session, batching)) : null
  // Rendered before a session is taken: a template that asks the database takes one, too.
  const compiled = await context.compile(node, {
    // Later batches find the table there, but not in a full refresh, as in dbt.
    isIncremental: isIncremental || (number > 0 && !(node.fullRefresh ?? context.fullRefresh)),
    batch,
    ...(soFar && { thisRelation: soFar }),
  })
  const numbered = sql`select ${unsafeSql(String(number))} as ${sql.ident(numberColumn)}, batch.*\nfrom (\n${unsafeSql(compiled.text)}\n) as batch`
  const statement =
    number === 0
      ? createTableAs(staging, numbered, { unlogged: true })
      : sql`insert into ${relationIdent(staging)}\n${numbered}`
  return withSession(async (session) => (await session.query(statement)).rowCount)
}

/** The table with the batches before: what a model that reads itself finds. */
async function viewSoFar(session: Session, batching: Batching): Promise<Relation> {
  const { node, staging, table, isIncremental } = batching
  const view = partRelation(table, 'so_far')
  if (await columnsOf(session, view)) return view
  const names = await columnNames(session, staging)
  const built = newestRows(node, staging, names)
  const keys = node.uniqueKey.map((key) => sql`old.${sql.ident(key)} = batch.${sql.ident(key)}`)
  const old = sql`
union all
select ${columnList(names)}
from ${relationIdent(node.relation)} as old
where not exists (select from ${relationIdent(staging)} as batch where ${sql.join(keys, ' AND ')})`
  await session.query(createView(view, isIncremental ? sql`${built}${old}` : built))
  return view
}

async function columnNames(session: Session, staging: Relation): Promise<string[]> {
  const columns = (await columnsOf(session, staging)) ?? []
  return columns.map(({ name }) => name).filter((name) => name !== numberColumn)
}

/** Of each key the rows of the newest batch that has it; rows without a key replace nothing. */
function newestRows({ uniqueKey }: ModelNode, staging: Relation, names: readonly string[]): SQLQuery {
  const isNull = uniqueKey.map((key) => sql`${sql.ident(key)} is null`)
  return sql`select ${columnList(names)}
from (
  select *, max(${sql.ident(numberColumn)}) over (partition by ${columnList(uniqueKey)}) as estimand_newest
  from ${relationIdent(staging)}
) as batches
where ${sql.ident(numberColumn)} = estimand_newest or ${sql.join(isNull, ' OR ')}`
}

/** Makes one table of the batches. */
async function settle(session: Session, { node, staging, table }: Batching): Promise<number> {
  const query = newestRows(node, staging, await columnNames(session, staging))
  await session.query(dropRelation(partRelation(table, 'so_far'), 'view'))
  const { rowCount } = await session.query(createTableAs(table, query, { unlogged: node.unlogged }))
  await session.query(dropRelation(staging, 'table'))
  return rowCount
}
