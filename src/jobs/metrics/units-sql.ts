import type { Relation } from '../../core/node.ts'
import { relationIdent, type SQLQuery, sql } from '../../warehouse/index.ts'
import { stepColumn } from './funnel-sql.ts'
import type { MetricsPlan, PlannedMetric } from './metrics-plan.ts'
import { covariateColumn, isDaily, measureColumn } from './running-sql.ts'
import { dateOf, dayNumber, whole } from './source-sql.ts'
import { isPlain } from './spans-sql.ts'
import {
  covariateValue,
  isQuantileCap,
  type NumberedVariable,
  rawTotal,
  valueAt,
  variablesOf,
  workColumn,
} from './values-sql.ts'

/*
 * The units of experiments: as they are published, and as they are worked on: with day numbers, settled totals and
 * covariates by number.
 */

/** The last refresh, as it is published. */
export interface PreviousRefresh {
  readonly units: Relation
  readonly groups: Relation
  readonly settledDay: number
  /** Names of its units' columns. */
  readonly columns: ReadonlySet<string>
}

/** Columns of every unit whatever the metrics. */
export const unitColumns = [
  'experiment',
  'unit',
  'arm',
  'exposed_at',
  'exposed_day',
  'crossed_day',
  'counted',
  'stratum',
  'cluster',
  'segments',
  'group_id',
] as const

/** The column in which the settled number of rows with unusable values is kept. */
function unusableColumn({ variable }: NumberedVariable): string {
  return `${variable.column}__unusable`
}

/** All columns of the published units that hold numbers or times of metrics. */
export function metricColumns(plan: MetricsPlan): string[] {
  return plan.metrics.flatMap((metric) => [
    ...variablesOf(plan)
      .filter((entry) => plan.metrics[entry.metric] === metric)
      .flatMap(({ variable, ...entry }) => [
        variable.column,
        ...(variable.covariate ? [variable.covariate.column] : []),
        ...(variable.showsSettled || variable.measure === null ? [] : [variable.settledColumn]),
        ...(variable.unusable === null ? [] : [unusableColumn({ variable, ...entry })]),
      ]),
    ...metric.stepColumns,
  ])
}

/** Those of the known units of which exposures were seen again. */
export function seenAgainQuery(previous: PreviousRefresh, seen: Relation): SQLQuery {
  return sql`
    select k.experiment, k.unit, k.arm, k.group_id from ${knownUnits(previous)} as k
    where exists (select from ${relationIdent(seen)} as s where s.unit = k.unit)`
}

/** Known units: those that were exposed on settled days. */
export function knownUnits({ units, settledDay }: PreviousRefresh): SQLQuery {
  return sql`(
    select * from ${relationIdent(units)}
    where exposed_day <= ${dateOf(whole(settledDay))})`
}

/** The units that a refresh works on: new ones, and those of the last refresh as they were when all was settled. */
export function workQuery(
  plan: MetricsPlan,
  fresh: Relation,
  previous: { readonly refresh: PreviousRefresh; readonly crossings: Relation | null } | null,
): SQLQuery {
  const names = [
    ...variablesOf(plan).flatMap((entry) => workColumns(entry)),
    ...plan.metrics.flatMap((metric, index) => metric.stepColumns.map((_, step) => stepColumn(index, step))),
  ]
  const shared = sql`unit, group_id, exposed_at, exposed_day, crossed_day, cluster`
  const list = names.length === 0 ? sql`` : sql`, ${sql.join(names, sql`, `)}`
  const ofFresh = sql`select ${shared}${list} from ${relationIdent(fresh)}`
  if (!previous) return sql`(${ofFresh})`
  return sql`(${ofFresh} union all ${previousUnits(plan, previous.refresh, previous.crossings)})`
}

function workColumns({ number, variable }: NumberedVariable): SQLQuery[] {
  return [
    ...(variable.measure === null ? [] : [workColumn.settled(number)]),
    ...(variable.unusable === null ? [] : [workColumn.unusable(number)]),
    ...(variable.covariate ? [workColumn.covariate(number)] : []),
  ]
}

