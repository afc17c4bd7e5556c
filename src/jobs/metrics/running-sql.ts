import type { Relation } from '../../core/node.ts'
import { relationIdent, type SQLQuery, sql } from '../../warehouse/index.ts'
import type { MetricsPlan } from './metrics-plan.ts'
import { type ColumnTypes, rowAmount, rowDay, rowsBetween, whole } from './source-sql.ts'

/*
 * Running totals of each unit's measures, one row per unit and day, which all experiments share: what a unit came to
 * between two instants is the difference of two rows, however many experiments it is in.
 */

/** A source as it stands in this run. */
export interface SourceRelation {
  readonly relation: Relation
  readonly types: ColumnTypes
}

/** The column of a measure's running total. */
export function measureColumn(measure: number): SQLQuery {
  return sql.ident(`m${measure}`)
}

/** The amounts that rows add to measures of one source. */
export function amountsOf(plan: MetricsPlan, source: number, { types }: SourceRelation): AmountColumn[] {
  const guarded = new Set(
    plan.measures.flatMap(({ source: of, measure, as }) =>
      as === 'unusable' ? [JSON.stringify([of, measure])] : [],
    ),
  )
  return plan.measures.flatMap((measure, index) =>
    measure.source === source
      ? [
          {
            index,
            amount: rowAmount(measure, types, guarded.has(JSON.stringify([source, measure.measure]))),
          },
        ]
      : [],
  )
}

export interface AmountColumn {
  readonly index: number
  readonly amount: SQLQuery
}

/**
 * The running totals of `units` from the day after `base` on; on `base` itself all are 0. Every unit has every day.
 * Days are put in after the sums: rows come sorted only for days on which there is something.
 */
export function runningQuery(
  plan: MetricsPlan,
  sources: readonly SourceRelation[],
  units: SQLQuery,
  base: number,
): SQLQuery {
  const measures = plan.measures.map((_, index) => measureColumn(index))
  const zeros = measures.map((name) => sql`0::float8 as ${name}`)
  const parts = sources.map((source, index) => sourceRows(plan, index, source, units, base))
  const sums = measures.map((name) => sql`sum(${name}) over w as ${name}`)
  const start = sql`select unit, ${whole(base)} as day${list(zeros)} from ${units} as u`
  return sql`
    select t.unit, d.day${list(measures.map((name) => sql`t.${name}`))}
    from (
      select unit, day, lead(day, 1, ${whole(plan.until + 1)}) over w as next_day${list(sums)}
      from (${sql.join([start, ...parts], sql` union all `)}) as rows
      window w as (partition by unit order by day)) as t
    cross join lateral generate_series(t.day, t.next_day - 1) as d (day)`
}

/** The same where a single day is read: what units did on it, without units that did nothing. */
export function singleDayQuery(plan: MetricsPlan, sources: readonly SourceRelation[]): SQLQuery {
  const measures = plan.measures.map((_, index) => measureColumn(index))
  const sums = measures.map((name) => sql`sum(${name}) as ${name}`)
  const parts = sources.map((source, index) => sourceRows(plan, index, source, null, plan.until - 1))
  return sql`
    select unit, ${whole(plan.until)} as day${list(sums)}
    from (${sql.join(parts, sql` union all `)}) as rows group by 1`
}

function list(columns: SQLQuery[]): SQLQuery {
  return columns.length === 0 ? sql`` : sql`, ${sql.join(columns, sql`, `)}`
}

/** A source's rows by unit and day, with zeros for what other sources measure; of events the sums of a day. */
function sourceRows(
  plan: MetricsPlan,
  index: number,
  source: SourceRelation,
  units: SQLQuery | null,
  base: number,
): SQLQuery {
  const definition = plan.sources[index]!
  const { types, relation } = source
  const amounts = amountsOf(plan, index, source)
  const isEvents = definition.time !== undefined
  const columns = plan.measures.map((_, measure) => {
    const found = amounts.find((each) => each.index === measure)
    const amount = found ? (isEvents ? sql`sum(${found.amount})` : found.amount) : sql`0::float8`
    return sql`${amount} as ${measureColumn(measure)}`
  })
  const unit = sql`r.${sql.ident(definition.unit)}`
  const between = rowsBetween(definition, types, { first: base + 1, last: plan.until, asOf: plan.asOf })
  return sql`
    select ${unit} as unit, ${rowDay(definition, types)} as day${list(columns)}
    from ${relationIdent(relation)} as r
    where ${between} ${units ? sql`and exists (select from ${units} as u where u.unit = ${unit})` : sql``}
    ${isEvents ? sql`group by 1, 2` : sql``}`
}

