import { type SQLQuery, sql } from '../src/warehouse/index.ts'
import {
  dateAfter,
  eventTables,
  experimentDates,
  metricNames,
  preDays,
  type WorldSize,
} from './experiment-world.ts'

/*
 * What a tool asks that reads events for every experiment anew, written by us in the shape of GrowthBook's queries:
 * exposures, units with their first one and whether they were in several arms, the rows of a table of events joined to
 * them with the window by CASE, totals by unit, then sums, squares and cross products by variation.
 */

/** A row of a peer's result. */
export interface PeerSums {
  readonly experiment: string
  readonly row: Readonly<Record<string, unknown>>
}

/** The queries of one experiment: one for each table of events, and the one for traffic. */
export function groupedQueries(experiment: number, size: WorldSize): SQLQuery[] {
  return [
    ...eventTables.map((_, table) => query(experiment, table, metricNames[table]!, size)),
    traffic(experiment, size),
  ]
}

/** The query of one metric. */
export function perMetricQuery(experiment: number, metric: string, size: WorldSize): SQLQuery {
  return query(
    experiment,
    metricNames.findIndex((names) => names.includes(metric)),
    [metric],
    size,
  )
}

function exposures(experiment: number, size: WorldSize): string {
  const { start } = experimentDates(experiment, size)
  return `
    raw_exposures as (
      select user_id, variant, exposed_at as at from bench.exposures
      where experiment_id = 'experiment_${experiment}' and exposed_at >= timestamptz '${start} 00:00:00+00'
        and exposed_at < timestamptz '${dateAfter(size.days)} 00:00:00+00'),
    units as (
      select user_id, case when count(distinct variant) > 1 then '__multiple__' else max(variant) end as variation,
        min(at) as first_exposure
      from raw_exposures group by user_id)`
}

function query(experiment: number, table: number, metrics: readonly string[], size: WorldSize): SQLQuery {
  const day = "(u.first_exposure at time zone 'UTC')::date"
  const inWindow = `(m.event_time at time zone 'UTC')::date >= ${day}`
  const before = `(m.event_time at time zone 'UTC')::date < ${day}
          and (m.event_time at time zone 'UTC')::date >= ${day} - ${preDays}`
  const perUser = metrics.flatMap((name) => [
    `sum(case when ${inWindow} then m.${name} else 0 end)::float8 as ${name}`,
    `sum(case when ${before} then m.${name} else 0 end)::float8 as ${name}_before`,
  ])
  const sums = metrics.flatMap((name) => [
    `sum(coalesce(t.${name}, 0)) as ${name}_sum`,
    `sum(power(coalesce(t.${name}, 0), 2)) as ${name}_sum_squares`,
    `sum(coalesce(t.${name}_before, 0)) as ${name}_before_sum`,
    `sum(power(coalesce(t.${name}_before, 0), 2)) as ${name}_before_sum_squares`,
    `sum(coalesce(t.${name}, 0) * coalesce(t.${name}_before, 0)) as ${name}_sum_product`,
  ])
  const { start } = experimentDates(experiment, size)
  return sql.__dangerous__rawValue(`
    with ${exposures(experiment, size)},
    facts as (
      select user_id, event_time, ${metrics.join(', ')} from ${eventTables[table]!}
      where event_time >= timestamptz '${start} 00:00:00+00' - interval '${preDays} days'
        and event_time < timestamptz '${dateAfter(size.days)} 00:00:00+00'),
    totals as (
      select u.variation, u.user_id, ${perUser.join(',\n        ')}
      from units as u left join facts as m on m.user_id = u.user_id
      group by u.variation, u.user_id)
    select t.variation, count(*) as users, ${sums.join(',\n      ')}
    from totals as t group by t.variation`)
}

function traffic(experiment: number, size: WorldSize): SQLQuery {
  return sql.__dangerous__rawValue(`
    with ${exposures(experiment, size)}
    select variation, (first_exposure at time zone 'UTC')::date as day, count(*) as units
    from units group by 1, 2`)
}