function previousUnits(plan: MetricsPlan, previous: PreviousRefresh, crossings: Relation | null): SQLQuery {
  const { settledDay, columns } = previous
  const settled = dateOf(whole(settledDay))
  const values = variablesOf(plan).flatMap((entry) => {
    const { variable } = entry
    const total = columns.has(variable.settledColumn) ? variable.settledColumn : variable.column
    return [
      ...(variable.measure === null ? [] : [sql`u.${sql.ident(total)}`]),
      ...(variable.unusable === null ? [] : [sql`u.${sql.ident(unusableColumn(entry))}`]),
      ...(variable.covariate ? [sql`u.${sql.ident(variable.covariate.column)}`] : []),
    ]
  })
  const steps = plan.metrics.flatMap((metric) =>
    metric.stepColumns.map((name) => {
      const column = sql`u.${sql.ident(name)}`
      return isByDay(plan, metric)
        ? sql`case when ${column} <= ${settled} then ${dayNumber(column)} end`
        : sql`case when (${column} at time zone 'UTC')::date <= ${settled} then ${column} end`
    }),
  )
  const list = [...values, ...steps]
  const crossed = sql`case when u.crossed_day <= ${settled} then ${dayNumber(sql`u.crossed_day`)} end`
  return sql`
    select u.unit, u.group_id, u.exposed_at, ${dayNumber(sql`u.exposed_day`)},
      ${crossings ? sql`coalesce(${crossed}, x.crossed_day)` : crossed},
      u.cluster${list.length === 0 ? sql`` : sql`, ${sql.join(list, sql`, `)}`}
    from ${knownUnits(previous)} as u
    ${crossings ? sql`left join ${relationIdent(crossings)} as x on x.group_id = u.group_id and x.unit = u.unit` : sql``}`
}

function isByDay(plan: MetricsPlan, metric: PlannedMetric): boolean {
  return plan.spans[metric.variables[0]!.span]!.grain === 'day'
}

/** New units with their groups and covariates; nothing of them is settled. */
export function freshQuery(
  plan: MetricsPlan,
  parts: {
    readonly first: Relation
    readonly groups: Relation
    /** What units came to before, by source; null for a source of which no covariate is made. */
    readonly before: readonly (Relation | null)[]
    /** The same of funnels, by the metric's number. */
    readonly funnels: ReadonlyMap<number, Relation>
    /** Running totals; null where all of them are 0 on the day before an exposure. */
    readonly running: Relation | null
    /** Numbers of days for which the running totals reach far enough back to give covariates. */
    readonly history: readonly number[]
  },
): SQLQuery {
  const { first, groups, before, funnels, running, history } = parts
  // What was there before the exposure is taken off once, so that the running total of a day is all that is left to add.
  const start = ({ variable }: NumberedVariable, measure: number): SQLQuery =>
    running && isPlain(plan, plan.spans[variable.span]!)
      ? sql`-coalesce(r.${measureColumn(measure)}, 0)`
      : sql`0::float8`
  const columns = variablesOf(plan).flatMap((entry) => {
    const { number, variable, metric } = entry
    return [
      ...(variable.measure === null
        ? []
        : [sql`${start(entry, variable.measure)} as ${workColumn.settled(number)}`]),
      ...(variable.unusable === null
        ? []
        : [sql`${start(entry, variable.unusable)} as ${workColumn.unusable(number)}`]),
      ...(variable.covariate
        ? [sql`${covariate(plan, entry, history, funnels.get(metric))} as ${workColumn.covariate(number)}`]
        : []),
    ]
  })
  const steps = plan.metrics.flatMap((metric, index) =>
    metric.stepColumns.map((_, step) => {
      const nothing = isByDay(plan, metric) ? sql`null::int` : sql`null::timestamptz`
      return sql`${nothing} as ${stepColumn(index, step)}`
    }),
  )
  const joins = before.flatMap((relation, index) =>
    relation ? [joinBefore(relation, sql.ident(`b${index}`), sql`experiment_number`)] : [],
  )
  const funnelJoins = [...funnels].map(([metric, relation]) =>
    joinBefore(relation, sql.ident(`fb${metric}`), sql`group_id`),
  )
  const historyJoins = history.map(
    (days) => sql`left join ${relationIdent(running!)} as ${historyName(days)}
      on ${historyName(days)}.unit = f.unit and ${historyName(days)}.day = f.exposed_day - 1 - ${whole(days)}`,
  )
  const list = [...columns, ...steps]
  return sql`
    select f.unit, g.group_id, f.exposed_at, f.exposed_day, f.crossed_day, f.cluster
      ${list.length === 0 ? sql`` : sql`, ${sql.join(list, sql`, `)}`}
    from ${relationIdent(first)} as f
    inner join ${relationIdent(groups)} as g on g.group_key = f.group_key
    ${running ? sql`left join ${relationIdent(running)} as r on r.unit = f.unit and r.day = f.exposed_day - 1` : sql``}
    ${sql.join([...joins, ...funnelJoins, ...historyJoins], sql`\n    `)}`
}

