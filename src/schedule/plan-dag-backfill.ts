import type { Dag, DagInterval } from '../core/dag.ts'
import type { DagRunStatus } from '../core/dag-run.ts'
import { dueInstants, intervalOf, isWithin } from './due-instants.ts'
import type { Timetable } from './timetable.ts'

/*
 * A backfill of a DAG: one run for each data interval of a range, or for so many of them together. What a run has done
 * already is left out, and what one is at work on is waited for, so that the same command goes on with what is left.
 */

/** A run that speaks about a stretch of the range. */
export interface KnownRun {
  readonly dagRunId: string
  readonly intervalStart: string
  readonly intervalEnd: string
  readonly status: DagRunStatus
}

/** What a backfill would do. */
export interface DagBackfillPlan {
  readonly dag: string
  /** The runs to be made. */
  readonly due: readonly DagInterval[]
  /** Runs that are queued or at work already. */
  readonly atWork: readonly KnownRun[]
  /** Intervals that a run has succeeded for. */
  readonly done: readonly DagInterval[]
}

export interface DagBackfillOptions {
  readonly from: string
  /** Not part of it. */
  readonly to: string
  /** So many intervals make one run. */
  readonly batch: number
  /** Also what has been done. */
  readonly force: boolean
}

/** Plans a backfill; without a timetable an interval is a day. */
export function planDagBackfill(
  dag: Pick<Dag, 'name' | 'startDate' | 'endDate'>,
  timetable: Timetable,
  known: readonly KnownRun[],
  { from, to, batch, force }: DagBackfillOptions,
): DagBackfillPlan {
  const all: DagInterval[] = []
  for (const instant of dueInstants(timetable, Date.parse(from), Date.parse(to))) {
    const interval = intervalOf(timetable, instant)
    if (interval.start >= from && isWithin(dag, interval.start)) all.push(interval)
  }
  const isCovered = ({ start, end }: DagInterval, runs: readonly KnownRun[]): boolean =>
    runs.some(({ intervalStart, intervalEnd }) => intervalStart <= start && end <= intervalEnd)
  const atWork = known.filter(({ status }) => status === 'queued' || status === 'running')
  const succeeded = force ? [] : known.filter(({ status }) => status === 'success')
  const left = all.filter((interval) => !isCovered(interval, [...atWork, ...succeeded]))
  return {
    dag: dag.name,
    due: batched(left, batch),
    atWork,
    done: all.filter((interval) => isCovered(interval, succeeded)),
  }
}

/** Neighbours make one; what lies on both sides of a gap does not. */
function batched(intervals: readonly DagInterval[], size: number): DagInterval[] {
  const batches: DagInterval[] = []
  let count = 0
  for (const { start, end } of intervals) {
    const last = batches.at(-1)
    if (last && last.end === start && count < size) {
      batches[batches.length - 1] = { start: last.start, end }
      count++
    } else {
      batches.push({ start, end })
      count = 1
    }
  }
  return batches
}
