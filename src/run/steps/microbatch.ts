import { withoutSemicolon } from '../../compile/compiled-sql.ts'
import type { BatchScope } from '../../compile/renderer.ts'
import {
  commonIntervals,
  type IntervalChange,
  normalIntervals,
  type PlannedIntervals,
} from '../../core/intervals.ts'
import type { ModelNode, Relation } from '../../core/node.ts'
import type { Step } from '../../core/plan.ts'
import { type Problem, ProblemError } from '../../core/problem.ts'
import type { BatchResult } from '../../core/run-result.ts'
import type { ApplyDelta } from '../../warehouse/index.ts'
import { cutIntoBatches } from '../batches.ts'
import { BatchesError } from '../batches-error.ts'
import { isFlaw, type TimePartition, timePartition } from '../intervals/time-partition.ts'
import { retryNode } from '../retry-node.ts'
import type { RunContext } from '../run-context.ts'
import { problemsOf } from '../sql-problem.ts'
import { type BatchRows, batchRows, timeColumn } from './batch-rows.ts'
import { checkContract } from './contract.ts'
import { withSqlHeader } from './sql-header.ts'

/*
 * A model that is built by time is built in batches. Each renders the model's SQL with only its own rows in what the
 * model reads. Batches know nothing of each other, so several run at once, unless the model reads itself.
 */

/** What the batches of a model have made. */
export interface BuiltBatches {
  readonly rows: number
  readonly batches: readonly BatchResult[]
  /** Why some failed; their times are not in the table. */
  readonly problems: readonly Problem[]
  /** The SQL of one batch. */
  readonly compiledCode: string
  /** What the table is to say of its times. */
  readonly intervals: IntervalChange
}

interface Batching {
  readonly node: ModelNode
  readonly partition: TimePartition
  readonly planned: PlannedIntervals
  /** The table that the batches become. */
  readonly table: Relation
  readonly isIncremental: boolean
  readonly rows: BatchRows
  readonly context: RunContext
}

/**
 * Builds the batches of a step into `table`. When some fail all others are built all the same; then, unless what could
 * be built is to go live on its own, it throws.
 */
export async function buildBatches(
  node: ModelNode,
  step: Step,
  table: Relation,
  context: RunContext,
): Promise<BuiltBatches> {
  const partition = partitionOf(node, context)
  const planned = step.intervals!
  const isIncremental = step.action === 'increment'
  const rows = batchRows({ node, partition, planned, table, isIncremental, context })
  const batching: Batching = { node, partition, planned, table, isIncremental, rows, context }
  const { results, problems } = await runBatches(batching, batchesOf(batching))
  const hasSome = results.some(({ status }) => status === 'success')
  if (problems.length > 0 && (context.plan.publish === 'run' || !hasSome || isIncomplete(results)))
    throw new BatchesError(problems, results)
  return {
    rows: await context.warehouse.withSession(rows.settle),
    batches: results,
    problems,
    compiledCode: context.compiledOf(node.id)?.text ?? '',
    intervals: intervalChange(batching, results),
  }
}

/** With time_range: the times whose rows the batches that were built replace. */
export function timesOf(node: ModelNode, batches: readonly BatchResult[]): ApplyDelta['times'] {
  const partition = timePartition(node)
  if (!partition || isFlaw(partition) || partition.strategy !== 'time_range') return undefined
  const built = batches.filter(({ status }) => status === 'success')
  return {
    column: timeColumn(node, partition),
    intervals: normalIntervals(built.map(({ start, end }) => ({ from: start, to: end }))),
  }
}

/** A run that was stopped publishes nothing. */
function isIncomplete(results: readonly BatchResult[]): boolean {
  return results.some(({ status }) => status === 'skipped')
}

/** What the model says of its times; throws a problem where it does not say enough. */
function partitionOf(node: ModelNode, { renderer }: RunContext): TimePartition {
  const read = timePartition(node)
  if (!read) throw new Error(`${node.id} is not built by time`)
  if (!isFlaw(read)) return read
  throw new ProblemError(renderer.problem('config-invalid', read.message, node.place, read.hint))
}