/** The name of the running totals so many days before the day before the exposure. */
function historyName(days: number): SQLQuery {
  return sql.ident(`h${days}`)
}

function joinBefore(relation: Relation, alias: SQLQuery, key: SQLQuery): SQLQuery {
  return sql`left join ${relationIdent(relation)} as ${alias}
      on ${alias}.${key} = f.experiment_number and ${alias}.unit = f.unit`
}

function covariate(
  plan: MetricsPlan,
  entry: NumberedVariable,
  history: readonly number[],
  funnel: Relation | undefined,
): SQLQuery {
  const { variable, metric } = entry
  if (funnel) return sql`(${sql.ident(`fb${metric}`)}.done_day is not null)::int::float8`
  const source = sql.ident(`b${plan.measures[variable.measure!]!.source}`)
  const { days } = variable.covariate!
  const sum = (measure: number): SQLQuery =>
    history.includes(days) && isDaily(plan, measure)
      ? sql`(coalesce(r.${measureColumn(measure)}, 0) - coalesce(${historyName(days)}.${measureColumn(measure)}, 0))`
      : sql`coalesce(${source}.${covariateColumn(measure, days)}, 0)`
  const total = sum(variable.measure!)
  const value = variable.isFlag ? sql`(${total} > 0)::int::float8` : total
  return variable.unusable === null ? value : sql`case when ${sum(variable.unusable)} = 0 then ${value} end`
}

/**
 * The published units. `from` gives a unit its running totals `r` of the last day, and `q` of the last settled one where
 * that is another.
 */
export function unitsQuery(plan: MetricsPlan, from: SQLQuery): SQLQuery {
  const last = sql`least(${whole(plan.until)}, g.last_day)`
  const settled = sql`least(${whole(plan.settles)}, g.last_day)`
  const settledRows = plan.settles === plan.until ? sql`r` : sql`q`
  const columns = variablesOf(plan).flatMap((entry) => {
    const { variable } = entry
    const named = (value: SQLQuery, name: string): SQLQuery => sql`${value} as ${sql.ident(name)}`
    return [
      named(valueAt(plan, entry, last, 'fixed'), variable.column),
      // A bound that is a number may be put on at once; one that is a quantile changes with the units.
      ...(variable.covariate
        ? [
            named(
              isQuantileCap(variable.cap)
                ? sql`w.${workColumn.covariate(entry.number)}`
                : covariateValue(entry, 'fixed'),
              variable.covariate.column,
            ),
          ]
        : []),
      ...(variable.showsSettled || variable.measure === null
        ? []
        : [named(rawTotal(plan, entry, settled, 'measure', settledRows), variable.settledColumn)]),
      ...(variable.unusable === null
        ? []
        : [named(rawTotal(plan, entry, settled, 'unusable', settledRows), unusableColumn(entry))]),
    ]
  })
  const steps = plan.metrics.flatMap((metric, index) =>
    metric.stepColumns.map((name, step) => {
      const time = sql`${sql.ident(`f${index}`)}.${stepColumn(index, step)}`
      return sql`${isByDay(plan, metric) ? dateOf(time) : time} as ${sql.ident(name)}`
    }),
  )
  const list = [...columns, ...steps]
  return sql`
    select g.experiment, w.unit, g.arm, w.exposed_at, ${dateOf(sql`w.exposed_day`)} as exposed_day,
      ${dateOf(sql`w.crossed_day`)} as crossed_day, not (g.excludes and w.crossed_day is not null) as counted,
      g.stratum, w.cluster, g.segments, w.group_id
      ${list.length === 0 ? sql`` : sql`, ${sql.join(list, sql`,\n      `)}`}
    ${from}`
}
