import type { Dag } from '../core/dag.ts'
import type { DagTemplateValues } from '../core/dag-template.ts'
import { dayMs, dayOfWall, makeTimeZone } from '../core/time-zone.ts'

/** What the templates of a DAG stand for in one of its runs. */
export function templateValues(
  { name, schedule, startDate }: Pick<Dag, 'name' | 'schedule' | 'startDate'>,
  run: { readonly dagRunId: string; readonly intervalStart: string; readonly intervalEnd: string },
): DagTemplateValues {
  const zone = makeTimeZone(schedule?.timezone ?? 'UTC')
  const dayOf = (instant: string): number => {
    const time = Date.parse(instant)
    return dayOfWall(time + zone.offsetAt(time))
  }
  const written = (day: number): string => new Date(day).toISOString().slice(0, 10)
  const ds = written(dayOf(run.intervalStart))
  return {
    ds,
    ds_nodash: ds.replaceAll('-', ''),
    next_ds: written(dayOf(run.intervalEnd)),
    data_interval_start: run.intervalStart,
    data_interval_end: run.intervalEnd,
    days: startDate === null ? 0 : Math.round((dayOf(run.intervalEnd) - dayOf(startDate)) / dayMs),
    run_id: run.dagRunId,
    dag: name,
  }
}