function batchesOf({ node, partition, planned, context }: Batching): BatchScope[] {
  const batches = cutIntoBatches(planned.due, partition.batchSize, partition.grain)
  if (batches.length > 0) return batches
  throw new ProblemError(
    context.renderer.problem(
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
  const { node, partition, context } = batching
  const { effects, threads } = context
  const problems: Problem[] = []
  const results = batches.map(({ id, start, end }): BatchResult => {
    return { id, start: start.toISOString(), end: end.toISOString(), status: 'skipped', rows: null }
  })
  let done = 0
  const buildOne = async (number: number): Promise<void> => {
    const batch = batches[number]!
    const ended: Pick<BatchResult, 'status' | 'rows'> = await writeBatch(batching, batch, number).then(
      (rows) => ({ status: 'success', rows }),
      (error) => {
        problems.push(batchProblem(error, batch, batching))
        return { status: 'error', rows: null }
      },
    )
    results[number] = { ...results[number]!, ...ended }
    done++
    effects.emit({
      type: 'batch_finished',
      nodeId: node.id,
      done,
      total: batches.length,
      batch: results[number]!,
    })
  }
  // The first one makes the table that the others write to.
  await buildOne(0)
  const waiting = problems.length > 0 ? [] : batches.map((_, number) => number).slice(1)
  const worker = async (): Promise<void> => {
    while (waiting.length > 0 && !effects.signal.aborted) await buildOne(waiting.shift()!)
  }
  await Promise.all(Array.from({ length: partition.concurrent ? threads : 1 }, worker))
  return { results, problems }
}

function batchProblem(error: unknown, { id }: BatchScope, { node, context }: Batching): Problem {
  const [problem] = problemsOf(error, node, context.compiledOf(node.id), context.renderer)
  return { ...problem!, message: `batch ${id}: ${problem!.message}` }
}

/** Writes a batch, again where that fails for a reason that passes: the others need not be written again for it. */
async function writeBatch(batching: Batching, batch: BatchScope, number: number): Promise<number> {
  const { node, rows, context } = batching
  const clear = () =>
    context.warehouse.withSession(async (session) => void (await session.query(rows.clear(number, batch))))
  const written = await retryNode(node, context, { clear }, () => tryBatch(batching, batch, number))
  if (number === 0) context.standing.push(rows.written)
  return written
}

async function tryBatch(batching: Batching, batch: BatchScope, number: number): Promise<number> {
  const { node, partition, rows, isIncremental, context } = batching
  const { withSession } = context.warehouse
  const soFar = number > 0 && !partition.concurrent ? await withSession(rows.soFar) : null
  // Rendered before a session is taken: a template that asks the database takes one, too.
  const rendered = await context.compile(node, {
    // Later batches find the table there, but not in a full refresh, as in dbt.
    isIncremental: isIncremental || (number > 0 && !(node.fullRefresh ?? context.fullRefresh)),
    batch,
    ...(soFar && { thisRelation: soFar }),
  })
  const compiled = withoutSemicolon(rendered)
  // All batches come from one template, so that the first one tells.
  if (number === 0)
    await withSession((session) => checkContract(session, node, compiled, batching.table, context))
  const statement = rows.write(number, batch, compiled.text)
  return withSession((session) =>
    withSqlHeader(session, node, async () => (await session.query(statement)).rowCount),
  )
}

/** Batches count as built that have succeeded, as far as their time has come; a sample of their rows is not them. */
function intervalChange(
  { planned, isIncremental, context }: Batching,
  results: readonly BatchResult[],
): IntervalChange {
  const { empty, sample } = context.renderScope
  const succeeded = results.filter(({ status }) => status === 'success')
  const built = succeeded.map(({ start, end }) => ({ from: start, to: end }))
  const past = { from: built[0]?.from ?? planned.now, to: planned.now }
  return {
    anew: !isIncremental,
    built: empty || sample ? [] : commonIntervals(built, [past]),
    fingerprint: planned.fingerprint,
    ...(planned.assumed && { unknown: planned.assumed }),
  }
}
