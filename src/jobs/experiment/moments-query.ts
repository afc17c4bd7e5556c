import type { ExperimentOutcome, ExperimentSpec } from '../../core/experiment-spec.ts'
import type { Relation } from '../../core/node.ts'
import type { ArmMoments } from '../../stats/index.ts'
import { relationIdent, type Session, type SQLQuery, sql } from '../../warehouse/index.ts'

/*
 * Everything that the methods need is a sum over units, so one grouped query fetches it: for each arm and
 * segment the count, mean and variance of every outcome and its covariance with the covariate.
 */

/** Sufficient statistics of one metric in one arm and segment. */
export interface MetricMoments {
  /** Over the units whose outcome is known. */
  readonly outcome: ArmMoments
  /** Over the units whose outcome and covariate are both known; null for a metric without covariate. */
  readonly withCovariate: ArmMoments | null
  /** Units whose outcome is null. */
  readonly missing: number
}

export interface ArmCell {
  readonly arm: string
  /** Null for the whole population. */
  readonly segmentName: string | null
  readonly segmentValue: string | null
  readonly units: number
  readonly metrics: Readonly<Record<string, MetricMoments>>
}

/** How a column becomes a float8: booleans count as 0 and 1. */
export type ColumnTypes = ReadonlyMap<string, string>

/** Fetches the cells of an experiment with one scan of its units. */
export async function fetchMoments(
  session: Session,
  spec: ExperimentSpec,
  units: Relation,
  types: ColumnTypes,
): Promise<ArmCell[]> {
  const { rows } = await session.query<Record<string, string | number | null>>(
    momentsQuery(spec, units, types),
  )
  return rows.map((row) => ({
    arm: String(row.arm),
    segmentName: row.segment_name === null ? null : String(row.segment_name),
    segmentValue: row.segment_value === null ? null : String(row.segment_value),
    units: Number(row.units),
    metrics: Object.fromEntries(
      spec.outcomes.map((metric, index) => [metric.name, readMoments(row, metric, index)]),
    ),
  }))
}

/**
 * The query. Segments are unrolled beside each unit instead of by grouping sets, which Citus refuses; the
 * aggregates are float8, which Postgres computes by the Youngs–Cramer update (no cancelling sums of squares) and
 * Citus merges on the workers.
 */
export function momentsQuery(spec: ExperimentSpec, units: Relation, types: ColumnTypes): SQLQuery {
  const aggregates = spec.outcomes.flatMap((metric, index) => metricAggregates(metric, index, types))
  const segments = [
    sql`(null::text, null::text)`,
    ...spec.segments.map((name) => sql`(${name}, unit.${sql.ident(name)}::text)`),
  ]
  return sql`
    select
      unit.${sql.ident(spec.data.arm)}::text as arm,
      segment.name as segment_name,
      segment.value as segment_value,
      count(*) as units,
      ${sql.join(aggregates, sql`,\n      `)}
    from ${relationIdent(units)} as unit
    cross join lateral (values ${sql.join(segments, sql`, `)}) as segment (name, value)
    group by 1, 2, 3
    order by 1, 2, 3`
}

function metricAggregates(metric: ExperimentOutcome, index: number, types: ColumnTypes): SQLQuery[] {
  const y = asNumber(outcomeColumn(metric), types)
  const named = (aggregate: SQLQuery, name: string): SQLQuery =>
    sql`${aggregate} as ${sql.ident(`${name}_${index}`)}`
  const outcome = [
    named(sql`count(${y})`, 'n'),
    named(sql`avg(${y})`, 'mean'),
    named(sql`var_samp(${y})`, 'variance'),
  ]
  if (metric.covariates.length === 0) return outcome
  const x = asNumber(metric.covariates[0]!, types)
  return [
    ...outcome,
    named(sql`regr_count(${y}, ${x})`, 'pair_n'),
    named(sql`regr_avgy(${y}, ${x})`, 'pair_mean'),
    named(sql`regr_avgx(${y}, ${x})`, 'covariate_mean'),
    named(sql`regr_syy(${y}, ${x})`, 'pair_syy'),
    named(sql`regr_sxx(${y}, ${x})`, 'covariate_sxx'),
    named(sql`regr_sxy(${y}, ${x})`, 'pair_sxy'),
  ]
}

function asNumber(column: string, types: ColumnTypes): SQLQuery {
  const value = sql`unit.${sql.ident(column)}`
  return types.get(column) === 'boolean' ? sql`${value}::int::float8` : sql`${value}::float8`
}

function readMoments(
  row: Readonly<Record<string, string | number | null>>,
  metric: ExperimentOutcome,
  index: number,
): MetricMoments {
  const read = (name: string): number => Number(row[`${name}_${index}`] ?? Number.NaN)
  const outcome = { n: read('n'), mean: read('mean'), variance: read('variance') }
  const missing = Number(row.units) - outcome.n
  if (metric.covariates.length === 0) return { outcome, withCovariate: null, missing }
  const n = read('pair_n')
  const withCovariate: ArmMoments = {
    n,
    mean: read('pair_mean'),
    variance: read('pair_syy') / (n - 1),
    covariateMean: read('covariate_mean'),
    covariateVariance: read('covariate_sxx') / (n - 1),
    covariance: read('pair_sxy') / (n - 1),
  }
  return { outcome, withCovariate, missing }
}

/** The column of an outcome that is one. */
export function outcomeColumn({ name, source }: ExperimentOutcome): string {
  if ('column' in source) return source.column
  throw new Error(`outcome '${name}' is no column of the units`)
}
