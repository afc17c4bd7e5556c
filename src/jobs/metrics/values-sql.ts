import type { MetricCap } from '../../core/metrics-spec.ts'
import { type SQLQuery, sql } from '../../warehouse/index.ts'
import type { MetricsPlan, PlannedMetric, PlannedVariable } from './metrics-plan.ts'
import { measureColumn } from './running-sql.ts'
import { float } from './source-sql.ts'
import { closeDay, edgeColumn, isPlain, maturesOn, startDay } from './spans-sql.ts'

/*
 * What a variable of a unit is at the end of a day. Aliases: `r` running totals, `w` unit, `g` group, `p0` … edges of
 * spans, `f0` … funnels, `k` caps by quantile.
 */

/** A variable with its number among all, and the metric that it belongs to. */
export interface NumberedVariable {
  readonly number: number
  readonly metric: number
  readonly variable: PlannedVariable
}

/** All variables of a plan in order. */
export function variablesOf(plan: MetricsPlan): NumberedVariable[] {
  return plan.metrics
    .flatMap(({ variables }, metric) => variables.map((variable) => ({ metric, variable })))
    .map((entry, number) => ({ number, ...entry }))
}

/** Columns of a unit while it is worked on: settled total, settled count of unusable rows, covariate. */
export const workColumn = {
  settled: (number: number): SQLQuery => sql.ident(`s${number}`),
  unusable: (number: number): SQLQuery => sql.ident(`u${number}`),
  covariate: (number: number): SQLQuery => sql.ident(`x${number}`),
}

/** The columns of caps by quantile. */
export const capColumn = (number: number, of: 'y' | 'x', bound: 'upper' | 'lower'): SQLQuery =>
  sql.ident(`cap_${of}${number}_${bound}`)

/** Whether a cap is a quantile of all units. */
export function isQuantileCap(cap: MetricCap | null): cap is MetricCap {
  return cap !== null && (cap.upperQuantile !== undefined || cap.lowerQuantile !== undefined)
}

/** The total of a variable at the end of a day, before flags and caps; `day` is that of `r`, or the last of a unit. */
export function rawTotal(
  plan: MetricsPlan,
  { number, variable }: NumberedVariable,
  day: SQLQuery,
  of: 'measure' | 'unusable' = 'measure',
  rows: SQLQuery = sql`r`,
): SQLQuery {
  const span = plan.spans[variable.span]!
  const edge = sql.ident(`p${variable.span}`)
  const measure = (of === 'measure' ? variable.measure : variable.unusable)!
  const settled = of === 'measure' ? workColumn.settled(number) : workColumn.unusable(number)
  const base = sql`coalesce(${edge}.${edgeColumn('base', measure)}, 0)`
  const now = sql`coalesce(${rows}.${measureColumn(measure)}, 0)`
  if (isPlain(plan, span)) return sql`(w.${settled} + ${now})`
  const starts =
    span.fromDay > 0 || (span.skipsExposureDay && plan.experiments.some(({ skip }) => skip === 1))
  const closes = span.days !== null || plan.experiments.some(({ lastDay, endDay }) => lastDay >= endDay)
  const before = starts ? sql`when ${day} < ${startDay(span)} then w.${settled}` : sql``
  const close = sql`coalesce(${edge}.${edgeColumn('close', measure)}, 0)`
  const after = closes ? sql`when ${day} >= ${closeDay(span)} then w.${settled} + ${close} - ${base}` : sql``
  return sql`(case ${before} ${after} else w.${settled} + ${now} - ${base} end)`
}

/** What a variable is at the end of a day: null where it is not known, or not to be known yet. */
export function valueAt(
  plan: MetricsPlan,
  entry: NumberedVariable,
  day: SQLQuery,
  caps: 'all' | 'fixed',
): SQLQuery {
  const { variable, number, metric } = entry
  const { definition } = plan.metrics[metric]!
  const value = capped(withFlag(plan, entry, day), variable.cap, caps === 'all' ? { number, of: 'y' } : null)
  const conditions: SQLQuery[] = []
  if (definition.matureOnly) conditions.push(sql`${day} >= ${maturesOn(plan.spans[variable.span]!)}`)
  if (variable.unusable !== null) conditions.push(sql`${rawTotal(plan, entry, day, 'unusable')} = 0`)
  return conditions.length === 0
    ? value
    : sql`(case when ${sql.join(conditions, sql` and `)} then ${value} end)`
}

function withFlag(plan: MetricsPlan, entry: NumberedVariable, day: SQLQuery): SQLQuery {
  if (plan.metrics[entry.metric]!.definition.kind === 'funnel')
    return sql`coalesce((${sql.ident(`f${entry.metric}`)}.done_day <= ${day})::int::float8, 0)`
  const total = rawTotal(plan, entry, day)
  return entry.variable.isFlag ? sql`(${total} > 0)::int::float8` : total
}

/** A variable's covariate. */
export function covariateValue({ variable, number }: NumberedVariable, caps: 'all' | 'fixed'): SQLQuery {
  const column = sql`w.${workColumn.covariate(number)}`
  return capped(column, variable.cap, caps === 'all' ? { number, of: 'x' } : null)
}

/** Bounds a value by numbers and, where they are joined, by quantiles. */
function capped(
  value: SQLQuery,
  cap: MetricCap | null,
  quantiles: { number: number; of: 'y' | 'x' } | null,
): SQLQuery {
  if (!cap) return value
  const bound = (which: 'upper' | 'lower'): SQLQuery[] => [
    ...(cap[which] === undefined ? [] : [float(cap[which])]),
    ...(quantiles && cap[`${which}Quantile`] !== undefined
      ? [sql`k.${capColumn(quantiles.number, quantiles.of, which)}`]
      : []),
  ]
  const [upper, lower] = [bound('upper'), bound('lower')]
  const below = upper.length === 0 ? value : sql`least(${sql.join([value, ...upper], sql`, `)})`
  const within = lower.length === 0 ? below : sql`greatest(${sql.join([below, ...lower], sql`, `)})`
  // The bounds alone would be taken where there is no value.
  return upper.length + lower.length === 0 ? value : sql`(case when ${value} is not null then ${within} end)`
}

/** How a variable and its covariate are said in a query. */
export interface Values {
  readonly outcome: (entry: NumberedVariable) => SQLQuery
  readonly covariate: (entry: NumberedVariable) => SQLQuery
}

/** Values out of running totals, at the end of a day. */
export function runningValues(plan: MetricsPlan, day: SQLQuery): Values {
  return {
    outcome: (entry) => valueAt(plan, entry, day, 'all'),
    covariate: (entry) => covariateValue(entry, 'all'),
  }
}

/** Values as they stand in the units' table, where no bound is a quantile. */
export const unitValues: Values = {
  outcome: ({ variable }) => sql`w.${sql.ident(variable.column)}`,
  covariate: ({ variable }) => sql`w.${sql.ident(variable.covariate!.column)}`,
}

/** The variables of a metric's moments in order: outcome, denominator, then their covariates. */
export function momentVariables(
  plan: MetricsPlan,
  metric: PlannedMetric,
  values: Values,
): { readonly name: string; readonly value: SQLQuery }[] {
  const entries = variablesOf(plan).filter((entry) => plan.metrics[entry.metric] === metric)
  return [
    ...entries.map((entry) => ({
      name: entry.variable.name as string,
      value: values.outcome(entry),
    })),
    ...entries.flatMap((entry) =>
      entry.variable.covariate
        ? [{ name: entry.variable.covariate.name as string, value: values.covariate(entry) }]
        : [],
    ),
  ]
}
