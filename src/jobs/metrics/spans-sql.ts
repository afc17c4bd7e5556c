import type { Relation } from '../../core/node.ts'
import { relationIdent, type SQLQuery, sql } from '../../warehouse/index.ts'
import type { MetricsPlan, Span } from './metrics-plan.ts'
import { eventInstant, hours, measureColumn, type SourceRelation } from './running-sql.ts'
import { dayOfInstant, rowAmount, rowDay, rowsBetween, whole } from './source-sql.ts'

/*
 * Where a unit's spans begin and end, and what its running totals were there. A row is needed only where one of the two
 * lies in the days that are read now: what came before is in the unit's settled totals.
 *
 * Everywhere: `w` is a unit of an experiment, `g` its group with the facts of the experiment.
 */

/** The first instant of a span, for a source of events. */
export function startInstant({ fromDay }: Span): SQLQuery {
  return fromDay === 0 ? sql`w.exposed_at` : sql`(w.exposed_at + ${hours(fromDay)})`
}

/** The first instant after a span. */
export function closeInstant({ fromDay, days }: Span): SQLQuery {
  return days === null ? sql`g.ends_at` : sql`(w.exposed_at + ${hours(fromDay + days)})`
}

/** The day on which a span begins. */
export function startDay(span: Span): SQLQuery {
  if (span.grain === 'time') return dayOfInstant(startInstant(span))
  const skip = span.skipsExposureDay ? sql` + g.skip` : sql``
  return span.fromDay === 0
    ? sql`(w.exposed_day${skip})`
    : sql`(w.exposed_day${skip} + ${whole(span.fromDay)})`
}

/** The day on which a span has ended: it holds the first instant after it. */
export function closeDay(span: Span): SQLQuery {
  if (span.grain === 'time') return dayOfInstant(closeInstant(span))
  if (span.days === null) return sql`g.end_day`
  const skip = span.skipsExposureDay ? sql` + g.skip` : sql``
  return sql`(w.exposed_day${skip} + ${whole(span.fromDay + span.days)})`
}

/** The first day at whose end nothing more can come: the day before the close, unless it closes within a day. */
export function maturesOn(span: Span): SQLQuery {
  if (span.grain === 'day') return sql`(${closeDay(span)} - 1)`
  return dayOfInstant(sql`(${closeInstant(span)} - interval '1 microsecond')`)
}

/**
 * Whether a span lasts from the day of the exposure to the end of every experiment, so that a unit's total is what its
 * running total has grown by: then nothing is kept of where it begins and ends.
 */
export function isPlain({ experiments }: MetricsPlan, span: Span): boolean {
  return (
    span.grain === 'day' &&
    span.fromDay === 0 &&
    span.days === null &&
    experiments.every(({ skip, lastDay, endDay }) => skip === 0 && lastDay < endDay)
  )
}

/** The measures that variables of a span read. */
export function measuresOfSpan(plan: MetricsPlan, span: number): number[] {
  const found = plan.metrics
    .flatMap(({ variables }) => variables)
    .filter((variable) => variable.span === span)
    .flatMap(({ measure, unusable }) => [measure, unusable].filter((each) => each !== null))
  return [...new Set(found)]
}

/** The column of a measure's running total where a span begins, or ends. */
export function edgeColumn(edge: 'base' | 'close', measure: number): SQLQuery {
  return sql.ident(`${edge}_${measure}`)
}

/**
 * The running totals of units at the beginning and the end of a span. `work` and `groups` are the units and groups,
 * `running` the totals from the day after `base` on, on which nothing is settled.
 */
