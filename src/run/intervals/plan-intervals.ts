import {
  type BuiltInterval,
  commonIntervals,
  type Interval,
  interval,
  normalIntervals,
  type PlannedIntervals,
  withoutIntervals,
} from '../../core/intervals.ts'
import { ceiling, offset, truncate, wholeBatches } from '../batches.ts'
import type { TimePartition } from './time-partition.ts'

/*
 * What a run builds of a model that is built by time: what nobody has built between the model's begin and the run's
 * end, the newest batches again, and what an older version built where the model asks for it. Times that somebody names
 * are built as named, whatever the ledger says.
 */

export interface IntervalsRequest {
  readonly partition: TimePartition
  /** What is known of the table; null where nothing is. */
  readonly ledger: readonly BuiltInterval[] | null
  /** The version of the model now. */
  readonly fingerprint: string
  /** Whether the table is there and carried on. */
  readonly isIncremental: boolean
  readonly now: Date
  /** Times from the command line. */
  readonly from?: Date
  readonly to?: Date
  /** Exactly what to build, where another command has chosen it. */
  readonly chosen?: readonly Interval[]
}

/** Plans the times of a model; throws nothing and knows no clock. */
export function planIntervals(request: IntervalsRequest): PlannedIntervals {
  const { partition, fingerprint, now, chosen } = request
  const { grain, begin, onChange } = partition
  const first = truncate(begin, grain)
  const end = ceiling(request.to ?? now, grain)
  const window = newestBatches(request, first, end)
  const assumed = request.isIncremental && !request.ledger ? assumedInterval(request, first, window) : null
  const ledger = request.isIncremental ? (request.ledger ?? []) : []
  const known = assumed ? [{ ...assumed, fingerprint: null }] : ledger
  // A batch that is not over yet can be built, but not be done with.
  const wanted = [interval(first, end < now ? end : now)]
  const ofVersion = (isMeant: (version: string | null) => boolean): Interval[] =>
    known.filter((one) => isMeant(one.fingerprint))
  const missing = wholeBatches(withoutIntervals(wanted, known), grain)
  const old = ofVersion((version) => version !== null && version !== fingerprint)
  const stale = wholeBatches(commonIntervals(wanted, old), grain)
  const rebuilt = onChange === 'rebuild' ? stale : []
  const isNamed = chosen !== undefined || request.from !== undefined
  const due = dueIntervals(request, window, [...missing, ...rebuilt])
  return {
    grain,
    fingerprint,
    now: now.toISOString(),
    begin: first.toISOString(),
    onChange,
    due,
    missing,
    stale,
    unknown: commonIntervals(
      wanted,
      ofVersion((version) => version === null),
    ),
    again: isNamed || !request.isIncremental ? [] : withoutIntervals([window], [...missing, ...rebuilt]),
    isNamed,
    keepsNewer: request.from === undefined,
    ledger: known,
    ...(assumed && { assumed }),
  }
}

/** The running batch and as many before it as lookback says; dbt builds these, and no others. */
function newestBatches({ partition }: IntervalsRequest, first: Date, end: Date): Interval {
  const { grain, lookback, strategy } = partition
  // The end is a batch's edge, so the newest batch is the one before it.
  const start = offset(end, grain, -(lookback + 1))
  // In dbt the batches of lookback may come before the model's beginning.
  return interval(strategy === 'time_range' && start < first ? first : start, end)
}

/** Without a ledger the table is taken for complete, up to where dbt would go on with it. */
function assumedInterval(
  { now, from, chosen }: IntervalsRequest,
  first: Date,
  window: Interval,
): Interval | null {
  const to = from || chosen ? now.toISOString() : window.from
  return first.toISOString() < to ? { from: first.toISOString(), to } : null
}

function dueIntervals(
  request: IntervalsRequest,
  window: Interval,
  undone: readonly Interval[],
): readonly Interval[] {
  const { partition, from, chosen, isIncremental } = request
  if (chosen) return normalIntervals(chosen)
  const end = new Date(window.to)
  if (from) return normalIntervals([interval(truncate(from, partition.grain), end)])
  if (!isIncremental) return normalIntervals([interval(truncate(partition.begin, partition.grain), end)])
  return normalIntervals([window, ...undone])
}

/** Whether a run builds again all that older versions have built: then the table may as well be made anew. */
export function isAllRebuilt({ onChange, stale, due, isNamed, ledger }: PlannedIntervals): boolean {
  if (onChange !== 'rebuild' || isNamed || stale.length === 0) return false
  return withoutIntervals(ledger, due).length === 0
}

/** Times that are in the table and not built by this run, although they come after some that are. */
export function hasLaterRows({ due, ledger }: PlannedIntervals): boolean {
  const [first] = due
  if (!first) return false
  return withoutIntervals(ledger, due).some(({ to }) => to > first.to)
}
