import type { ExperimentOutcome } from '../../../core/experiment-spec.ts'
import { type SQLQuery, sql } from '../../../warehouse/index.ts'
import type { OutcomeVariables } from './outcome-variables.ts'
import type { ColumnTypes, UnitsSource } from './units-source.ts'

/*
 * The cells of an experiment over a units' relation come from one grouped query: for each arm, segment and stratum the
 * counts, means, variances and covariances of every outcome and its covariates.
 */

/** The bounds of outcomes that are capped, by the outcome's name. */
export type CapBounds = ReadonlyMap<string, { readonly lower?: number; readonly upper?: number }>

/**
 * The query. Segments and strata are unrolled beside each unit instead of by grouping sets, which Citus refuses; the
 * aggregates are float8, which Postgres computes by the Youngs–Cramer update (no cancelling sums of squares) and
 * Citus merges on the workers.
 */
export function cellsQuery(
  units: UnitsSource,
  variables: readonly OutcomeVariables[],
  bounds: CapBounds,
): SQLQuery {
  const aggregates = variables.flatMap((one, index) => aggregatesOf(one, index, units.types, bounds))
  const scopes = [
    sql`(null::text, null::text, null::text)`,
    ...units.segments.map((name) => sql`(${name}, unit.${sql.ident(name)}::text, null)`),
    ...(units.stratum === null ? [] : [sql`(null, null, ${units.stratum})`]),
  ]
  return sql`
    select
      unit.${sql.ident(units.arm)}::text as arm,
      scope.segment_name,
      scope.segment_value,
      scope.stratum,
      count(*) as units,
      ${sql.join(aggregates, sql`,\n      `)}
    from ${units.from} as unit
    cross join lateral (values ${sql.join(scopes, sql`, `)}) as scope (segment_name, segment_value, stratum)
    group by 1, 2, 3, 4
    order by 1, 2, 3, 4`
}

/** The sample quantiles that caps are made of, one column each, or nothing where no cap needs one. */
export function capQuantilesQuery(
  units: UnitsSource,
  variables: readonly OutcomeVariables[],
): SQLQuery | undefined {
  const columns = variables.flatMap(({ outcome: { cap }, columns: [column] }, index) =>
    (['lower', 'upper'] as const).flatMap((side) => {
      const quantile = cap?.[`${side}Quantile`]
      if (quantile === undefined) return []
      const value = asFiniteNumber(column!, units.types)
      return [
        sql`percentile_cont(${quantile}::float8) within group (order by ${value}) as ${sql.ident(`${side}_${index}`)}`,
      ]
    }),
  )
  if (columns.length === 0) return undefined
  return sql`select ${sql.join(columns, sql`, `)} from ${units.from} as unit`
}

/** The value of a column of `unit` as float8. */
export function asNumber(column: string, types: ColumnTypes): SQLQuery {
  const value = sql`unit.${sql.ident(column)}`
  return types.get(column) === 'boolean' ? sql`${value}::int::float8` : sql`${value}::float8`
}

/** The same, and null where it is no finite number: whose sum would be none is missing, to sums and rows alike. */
export function asFiniteNumber(column: string, types: ColumnTypes): SQLQuery {
  const value = asNumber(column, types)
  if (/^(boolean|smallint|integer|bigint)/.test(types.get(column) ?? '')) return value
  // NaN is above infinity.
  return sql`case when ${value} > '-Infinity'::float8 and ${value} < 'Infinity'::float8 then ${value} end`
}

/** The outcome within its bounds: of a ratio, those of the numerator. */
export function cappedNumber(
  { name }: ExperimentOutcome,
  column: string,
  types: ColumnTypes,
  bounds: CapBounds,
): SQLQuery {
  const { lower, upper } = bounds.get(name) ?? {}
  let value = asFiniteNumber(column, types)
  // `least` and `greatest` pass over nulls; a missing outcome stays missing.
  if (upper !== undefined)
    value = sql`case when ${asFiniteNumber(column, types)} > ${upper}::float8 then ${upper}::float8 else ${value} end`
  if (lower !== undefined)
    value = sql`case when ${asFiniteNumber(column, types)} < ${lower}::float8 then ${lower}::float8 else ${value} end`
  return value
}

/** Bounds of the covariates are those of the outcome that they foretell: the same quantity, measured before. */
function aggregatesOf(
  { outcome, columns, own }: OutcomeVariables,
  index: number,
  types: ColumnTypes,
  bounds: CapBounds,
): SQLQuery[] {
  const named = (aggregate: SQLQuery, name: string): SQLQuery =>
    sql`${aggregate} as ${sql.ident(`${name}_${index}`)}`
  const values = columns.map((column, place) =>
    place % own === 0 ? cappedNumber(outcome, column, types, bounds) : asFiniteNumber(column, types),
  )
  const outcomeOnly = momentsOf(values.slice(0, own)).map(([aggregate, name]) =>
    named(aggregate, `o_${name}`),
  )
  if (columns.length === own) return outcomeOnly
  const allKnown = sql.join(
    columns.map((column) => sql`${asFiniteNumber(column, types)} is not null`),
    sql` and `,
  )
  const withCovariates =
    columns.length === 2
      ? momentsOf(values)
      : momentsOf(values).map(
          ([aggregate, name]) => [sql`${aggregate} filter (where ${allKnown})`, name] as const,
        )
  return [...outcomeOnly, ...withCovariates.map(([aggregate, name]) => named(aggregate, `a_${name}`))]
}

/**
 * Counts, means and centred second moments. Of two variables they are all read from one transition state, which
 * counts only units that have both.
 */
function momentsOf(values: readonly SQLQuery[]): (readonly [SQLQuery, string])[] {
  if (values.length === 2) {
    const [y, x] = values as [SQLQuery, SQLQuery]
    return [
      [sql`regr_count(${y}, ${x})`, 'n'],
      [sql`regr_avgy(${y}, ${x})`, 'm0'],
      [sql`regr_avgx(${y}, ${x})`, 'm1'],
      [sql`regr_syy(${y}, ${x})`, 's0_0'],
      [sql`regr_sxy(${y}, ${x})`, 's0_1'],
      [sql`regr_sxx(${y}, ${x})`, 's1_1'],
    ]
  }
  return [
    [sql`count(${values[0]!})`, 'n'],
    ...values.map((value, i) => [sql`avg(${value})`, `m${i}`] as const),
    ...values.flatMap((a, i) =>
      values
        .slice(i)
        .map((b, step) =>
          step === 0
            ? ([sql`var_samp(${a})`, `v${i}_${i}`] as const)
            : ([sql`covar_samp(${a}, ${b})`, `v${i}_${i + step}`] as const),
        ),
    ),
  ]
}
