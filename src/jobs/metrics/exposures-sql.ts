import type { Relation } from '../../core/node.ts'
import { relationIdent, type SQLQuery, sql, sqlLiteral, unsafeSql } from '../../warehouse/index.ts'
import type { PlannedExperiment } from './metrics-plan.ts'
import {
  asOfInstant,
  type ColumnTypes,
  dateOf,
  dayOfInstant,
  instantLiteral,
  instantOf,
  whole,
} from './source-sql.ts'

/*
 * Who was exposed to what, and when first. A relation that holds the exposures of several experiments is read once.
 */

/** Exposures that are read together: of one relation, with the same columns. */
export interface ExposureReading {
  readonly experiments: readonly { readonly number: number; readonly experiment: PlannedExperiment }[]
}

/** Groups experiments by what they read. */
export function exposureReadings(experiments: readonly PlannedExperiment[]): ExposureReading[] {
  const readings = new Map<string, ExposureReading['experiments'][number][]>()
  for (const [number, experiment] of experiments.entries()) {
    const { data, strata, segments, cluster } = experiment
    const { ref, unit, arm, time } = data
    const column = data.experiment?.column ?? null
    const key = JSON.stringify([ref, unit, arm, time, column, strata, segments, cluster])
    readings.set(key, [...(readings.get(key) ?? []), { number, experiment }])
  }
  return [...readings.values()].map((together) => ({ experiments: together }))
}

/** From what instant on exposures are read: those before are settled. */
export interface ExposureTimes {
  /** First day, or null for all. */
  readonly fromDay: number | null
  readonly asOf: string
}

/**
 * One row per experiment, unit and arm with the first exposure of them. Rows without unit, arm or time are none, nor
 * are those before the start of the experiment and from its end on.
 */
export function seenQuery(
  { experiments }: ExposureReading,
  relation: Relation,
  types: ColumnTypes,
  unitType: string,
  times: ExposureTimes,
): SQLQuery {
  const [{ experiment }] = experiments as readonly [ExposureReading['experiments'][number]]
  const { data, strata, segments, cluster } = experiment
  const timeColumn = sql`r.${sql.ident(data.time)}`
  const timeType = types.get(data.time)
  const instant = (iso: string): SQLQuery => sql`${sqlLiteral(asOfInstant(iso))}::timestamptz`
  const entries = experiments.map(
    ({ number, experiment: { data: each } }) => sql`(
      ${whole(number)}, ${each.experiment ? sqlLiteral(each.experiment.value) : sql`null`}::text,
      ${instant(each.start)}, ${instant(each.end)})`,
  )
  const key = data.experiment ? sql`r.${sql.ident(data.experiment.column)}::text = e.value and` : sql``
  const from = times.fromDay === null ? sql`` : sql`and ${timeColumn} >= ${dayStart(times.fromDay, timeType)}`
  const unit = sql`r.${sql.ident(data.unit)}::${unsafeSql(unitType)}`
  const source = sql`
    from ${relationIdent(relation)} as r
    inner join (values ${sql.join(entries, sql`, `)}) as e (number, value, starts, ends)
      on ${key} ${instantOf(timeColumn, timeType)} >= e.starts and ${instantOf(timeColumn, timeType)} < e.ends
    where r.${sql.ident(data.unit)} is not null and r.${sql.ident(data.arm)} is not null
      and ${timeColumn} < ${instantLiteral(asOfInstant(times.asOf), timeType)} ${from}`
  const extras = [...strata, ...segments, ...(cluster === undefined ? [] : [cluster])]
  if (extras.length === 0)
    return sql`
      select e.number as experiment_number, ${unit} as unit, r.${sql.ident(data.arm)}::text as arm,
        min(${instantOf(timeColumn, timeType)}) as at, null::text as stratum, null::text as cluster,
        null::jsonb as segments
      ${source}
      group by 1, 2, 3`
  const columns = [...new Set(extras)]
  const named = columns.map(
    (name, index) => sql`r.${sql.ident(name)}::text as ${sql.ident(`extra_${index}`)}`,
  )
  const extra = (name: string): SQLQuery => sql`${sql.ident(`extra_${columns.indexOf(name)}`)}`
  const orderBy = columns.map((_, index) => sql`${sql.ident(`extra_${index}`)}`)
  return sql`
    select experiment_number, unit, arm, at, ${stratumOf(strata.map(extra))} as stratum,
      ${cluster === undefined ? sql`null::text` : extra(cluster)} as cluster,
      ${segmentsOf(segments, extra)} as segments
    from (
      select distinct on (1, 2, 3) e.number as experiment_number, ${unit} as unit,
        r.${sql.ident(data.arm)}::text as arm, ${instantOf(timeColumn, timeType)} as at,
        ${sql.join(named, sql`, `)}
      ${source}
      order by 1, 2, 3, 4, ${sql.join(orderBy, sql`, `)}) as first_seen`
}

