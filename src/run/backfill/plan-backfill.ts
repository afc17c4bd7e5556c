import {
  commonIntervals,
  type Interval,
  interval,
  normalIntervals,
  withoutIntervals,
} from '../../core/intervals.ts'
import type { ModelNode, NodeId } from '../../core/node.ts'
import type { Plan, Step } from '../../core/plan.ts'
import { makeProblem, type Problem, ProblemError } from '../../core/problem.ts'
import {
  type BatchSize,
  ceiling,
  cutIntoBatches,
  isEdge,
  offset,
  truncate,
  wholeBatches,
} from '../batches.ts'
import { isFlaw, type TimePartition, timePartition } from '../intervals/time-partition.ts'

/*
 * Planning a backfill: which batches of which models are built, from what the ledgers say, and how many of them are
 * published at once. It has no effects, and carrying it out does nothing else than what it says.
 */

/** What somebody wants backfilled. */
export interface BackfillOptions {
  /** Where the times begin; without it where each model does. */
  readonly from?: Date
  /** Where they end, which is not part of them; without it where the last batch ended that is over. */
  readonly to?: Date
  /** Whether also what this version of a model has built already is built again. */
  readonly force: boolean
  /** How many batches of a model are published at once; without it all of them. */
  readonly publishEvery?: number
  readonly now: Date
}

export interface BackfillPlan {
  /** In an order in which each model comes after those that it reads. */
  readonly models: readonly ModelBackfill[]
  /** Selected models that are not built by time, which a backfill leaves as they are. */
  readonly others: readonly NodeId[]
}

export interface ModelBackfill {
  readonly nodeId: NodeId
  readonly grain: BatchSize
  /** Whether each batch reads what those before it have made. */
  readonly inOrder: boolean
  /** The times that were asked for, as far as the model has them; null for none. */
  readonly asked: Interval | null
  /** What is built. */
  readonly due: readonly Interval[]
  /** What is not built again: this version of the model has built it. */
  readonly done: readonly Interval[]
  readonly chunks: readonly BackfillChunk[]
}

/** Batches that are published at once. */
export interface BackfillChunk {
  readonly intervals: readonly Interval[]
  readonly batches: number
}

/** Plans a backfill from the steps that a run of the selected models would have; refuses what cannot be done. */
export function planBackfill(
  steps: Plan['steps'],
  models: ReadonlyMap<NodeId, ModelNode>,
  options: BackfillOptions,
): BackfillPlan {
  const { from, to } = options
  if (from && to && from >= to)
    refuse([usage(`--from ${written(from)} is not before --to ${written(to)}`, 'the end is not part of it')])
  const timed = steps.flatMap((step) => {
    const node = models.get(step.nodeId)
    const partition = node && partitionOf(node)
    return partition ? [{ step, node, partition }] : []
  })
  if (timed.length === 0)
    refuse([
      usage(
        'none of the selected models is built by time',
        'a backfill works on incremental models with strategy microbatch or time_range',
      ),
    ])
  refuse(timed.flatMap(({ node, partition }) => edgeProblems(node, partition, options)))
  refuse(timed.flatMap(({ step, node }) => wholeProblems(step, node)))
  return {
    models: timed.map(({ step, partition }) => planModel(step, partition, options)),
    others: [...models.keys()].filter((id) => !timed.some(({ node }) => node.id === id)),
  }
}

function planModel(step: Step, partition: TimePartition, options: BackfillOptions): ModelBackfill {
  const { grain, batchSize, begin } = partition
  const { force, publishEvery, now, from, to } = options
  const last = to ? earlier(to, ceiling(now, grain)) : truncate(now, grain)
  const [asked] = normalIntervals([interval(later(from ?? begin, truncate(begin, grain)), last)])
  const { ledger, fingerprint } = step.intervals!
  const whole = asked ? wholeBatches([asked], grain) : []
  const own = force ? [] : ledger.filter((one) => one.fingerprint === fingerprint)
  const due = commonIntervals(whole, wholeBatches(withoutIntervals(whole, own), grain))
  const batches = cutIntoBatches(due, batchSize, grain).map(({ start, end }) => interval(start, end))
  return {
    nodeId: step.nodeId,
    grain,
    inOrder: !partition.concurrent,
    asked: whole[0] ?? null,
    due,
    done: withoutIntervals(whole, due),
    chunks: inChunks(batches, publishEvery ?? batches.length),
  }
}

function inChunks(batches: readonly Interval[], size: number): BackfillChunk[] {
  const count = Math.ceil(batches.length / Math.max(1, size))
  return Array.from({ length: count }, (_, number) => {
    const chunk = batches.slice(number * size, (number + 1) * size)
    return { intervals: normalIntervals(chunk), batches: chunk.length }
  })
}

/** What a model says of its times; null for one that is not built by time. */
function partitionOf(node: ModelNode): TimePartition | null {
  const read = timePartition(node)
  if (!read || !isFlaw(read)) return read
  throw new ProblemError(makeProblem('config-invalid', read.message, { place: node.place, hint: read.hint }))
}

/** Half a batch cannot be built. */
function edgeProblems(
  { name }: ModelNode,
  { grain }: TimePartition,
  { from, to }: BackfillOptions,
): Problem[] {
  const given = { '--from': from, '--to': to }
  return Object.entries(given).flatMap(([flag, time]) => {
    if (!time || isEdge(time, grain)) return []
    const [before, after] = [truncate(time, grain), offset(time, grain, 1)]
    return usage(
      `${flag} ${written(time)} lies within ${articles[grain]} ${grain}, and ${name} is built by the ${grain}`,
      `the nearest edges are ${written(before)} and ${written(after)} (all times are UTC)`,
    )
  })
}

const articles: Readonly<Record<BatchSize, string>> = { hour: 'an', day: 'a', month: 'a', year: 'a' }

/** Where a run would build a table anew, some of its times cannot be built beside what the table holds. */
function wholeProblems({ action, change, reason }: Step, { name }: ModelNode): Problem[] {
  if (action !== 'build' || change?.kind === 'new') return []
  return [
    makeProblem('backfill-refused', `${name} cannot be built in part: ${reason}`, {
      hint: `build all of it: estimand run --select ${name}`,
    }),
  ]
}

function usage(message: string, hint: string): Problem {
  return makeProblem('usage', message, { hint })
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new ProblemError(problems)
}

/** `2026-01-31`, or `2026-01-31 05:30` where it is not midnight. */
function written(time: Date): string {
  const [date, clock] = time.toISOString().split('T') as [string, string]
  return clock.startsWith('00:00:00.000')
    ? date
    : `${date} ${clock.slice(0, clock.startsWith('00', 6) ? 5 : 8)}`
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b
}

function later(a: Date, b: Date): Date {
  return a > b ? a : b
}
