import type { Relation } from '../../core/node.ts'
import { relationIdent, type SQLQuery, sql, sqlLiteral } from '../../warehouse/index.ts'
import type { MetricsPlan, PlannedMetric } from './metrics-plan.ts'
import { dateOf, float, whole } from './source-sql.ts'
import { maturesOn } from './spans-sql.ts'
import {
  capColumn,
  covariateValue,
  isQuantileCap,
  momentVariables,
  type NumberedVariable,
  runningValues,
  type Values,
  valueAt,
  variablesOf,
} from './values-sql.ts'

/*
 * Sufficient statistics. One grouped query computes the moments of all metrics of all experiments for every group and
 * day; groups are few, so adding them up by arm, segment and stratum costs next to nothing.
 *
 * Moments come from the server's regr_ aggregates, which update means and centred products (Youngs and Cramer 1971) and
 * so do not cancel; groups are added up by Chan, Golub and LeVeque's (1983) formula around the mean of their union.
 */

/** Units on days: which rows of running totals count for which units. */
export interface DayRows {
  readonly from: SQLQuery
  readonly day: SQLQuery
}

/** The bounds of variables that are quantiles of all units of an experiment, by day; null where there are none. */
export function capsQuery(plan: MetricsPlan, rows: DayRows): SQLQuery | null {
  const entries = variablesOf(plan).filter(({ variable }) => isQuantileCap(variable.cap))
  if (entries.length === 0) return null
  const columns = entries.flatMap((entry) => [
    ...bounds(entry, 'y', valueAt(plan, entry, rows.day, 'fixed')),
    ...(entry.variable.covariate ? bounds(entry, 'x', covariateValue(entry, 'fixed')) : []),
  ])
  return sql`
    select g.experiment_number, ${rows.day} as day, ${sql.join(columns, sql`, `)}
    ${rows.from}
    group by 1, 2`
}

function bounds({ number, variable }: NumberedVariable, of: 'y' | 'x', value: SQLQuery): SQLQuery[] {
  return (['upper', 'lower'] as const).flatMap((which) => {
    const quantile = variable.cap?.[`${which}Quantile`]
    if (quantile === undefined) return []
    return [
      sql`percentile_cont(${float(quantile)}) within group (order by ${value}) as ${capColumn(number, of, which)}`,
    ]
  })
}

/** The moments of every metric by group and day, side by side. */
export function groupMomentsQuery(
  plan: MetricsPlan,
  rows: DayRows,
  values: Values = runningValues(plan, rows.day),
): SQLQuery {
  const columns = plan.metrics.flatMap((metric, index) =>
    metric.hasMoments ? momentColumns(plan, metric, index, { day: rows.day, values }) : [],
  )
  return sql`
    select w.group_id, ${rows.day} as day, count(*) as units${columns.length > 0 ? sql`, ${sql.join(columns, sql`,\n      `)}` : sql``}
    ${rows.from}
    group by 1, 2`
}

const named = (value: SQLQuery, name: string): SQLQuery => sql`${value} as ${sql.ident(name)}`

/** Most variables that a metric has: numerator, denominator and the covariates of both. */
const mostVariables = 4

function momentColumns(
  plan: MetricsPlan,
  metric: PlannedMetric,
  index: number,
  { day, values }: { readonly day: SQLQuery; readonly values: Values },
): SQLQuery[] {
  const variables = momentVariables(plan, metric, values)
  const outcomes = variables.slice(0, metric.variables.length)
  const canMiss = metric.variables.some(({ unusable }) => unusable !== null)
  const joint = jointColumns(`a${index}`, variables, canMiss)
  const mature = metric.definition.matureOnly
    ? sql`count(*) filter (where ${day} >= ${maturesOn(plan.spans[metric.variables[0]!.span]!)})`
    : sql`count(*)`
  return [
    ...joint,
    named(mature, `due_${index}`),
    ...(canMiss && variables.length > outcomes.length ? jointColumns(`b${index}`, outcomes, true) : []),
  ]
}