/**
 * What units that are new came to before their exposure, by experiment: one column for each measure and number of days.
 * `first` is the earliest day that any of them needs.
 */
export function covariatesQuery(
  plan: MetricsPlan,
  index: number,
  source: SourceRelation,
  fresh: Relation,
  first: number,
): SQLQuery | null {
  const definition = plan.sources[index]!
  const wanted = covariatesOf(plan).filter(({ measure }) => plan.measures[measure]!.source === index)
  if (wanted.length === 0) return null
  const longest = Math.max(...wanted.map(({ days }) => days))
  const needed = new Set(wanted.map(({ measure }) => measure))
  const amounts = amountsOf(plan, index, source).filter((amount) => needed.has(amount.index))
  const isEvents = definition.time !== undefined
  const at = isEvents ? sql`r.at` : sql`r.day`
  const exposed = isEvents ? sql`f.exposed_at` : sql`f.exposed_day`
  const from = (days: number): SQLQuery =>
    isEvents ? sql`${exposed} - ${hours(days)}` : sql`${exposed} - ${whole(days)}`
  const sums = wanted.map(({ measure, days }) => {
    const filter = days === longest ? sql`` : sql` filter (where ${at} >= ${from(days)})`
    return sql`coalesce(sum(r.${measureColumn(measure)})${filter}, 0) as ${covariateColumn(measure, days)}`
  })
  const column = sql`r.${sql.ident(definition.day ?? definition.time!)}`
  const instant = isEvents ? sql`${eventInstant(column, source.types.get(definition.time!))} as at,` : sql``
  const rows = sql`
    select r.${sql.ident(definition.unit)} as unit, ${instant} ${rowDay(definition, source.types)} as day
      ${list(amounts.map(({ index: measure, amount }) => sql`${amount} as ${measureColumn(measure)}`))}
    from ${relationIdent(source.relation)} as r
    where ${rowsBetween(definition, source.types, { first: first - longest, last: plan.until, asOf: plan.asOf })}`
  return sql`
    select f.experiment_number, f.unit, ${sql.join(sums, sql`, `)}
    from ${relationIdent(fresh)} as f
    inner join (${rows}) as r on r.unit = f.unit and ${at} >= ${from(longest)} and ${at} < ${exposed}
    group by 1, 2`
}

/** So many days as hours: instants do not jump with daylight saving time. */
export function hours(days: number): SQLQuery {
  return sql`(${whole(days * 24)} * interval '1 hour')`
}

/** The instant of an event's row. */
export function eventInstant(column: SQLQuery, type: string | undefined): SQLQuery {
  return type === 'timestamp with time zone' ? column : sql`(${column}::timestamp at time zone 'UTC')`
}

/** The name of a covariate's column while it is worked on. */
export function covariateColumn(measure: number, days: number): SQLQuery {
  return sql.ident(`m${measure}_before_${days}`)
}

/** Every measure and number of days before the exposure that a covariate is made of, each once. */
export function covariatesOf(plan: MetricsPlan): { readonly measure: number; readonly days: number }[] {
  const found = new Map<string, { measure: number; days: number }>()
  for (const { variables } of plan.metrics)
    for (const { measure, unusable, covariate } of variables) {
      if (!covariate) continue
      for (const each of [measure, unusable])
        if (each !== null) found.set(`${each}:${covariate.days}`, { measure: each, days: covariate.days })
    }
  return [...found.values()]
}

/** Numbers of days before the exposure for which running totals of daily sources can give covariates, each once. */
export function daysOfHistory(plan: MetricsPlan): number[] {
  const days = covariatesOf(plan)
    .filter(({ measure }) => isDaily(plan, measure))
    .map((covariate) => covariate.days)
  return [...new Set(days)].sort((a, b) => a - b)
}

/** Whether a measure's source has days and no instants. */
export function isDaily(plan: MetricsPlan, measure: number): boolean {
  return plan.sources[plan.measures[measure]!.source]!.day !== undefined
}
