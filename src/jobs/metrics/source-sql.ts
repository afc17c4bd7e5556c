import type { Measure, MetricSource } from '../../core/metrics-spec.ts'
import { type SQLQuery, sql, sqlLiteral } from '../../warehouse/index.ts'
import { isoDay } from './day-number.ts'
import type { PlannedMeasure } from './metrics-plan.ts'

/*
 * How rows of a source become days, instants and numbers. Statements that make tables take no parameters, so values
 * are constants here.
 */

/** The types of a relation's columns by name. */
export type ColumnTypes = ReadonlyMap<string, string>

/** A whole number as a constant. */
export function whole(value: number): SQLQuery {
  return sql`${sqlLiteral(String(value))}::int`
}

/** A number as a constant. */
export function float(value: number): SQLQuery {
  return sql`${sqlLiteral(String(value))}::float8`
}

/** The day number of a date. */
export function dayNumber(date: SQLQuery): SQLQuery {
  return sql`(${date} - date '1970-01-01')`
}

/** The date of a day number. */
export function dateOf(day: SQLQuery): SQLQuery {
  return sql`(date '1970-01-01' + ${day})`
}

/** The day number of an instant. */
export function dayOfInstant(instant: SQLQuery): SQLQuery {
  return dayNumber(sql`(${instant} at time zone 'UTC')::date`)
}

/** A column with a time as an instant; where it has no zone it is UTC. */
export function instantOf(column: SQLQuery, type: string | undefined): SQLQuery {
  return type === 'timestamp with time zone' ? column : sql`(${column}::timestamp at time zone 'UTC')`
}

/** The instant at which a day begins, as a constant that compares with a column of this type. */
export function startOfDay(day: number, type: string | undefined): SQLQuery {
  return instantLiteral(`${isoDay(day)} 00:00:00+00`, type)
}

/** An instant as a constant that compares with a column of this type, so that an index on it serves. */
export function instantLiteral(iso: string, type: string | undefined): SQLQuery {
  const instant = sql`${sqlLiteral(iso)}::timestamptz`
  return type === 'timestamp with time zone' ? instant : sql`(${instant} at time zone 'UTC')`
}

/** The day number of a row of a source. */
export function rowDay(source: MetricSource, types: ColumnTypes): SQLQuery {
  const name = source.day ?? source.time!
  const column = sql`r.${sql.ident(name)}`
  const type = types.get(name)
  if (type === 'date') return dayNumber(column)
  return dayOfInstant(instantOf(column, type))
}

/** The rows `r` of a source on days from `first` to `last`; of events, those before `asOf`. */
export function rowsBetween(
  source: MetricSource,
  types: ColumnTypes,
  { first, last, asOf }: { first: number; last: number; asOf: string },
): SQLQuery {
  const name = source.day ?? source.time!
  const column = sql`r.${sql.ident(name)}`
  const type = types.get(name)
  if (type === 'date')
    return sql`${column} >= ${sqlLiteral(isoDay(first))}::date and ${column} <= ${sqlLiteral(isoDay(last))}::date`
  const bounds = sql`${column} >= ${startOfDay(first, type)} and ${column} < ${startOfDay(last + 1, type)}`
  // A day that has not ended counts as far as it is known.
  return sql`${bounds} and ${column} < ${instantLiteral(asOfInstant(asOf), type)}`
}

/** An ISO date or timestamp as Postgres reads it in any time zone; without a zone it is UTC. */
export function asOfInstant(iso: string): string {
  return /(Z|[+-]\d{2}(:?\d{2})?)$/i.test(iso.slice(10)) ? iso : `${iso}+00`
}

/** The value of a row `r` as a float8, null where it does not count. */
export function rowValue({ column, where }: Measure, types: ColumnTypes): SQLQuery {
  const value = column === undefined ? sql`1::float8` : columnValue(column, types)
  return where ? sql`case when ${rowCondition(where)} then ${value} end` : value
}

function columnValue(name: string, types: ColumnTypes): SQLQuery {
  const column = sql`r.${sql.ident(name)}`
  return types.get(name) === 'boolean' ? sql`${column}::int::float8` : sql`${column}::float8`
}

function rowCondition({ column, values }: NonNullable<Measure['where']>): SQLQuery {
  const name = sql`r.${sql.ident(column)}`
  if (!values) return sql`${name}`
  const tests = values.map((value) => {
    switch (typeof value) {
      case 'string':
        return sql`${name}::text = ${sqlLiteral(value)}`
      case 'number':
        return sql`${name}::float8 = ${float(value)}`
      default:
        return sql`${name} = ${sqlLiteral(String(value))}::boolean`
    }
  })
  return sql`(${sql.join(tests, sql` or `)})`
}

/** Is this value a finite number? Postgres orders NaN above infinity. */
export function isFiniteSql(value: SQLQuery): SQLQuery {
  return sql`(${value} > '-infinity'::float8 and ${value} < 'infinity'::float8)`
}

/** Whether values of a column can be no finite numbers. */
export function canBeUnusable(column: string | undefined, types: ColumnTypes): boolean {
  return column !== undefined && /^(real|double precision|numeric)/.test(types.get(column) ?? '')
}

/**
 * What a row `r` adds to a measure; `guarded` where its values may be no finite numbers. Where they are not expected,
 * the sum of a unit that has one is no finite number either, which tells that they are there.
 */
export function rowAmount({ measure, as }: PlannedMeasure, types: ColumnTypes, guarded: boolean): SQLQuery {
  const value = rowValue(measure, types)
  switch (as) {
    case 'sum':
      return guarded
        ? sql`case when ${isFiniteSql(value)} then ${value} else 0 end`
        : sql`coalesce(${value}, 0)`
    case 'hits':
      return guarded
        ? sql`(${value} > 0 and ${isFiniteSql(value)})::int::float8`
        : canBeUnusable(measure.column, types)
          ? sql`coalesce((${value} > 0)::int::float8 + (${value} - ${value}), 0)`
          : sql`coalesce((${value} > 0)::int::float8, 0)`
    case 'unusable':
      return sql`coalesce((not ${isFiniteSql(value)})::int::float8, 0)`
  }
}