/** Count, means and centred products of variables over the rows where all are known. */
function jointColumns(
  prefix: string,
  variables: readonly { readonly value: SQLQuery }[],
  canMiss: boolean,
): SQLQuery[] {
  const values = variables.map(({ value }) => value)
  if (values.length === 1) {
    const [y] = values as [SQLQuery]
    return [
      named(sql`regr_count(${y}, ${y})`, `${prefix}_n`),
      named(sql`regr_avgy(${y}, ${y})`, `${prefix}_m1`),
      named(sql`regr_syy(${y}, ${y})`, `${prefix}_c11`),
    ]
  }
  const known = sql.join(
    values.map((value) => sql`${value} is not null`),
    sql` and `,
  )
  // Two variables pass by rows where one is not known by themselves.
  const filter = canMiss && values.length > 2 ? sql` filter (where ${known})` : sql``
  const pair = (aggregate: SQLQuery, a: number, b: number): SQLQuery =>
    sql`${aggregate}(${values[a]!}, ${values[b]!})${filter}`
  const last = values.length - 1
  const columns = [named(pair(sql`regr_count`, 0, 1), `${prefix}_n`)]
  for (let a = 0; a < values.length; a++) {
    // The aggregates of a pair share their state, so only pairs are asked for that are needed anyhow.
    const [first, second] = a < last ? [a, a + 1] : [a - 1, a]
    columns.push(
      named(pair(a < last ? sql`regr_avgy` : sql`regr_avgx`, first, second), `${prefix}_m${a + 1}`),
      named(pair(a < last ? sql`regr_syy` : sql`regr_sxx`, first, second), `${prefix}_c${a + 1}${a + 1}`),
    )
    for (let b = a + 1; b < values.length; b++)
      columns.push(named(pair(sql`regr_sxy`, a, b), `${prefix}_c${a + 1}${b + 1}`))
  }
  return columns
}

/** Names of means and centred products, for as many variables as there can be. */
const meanNames = Array.from({ length: mostVariables }, (_, index) => `m${index + 1}`)
const productNames = meanNames.flatMap((_, a) =>
  meanNames.slice(a).map((__, offset) => `c${a + 1}${a + offset + 1}`),
)
const outcomeMeans = ['m1', 'm2']
const outcomeProducts = ['c11', 'c12', 'c22']

/** One row per group, day and metric. */
function longRows(plan: MetricsPlan, moments: Relation): SQLQuery {
  const entries = plan.metrics.flatMap((metric, index) => {
    if (!metric.hasMoments) return []
    const before = metric.variables.filter(({ covariate }) => covariate !== null).length
    const [count, outcomes] = [metric.variables.length + before, metric.variables.length]
    const own = metric.variables.some(({ unusable }) => unusable !== null) && before > 0 ? 'b' : 'a'
    const column = (prefix: string, name: string, variables: number): SQLQuery =>
      [...name.slice(1)].every((digit) => Number(digit) <= variables)
        ? sql`f.${sql.ident(`${prefix}${index}_${name}`)}`
        : sql`null::float8`
    const columns = [
      whole(index),
      sql`f.${sql.ident(`due_${index}`)}`,
      sql`f.${sql.ident(`a${index}_n`)}`,
      ...[...meanNames, ...productNames].map((name) => column('a', name, count)),
      sql`f.${sql.ident(`${own}${index}_n`)}`,
      ...[...outcomeMeans, ...outcomeProducts].map((name) => column(own, name, outcomes)),
    ]
    return [sql`(${sql.join(columns, sql`, `)})`]
  })
  const names = [...meanNames, ...productNames].map((name) => sql.ident(name))
  const own = [...outcomeMeans, ...outcomeProducts].map((name) => sql.ident(`o${name}`))
  return sql`
    select f.group_id, f.day, f.units, v.*
    from ${relationIdent(moments)} as f
    cross join lateral (values ${sql.join(entries, sql`, `)}) as v
      (metric_number, due, n, ${sql.join(names, sql`, `)}, own_n, ${sql.join(own, sql`, `)})`
}

/** The columns of the statistics' table. */
export const cellColumns = [
  'experiment',
  'arm',
  'segment_name',
  'segment_value',
  'stratum',
  'metric',
  'day',
  'units',
  'missing',
  'n',
  'sum',
  'mean',
  'variance',
  'variables',
  'outcome_means',
  'outcome_centred_products',
  'joint_n',
  'means',
  'centred_products',
] as const

/** The cells that groups belong to: the arm as a whole, each of its segments, its stratum. */
export function cellKeysQuery(groups: SQLQuery): SQLQuery {
  return sql`
    select g.group_id, g.experiment, g.experiment_number, g.arm, c.segment_name, c.segment_value, c.stratum,
      dense_rank() over (order by g.experiment, g.arm, c.segment_name, c.segment_value, c.stratum)::int as cell_id
    from ${groups} as g
    cross join lateral (
      select null::text, null::text, null::text
      union all select key, value, null from jsonb_each_text(g.segments)
      union all select null, null, g.stratum where g.stratum is not null) as c (segment_name, segment_value, stratum)`
}

