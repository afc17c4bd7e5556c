import type { Dag, DagInterval, DagSchedule } from '../core/dag.ts'
import { makeTimetable, type Timetable } from './timetable.ts'

/*
 * Which instants are due, and what stretch of time the run of each speaks about. A run fires at the end of its data
 * interval: that of the instant at 02:00 today began with the instant at 02:00 yesterday.
 */

/** The next instants after one, at most `count`. */
export function nextInstants(schedule: DagSchedule, after: Date, count: number): Date[] {
  const timetable = makeTimetable(schedule)
  const instants: Date[] = []
  let from: number | null = after.getTime()
  while (instants.length < count) {
    from = timetable.next(from)
    if (from === null) break
    instants.push(new Date(from))
  }
  return instants
}

/** The instants in (from, to]: those that came due since `from` was looked at. */
export function instantsBetween(schedule: DagSchedule, from: Date, to: Date): Date[] {
  return [...dueInstants(makeTimetable(schedule), from.getTime(), to.getTime())].map((due) => new Date(due))
}

/** The same one after the other, of a timetable that is at hand. */
export function* dueInstants(timetable: Timetable, from: number, to: number): Generator<number> {
  for (let due = timetable.next(from); due !== null && due <= to; due = timetable.next(due)) yield due
}

/** The data interval of the run that fires at an instant. */
export function intervalOf(timetable: Timetable, instant: number): DagInterval {
  const start = timetable.previous(instant) ?? instant
  return { start: new Date(start).toISOString(), end: new Date(instant).toISOString() }
}

/**
 * Whether a DAG runs at all for an interval. What began before its first day, or begins after its last, is none of its
 * own; an interval that the first day cuts is whole or not there, as in Airflow.
 */
export function isWithin({ startDate, endDate }: Pick<Dag, 'startDate' | 'endDate'>, start: string): boolean {
  return (startDate === null || start >= startDate) && (endDate === null || start < endDate)
}
