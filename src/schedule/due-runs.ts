import type { Dag } from '../core/dag.ts'
import { dueInstants, isWithin } from './due-instants.ts'
import type { Timetable } from './timetable.ts'

/*
 * Which instants of a DAG are fired now. Those that came while somebody was there to fire them are fired, each of them,
 * also when the warehouse was away or one scheduler took over from another for a moment. Those that went by unseen
 * (nobody was there, or the DAG was paused) are fired as its catchup says.
 *
 *     ├──── fired ────┤──────── missed ────────┤──── seen ────┤
 *                 firedUpTo               missedUpTo         now
 */

/** Whoever takes over within this time fires what came meanwhile, as if nobody had been away. */
export const takeOverMs = 5 * 60_000

/** More of one DAG are not fired at once; the rest comes with the next look. */
const mostAtOnce = 500

/** What of a DAG's schedule is due. */
export interface DueRuns {
  readonly instants: readonly number[]
  /** Up to where the schedule is fired with these. */
  readonly firedUpTo: number
  /** Whether the rest is due as well. */
  readonly hasMore: boolean
}

/** How far the schedule of a DAG has come. */
export interface ScheduleStanding {
  readonly firedUpTo: number
  /** When it was resumed; null where it was never paused. */
  readonly resumedAt: number | null
  /** Since when whoever asks is there to fire. */
  readonly watchedSince: number
}

/** Decides what is fired at a moment. */
export function dueRuns(
  dag: Pick<Dag, 'catchup' | 'startDate' | 'endDate'>,
  timetable: Timetable,
  { firedUpTo, resumedAt, watchedSince }: ScheduleStanding,
  now: number,
): DueRuns {
  const missedUpTo = Math.min(
    now,
    Math.max(firedUpTo, resumedAt ?? firedUpTo, Math.min(watchedSince, now - takeOverMs)),
  )
  const from = dag.catchup === 'all' ? firedUpTo : missedUpTo
  const instants: number[] = []
  const isOwn = (instant: number): boolean => {
    const start = timetable.previous(instant) ?? instant
    return isWithin(dag, new Date(start).toISOString())
  }
  if (dag.catchup === 'latest' && missedUpTo > firedUpTo) {
    const latest = timetable.previous(missedUpTo + 1)
    if (latest !== null && latest > firedUpTo && isOwn(latest)) instants.push(latest)
  }
  for (const instant of dueInstants(timetable, from, now)) {
    if (instants.length >= mostAtOnce) return { instants, firedUpTo: instants.at(-1)!, hasMore: true }
    if (isOwn(instant)) instants.push(instant)
  }
  return { instants, firedUpTo: Math.max(now, firedUpTo), hasMore: false }
}

/** From where on a DAG is fired that is seen for the first time. */
export function firstFiredUpTo({ startDate }: Pick<Dag, 'startDate'>, now: Date): string {
  return startDate ?? now.toISOString()
}
