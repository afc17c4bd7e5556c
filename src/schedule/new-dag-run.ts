import type { Dag } from '../core/dag.ts'
import type { AwaitedRun, NewDagRun } from '../store/dags/index.ts'
import { intervalOf } from './due-instants.ts'
import type { Timetable } from './timetable.ts'

/** Gives the timetable of a DAG by its name; null where it has no schedule, or is not there. */
export type TimetableOf = (dag: string) => Timetable | null

/** The run that an instant of a DAG's schedule fires. */
export function scheduledRun(
  dag: Dag,
  timetable: Timetable,
  instant: number,
  dagRunId: string,
  timetableOf: TimetableOf,
): NewDagRun {
  const { start, end } = intervalOf(timetable, instant)
  return {
    ...{ dagRunId, dag, cause: 'schedule', occasion: `schedule ${end}`, instant: end },
    ...{ intervalStart: start, intervalEnd: end, waitsFor: awaitedRuns(dag, end, timetableOf) },
  }
}

/** Which runs of other DAGs one waits for: those of their last instants at or before its own. */
export function awaitedRuns(
  { dependsOn }: Pick<Dag, 'dependsOn'>,
  intervalEnd: string,
  timetableOf: TimetableOf,
): AwaitedRun[] {
  return dependsOn.map(({ dag, on }) => {
    const last = timetableOf(dag)?.previous(Date.parse(intervalEnd) + 1) ?? null
    return { dag, on, intervalEnd: last === null ? null : new Date(last).toISOString() }
  })
}

/**
 * The data interval of a run that people start: the last that is over, as the schedule would have it; without one the
 * day that is over.
 */
export function intervalBefore(timetable: Timetable | null, now: Date) {
  const last = timetable?.previous(now.getTime() + 1) ?? null
  if (timetable && last !== null) return intervalOf(timetable, last)
  const today = Math.floor(now.getTime() / dayMs) * dayMs
  return { start: new Date(today - dayMs).toISOString(), end: new Date(today).toISOString() }
}

const dayMs = 86_400_000