export function edgesQuery(
  plan: MetricsPlan,
  index: number,
  parts: {
    work: SQLQuery
    groups: SQLQuery
    running: Relation
    base: number
    partials: Readonly<Record<'base' | 'close', Relation | null>>
  },
): SQLQuery {
  const span = plan.spans[index]!
  const { work, groups, running, base, partials } = parts
  const measures = measuresOfSpan(plan, index)
  // An instant within a day needs the part of that day, so the day itself is looked at as well.
  const after = whole(span.grain === 'time' ? base : base + 1)
  const total = (edge: 'base' | 'close', measure: number): SQLQuery => {
    const name = measureColumn(measure)
    const [whole, part] = edge === 'base' ? [sql`b`, sql`pb`] : [sql`c`, sql`pc`]
    const partial = partials[edge] ? sql` + coalesce(${part}.${name}, 0)` : sql``
    return sql`coalesce(${whole}.${name}, 0)${partial} as ${edgeColumn(edge, measure)}`
  }
  const columns = measures.flatMap((measure) => [total('base', measure), total('close', measure)])
  const joinPartial = (edge: 'base' | 'close', alias: SQLQuery): SQLQuery =>
    partials[edge]
      ? sql`left join ${relationIdent(partials[edge])} as ${alias}
        on ${alias}.group_id = w.group_id and ${alias}.unit = w.unit`
      : sql``
  return sql`
    select w.group_id, w.unit, ${sql.join(columns, sql`, `)}
    from ${work} as w
    inner join ${groups} as g on g.group_id = w.group_id
    left join ${relationIdent(running)} as b on b.unit = w.unit and b.day = ${startDay(span)} - 1
    ${joinPartial('base', sql`pb`)}
    left join ${relationIdent(running)} as c on c.unit = w.unit and c.day = ${closeDay(span)} - 1
    ${joinPartial('close', sql`pc`)}
    where (${startDay(span)} > ${after} and ${startDay(span)} <= ${whole(plan.until)})
      or (${closeDay(span)} > ${after} and ${closeDay(span)} <= ${whole(plan.until + 1)})`
}

/** What a unit's events came to on the day of an edge before it, to be added to that edge; null where there are none. */
export function partialDaysQuery(
  plan: MetricsPlan,
  index: number,
  edge: 'base' | 'close',
  parts: { work: SQLQuery; groups: SQLQuery; sources: readonly SourceRelation[]; base: number },
): SQLQuery | null {
  const span = plan.spans[index]!
  if (span.grain === 'day') return null
  const { work, groups, sources, base } = parts
  const instant = edge === 'base' ? startInstant(span) : closeInstant(span)
  const measures = measuresOfSpan(plan, index)
  const pieces = sources.flatMap((source, number) => {
    const here = measures.filter((measure) => plan.measures[measure]!.source === number)
    if (here.length === 0) return []
    const definition = plan.sources[number]!
    const { types, relation } = source
    const column = sql`r.${sql.ident(definition.time!)}`
    const sums = measures.map((measure) => {
      const planned = plan.measures[measure]!
      if (planned.source !== number) return sql`0::float8 as ${measureColumn(measure)}`
      return sql`sum(${rowAmount(planned, types, true)}) as ${measureColumn(measure)}`
    })
    return [
      sql`
      select w.group_id, w.unit, ${sql.join(sums, sql`, `)}
      from ${work} as w
      inner join ${groups} as g on g.group_id = w.group_id
      inner join ${relationIdent(relation)} as r on r.${sql.ident(definition.unit)} = w.unit
        and ${rowDay(definition, types)} = ${dayOfInstant(instant)}
        and ${eventInstant(column, types.get(definition.time!))} < ${instant}
      where ${rowsBetween(definition, types, { first: base + 1, last: plan.until, asOf: plan.asOf })}
      group by 1, 2`,
    ]
  })
  if (pieces.length === 0) return null
  const sums = measures.map((measure) => sql`sum(${measureColumn(measure)}) as ${measureColumn(measure)}`)
  return sql`
    select group_id, unit, ${sql.join(sums, sql`, `)}
    from (${sql.join(pieces, sql` union all `)}) as pieces group by 1, 2`
}
