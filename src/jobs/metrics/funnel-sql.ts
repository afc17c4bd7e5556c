import type { Relation } from '../../core/node.ts'
import { relationIdent, type SQLQuery, sql } from '../../warehouse/index.ts'
import type { MetricsPlan } from './metrics-plan.ts'
import { eventInstant, hours, type SourceRelation } from './running-sql.ts'
import { dayOfInstant, rowDay, rowsBetween, rowValue, whole } from './source-sql.ts'
import { closeDay, closeInstant, startDay, startInstant } from './spans-sql.ts'

/*
 * Funnels: when a unit reached each step. Taking the earliest row for each step after the one before finds a way
 * through whenever there is one. With events a step comes later than the one before; rows of a day have no order, so
 * there it may be the same day.
 */

/** The column of a step's time while it is worked on. */
export function stepColumn(metric: number, step: number): SQLQuery {
  return sql.ident(`t${metric}_${step + 1}`)
}

export interface FunnelParts {
  readonly source: SourceRelation
  readonly groups: SQLQuery
  /** First day whose rows are read. */
  readonly first: number
}

/** Step times of the units of `work`, which has those that are settled, and the day on which all were reached. */
export function funnelQuery(
  plan: MetricsPlan,
  metric: number,
  work: SQLQuery,
  { source, groups, first }: FunnelParts,
): SQLQuery {
  const span = plan.spans[plan.metrics[metric]!.variables[0]!.span]!
  const isEvents = span.grain === 'time'
  const known = stepsOf(plan, metric).map((_, step) => sql`w.${stepColumn(metric, step)} as t${whole0(step)}`)
  const begin = sql`
    select w.group_id, w.unit, ${isEvents ? startInstant(span) : startDay(span)} as starts,
      ${isEvents ? closeInstant(span) : closeDay(span)} as closes, ${sql.join(known, sql`, `)}
    from ${work} as w
    inner join ${groups} as g on g.group_id = w.group_id`
  return chain(plan, metric, begin, source, first)
}

/** The same for the days before the exposure, of units that are new: `experiment_number, unit, done_day`. */
export function funnelBeforeQuery(
  plan: MetricsPlan,
  metric: number,
  fresh: Relation,
  { source, first }: Pick<FunnelParts, 'source' | 'first'>,
): SQLQuery {
  const variable = plan.metrics[metric]!.variables[0]!
  const isEvents = plan.spans[variable.span]!.grain === 'time'
  const days = variable.covariate!.days
  const nothing = isEvents ? sql`null::timestamptz` : sql`null::int`
  const known = stepsOf(plan, metric).map((_, step) => sql`${nothing} as t${whole0(step)}`)
  const begin = sql`
    select f.experiment_number as group_id, f.unit,
      ${isEvents ? sql`f.exposed_at - ${hours(days)}` : sql`f.exposed_day - ${whole(days)}`} as starts,
      ${isEvents ? sql`f.exposed_at` : sql`f.exposed_day`} as closes, ${sql.join(known, sql`, `)}
    from ${relationIdent(fresh)} as f`
  return chain(plan, metric, begin, source, first - days)
}

function stepsOf(plan: MetricsPlan, metric: number) {
  const { definition } = plan.metrics[metric]!
  if (definition.kind !== 'funnel') throw new Error(`'${definition.name}' is no funnel`)
  return definition.steps
}

/** A number as part of a name. */
function whole0(step: number): SQLQuery {
  return sql.__dangerous__rawValue(String(step))
}

function chain(
  plan: MetricsPlan,
  metric: number,
  begin: SQLQuery,
  { relation, types }: SourceRelation,
  first: number,
): SQLQuery {
  const steps = stepsOf(plan, metric)
  const definition = plan.metrics[metric]!.definition.from
  const isEvents = definition.time !== undefined
  const column = sql`r.${sql.ident(definition.day ?? definition.time!)}`
  const at = isEvents ? eventInstant(column, types.get(definition.time!)) : rowDay(definition, types)
  const between = rowsBetween(definition, types, { first, last: plan.until, asOf: plan.asOf })
  const all = steps.map((_, index) => index)
  const parts = steps.map((step, index) => {
    const after =
      index === 0
        ? sql`true`
        : isEvents
          ? sql`${at} > b.t${whole0(index - 1)}`
          : sql`${at} >= b.t${whole0(index - 1)}`
    const before = sql`f${whole0(index)}`
    const columns = all.map((each) =>
      each === index ? sql`coalesce(b.t${whole0(each)}, n.at) as t${whole0(each)}` : sql`b.t${whole0(each)}`,
    )
    return sql`f${whole0(index + 1)} as materialized (
      select b.group_id, b.unit, b.starts, b.closes, ${sql.join(columns, sql`, `)}
      from ${before} as b
      left join (
        select b.group_id, b.unit, min(${at}) as at
        from ${before} as b
        inner join ${relationIdent(relation)} as r on r.${sql.ident(definition.unit)} = b.unit
        where b.t${whole0(index)} is null and ${between} and ${at} >= b.starts and ${at} < b.closes
          and ${rowValue(step, types)} > 0 and ${rowValue(step, types)} < 'infinity'::float8 and ${after}
        group by 1, 2) as n on n.group_id = b.group_id and n.unit = b.unit)`
  })
  const last = sql`t${whole0(steps.length - 1)}`
  const done = isEvents ? dayOfInstant(last) : last
  const columns = all.map((index) => sql`t${whole0(index)} as ${stepColumn(metric, index)}`)
  return sql`
    with f0 as materialized (${begin}),
    ${sql.join(parts, sql`,\n    `)}
    select group_id, unit, ${sql.join(columns, sql`, `)}, ${done} as done_day
    from f${whole0(steps.length)}
    where t0 is not null`
}