/** The statistics' table: moments of groups added up by cell, metric and day. */
export function cellsQuery(plan: MetricsPlan, moments: Relation, keys: Relation): SQLQuery {
  const uses = plan.experiments.flatMap(({ metrics }, number) =>
    plan.metrics.flatMap(({ name, hasMoments }, index) =>
      hasMoments && metrics.includes(name) ? [sql`(${whole(number)}, ${whole(index)})`] : [],
    ),
  )
  if (uses.length === 0) return emptyCells
  const facts = plan.metrics.map(({ name, variables }, index) => {
    const names = [
      ...variables.map((each) => each.name),
      ...variables.flatMap(({ covariate }) => (covariate ? [covariate.name] : [])),
    ]
    return sql`(${whole(index)}, ${sqlLiteral(name)}::text, ${sqlLiteral(`{${names.join(',')}}`)}::text[],
      ${whole(variables.length)}, ${whole(names.length)})`
  })
  const center = (name: string, weight: string): SQLQuery =>
    sql`sum(l.${sql.ident(weight)} * l.${sql.ident(name)}) / nullif(sum(l.${sql.ident(weight)}), 0) as ${sql.ident(name)}`
  const centres = [
    ...meanNames.map((name) => center(name, 'n')),
    ...outcomeMeans.map((name) => center(`o${name}`, 'own_n')),
  ]
  const product = (name: string, own: boolean): SQLQuery => {
    const [a, b] = [...name.slice(1)].map((digit) => sql.ident(`${own ? 'o' : ''}m${digit}`)) as [
      SQLQuery,
      SQLQuery,
    ]
    const [weight, column] = [sql.ident(own ? 'own_n' : 'n'), sql.ident(own ? `o${name}` : name)]
    // A group of no known units has no moments and adds nothing.
    return sql`sum(l.${column} + l.${weight} * (l.${a} - c.${a}) * (l.${b} - c.${b})) as ${column}`
  }
  const products = [
    ...productNames.map((name) => product(name, false)),
    ...outcomeProducts.map((name) => product(name, true)),
  ]
  const means = [...meanNames, ...outcomeMeans.map((name) => `o${name}`)].map(
    (name) => sql`min(c.${sql.ident(name)}) as ${sql.ident(name)}`,
  )
  return sql`
    with l as materialized (
      select k.cell_id, k.experiment_number, long.*
      from (${longRows(plan, moments)}) as long
      inner join ${relationIdent(keys)} as k on k.group_id = long.group_id
      inner join (values ${sql.join(uses, sql`, `)}) as u (experiment_number, metric_number)
        on u.experiment_number = k.experiment_number and u.metric_number = long.metric_number),
    c as materialized (
      select l.cell_id, l.metric_number, l.day, ${sql.join(centres, sql`,\n        `)}
      from l group by 1, 2, 3),
    t as (
      select l.cell_id, l.metric_number, l.day, sum(l.units)::bigint as units, sum(l.due)::bigint as due,
        sum(l.n)::bigint as n, sum(l.own_n)::bigint as own_n,
        ${sql.join([...means, ...products], sql`,\n        `)}
      from l inner join c using (cell_id, metric_number, day)
      group by 1, 2, 3)
    select k.experiment, k.arm, k.segment_name, k.segment_value, k.stratum, m.metric, ${dateOf(sql`t.day`)} as day,
      t.units, t.due - t.own_n as missing, t.own_n as n, coalesce(t.own_n * t.om1, 0) as sum, t.om1 as mean,
      t.oc11 / nullif(t.own_n - 1, 0) as variance, m.variables,
      (array[t.om1, t.om2])[1:m.outcomes] as outcome_means,
      case when m.outcomes = 1 then array[t.oc11] else array[t.oc11, t.oc12, t.oc22] end
        as outcome_centred_products,
      t.n as joint_n, (array[t.m1, t.m2, t.m3, t.m4])[1:m.count] as means,
      case m.count
        when 1 then array[t.c11]
        when 2 then array[t.c11, t.c12, t.c22]
        else array[t.c11, t.c12, t.c13, t.c14, t.c22, t.c23, t.c24, t.c33, t.c34, t.c44]
      end as centred_products
    from t
    inner join (values ${sql.join(facts, sql`, `)}) as m (metric_number, metric, variables, outcomes, count)
      using (metric_number)
    inner join (
      select distinct cell_id, experiment, arm, segment_name, segment_value, stratum from ${relationIdent(keys)}) as k
      using (cell_id)`
}

const emptyCells: SQLQuery = sql`
  select null::text as experiment, null::text as arm, null::text as segment_name, null::text as segment_value,
    null::text as stratum, null::text as metric, null::date as day, 0::bigint as units, 0::bigint as missing,
    0::bigint as n, 0::float8 as sum, 0::float8 as mean, 0::float8 as variance, null::text[] as variables,
    null::float8[] as outcome_means, null::float8[] as outcome_centred_products, 0::bigint as joint_n,
    null::float8[] as means, null::float8[] as centred_products
  where false`