/** The same where there is no experiment. */
export function noExposures(unitType: string): SQLQuery {
  return sql`
    select null::int as experiment_number, null::${unsafeSql(unitType)} as unit, null::text as arm,
      null::timestamptz as at, null::text as stratum, null::text as cluster, null::jsonb as segments
    where false`
}

function dayStart(day: number, type: string | undefined): SQLQuery {
  return instantLiteral(`${new Date(day * 86_400_000).toISOString()}`, type)
}

/** One text for all strata columns; a unit without one is in a stratum of its own. */
function stratumOf(columns: readonly SQLQuery[]): SQLQuery {
  if (columns.length === 0) return sql`null::text`
  const known = columns.map((column) => sql`coalesce(${column}, '(none)')`)
  return sql.join(known, sql` || ' / ' || `)
}

function segmentsOf(segments: readonly string[], extra: (name: string) => SQLQuery): SQLQuery {
  if (segments.length === 0) return sql`null::jsonb`
  const pairs = segments.map((name) => sql`${sqlLiteral(name)}, ${extra(name)}`)
  return sql`jsonb_build_object(${sql.join(pairs, sql`, `)})`
}

/** The experiments' own facts as rows: `experiment_number, experiment, skip, end_day, ends_at, last_day, excludes`. */
export function experimentRows(experiments: readonly PlannedExperiment[]): SQLQuery {
  if (experiments.length === 0)
    return sql`(select null::int, null::text, 0, 0, null::timestamptz, 0, false where false) as e
    (experiment_number, experiment, skip, end_day, ends_at, last_day, excludes)`
  const rows = experiments.map(
    ({ name, skip, endDay, lastDay, data }, number) => sql`(
      ${whole(number)}, ${sqlLiteral(name)}::text, ${whole(skip)}, ${whole(endDay)},
      ${sqlLiteral(asOfInstant(data.end))}::timestamptz, ${whole(lastDay)},
      ${data.crossovers === 'exclude' ? sql`true` : sql`false`})`,
  )
  return sql`(values ${sql.join(rows, sql`, `)}) as e
    (experiment_number, experiment, skip, end_day, ends_at, last_day, excludes)`
}

/** What makes a group, as one text that is never null. */
const groupKey: SQLQuery = sql`jsonb_build_array(experiment, arm, stratum, segments)::text`

/**
 * Units whose first exposure is among those seen, with the day from which on they are known to have been in a second
 * arm; those that `known` has already are left out.
 */
export function firstExposuresQuery(
  seen: Relation,
  experiments: readonly PlannedExperiment[],
  known: SQLQuery | null,
): SQLQuery {
  return sql`
    select experiment_number, unit, at as exposed_at, ${dayOfInstant(sql`at`)} as exposed_day,
      ${dayOfInstant(sql`crossed_at`)} as crossed_day, cluster, ${groupKey} as group_key
    from (
      select s.*, e.experiment, lead(s.at) over w as crossed_at, row_number() over w as nth
      from ${relationIdent(seen)} as s
      inner join ${experimentRows(experiments)} on s.experiment_number = e.experiment_number
      window w as (partition by s.experiment_number, s.unit order by s.at, s.arm)) as ranked
    where nth = 1 ${
      known
        ? sql`and not exists (select from ${known} as k where k.experiment = ranked.experiment and k.unit = ranked.unit)`
        : sql``
    }`
}

/** Known units that were seen in another arm, with the day. */
export function crossingsQuery(
  seen: Relation,
  experiments: readonly PlannedExperiment[],
  known: SQLQuery,
): SQLQuery {
  return sql`
    select k.group_id, k.unit, min(${dayOfInstant(sql`s.at`)}) as crossed_day
    from ${relationIdent(seen)} as s
    inner join ${experimentRows(experiments)} on s.experiment_number = e.experiment_number
    inner join ${known} as k on k.experiment = e.experiment and k.unit = s.unit
    where k.arm <> s.arm
    group by 1, 2`
}

/** All groups with a number each, those that were there keep theirs, and the day up to which they are settled. */
export function groupsQuery(
  seen: Relation,
  experiments: readonly PlannedExperiment[],
  previous: Relation | null,
  settles: number,
): SQLQuery {
  const columns = sql`experiment, arm, stratum, segments`
  const settled = sql`${dateOf(whole(settles))} as settled_day`
  const found = sql`
    select distinct ${groupKey} as group_key, ${columns}
    from ${relationIdent(seen)} as s
    inner join ${experimentRows(experiments)} on s.experiment_number = e.experiment_number`
  if (!previous)
    return sql`select (row_number() over (order by group_key))::int as group_id, found.*, ${settled} from (${found}) as found`
  return sql`
    select group_id, ${groupKey} as group_key, ${columns}, ${settled} from ${relationIdent(previous)}
    union all
    select (coalesce((select max(group_id) from ${relationIdent(previous)}), 0)
        + row_number() over (order by group_key))::int, found.*, ${settled}
    from (${found}) as found
    where group_key not in (select ${groupKey} from ${relationIdent(previous)})`
}
