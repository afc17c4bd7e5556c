import { type SQLQuery, sql, unsafeSql } from '../../warehouse/index.ts'
import { columnKind, columnSql, hasRange, numberSql, type ProfiledColumn } from './profiled-columns.ts'

/*
 * The first scan: counts, ranges, moments and quantiles of every column in one select. Each column is one JSON
 * value, since a select has 1664 entries at most.
 */

/** What the first scan says of a column; what does not apply is not there. */
export interface ColumnSummary {
  readonly present: number
  readonly empty?: number
  readonly min?: string | null
  readonly max?: string | null
  readonly finite?: number
  readonly mean?: number | null
  readonly stdDev?: number | null
  readonly zeros?: number
  readonly negatives?: number
  /** The least, the quantiles at 5, 25, 50, 75, 95 percent and the greatest. */
  readonly quantiles?: readonly number[] | null
  readonly minLength?: number | null
  readonly meanLength?: number | null
  readonly maxLength?: number | null
  readonly trueCount?: number
}

/** The select whose one row has `rows` and `c1`, `c2` … of the columns. */
export function firstScan(from: SQLQuery, columns: readonly ProfiledColumn[]): SQLQuery {
  const entries = columns.map((column, index) => sql`${summarySql(column)} as ${sql.ident(`c${index + 1}`)}`)
  return sql`select ${sql.join([sql`count(*) as rows`, ...entries], ', ')} from ${from}`
}

function summarySql(column: ProfiledColumn): SQLQuery {
  const name = columnSql(column)
  const kind = columnKind(column)
  const pairs = [entry('present', sql`count(${name})`)]
  if (hasRange(column)) {
    // Texts by their bytes: the order of a language costs several times as much.
    const value = kind === 'text' ? sql`${name}::text collate "C"` : name
    pairs.push(entry('min', sql`min(${value})::text`), entry('max', sql`max(${value})::text`))
  }
  if (kind === 'number' || kind === 'time') pairs.push(...numberEntries(column))
  if (kind === 'text') pairs.push(...textEntries(name))
  if (kind === 'boolean') pairs.push(entry('trueCount', sql`count(*) filter (where ${name})`))
  return sql`json_build_object(${sql.join(pairs, ', ')})`
}

function numberEntries(column: ProfiledColumn): SQLQuery[] {
  const { value, finite } = numberSql(column)
  const whereFinite = sql`filter (where ${finite})`
  const shared = [
    entry('finite', sql`count(*) ${whereFinite}`),
    entry(
      'quantiles',
      sql`percentile_cont(array[0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]) within group (order by ${value}) ${whereFinite}`,
    ),
  ]
  if (columnKind(column) === 'time') return shared
  const name = columnSql(column)
  return [
    ...shared,
    entry('mean', sql`avg(${value}) ${whereFinite}`),
    entry('stdDev', sql`stddev_samp(${value}) ${whereFinite}`),
    entry('zeros', sql`count(*) filter (where ${name} = 0)`),
    entry('negatives', sql`count(*) filter (where ${name} < 0)`),
  ]
}

function textEntries(name: SQLQuery): SQLQuery[] {
  return [
    entry('empty', sql`count(*) filter (where pg_catalog.btrim(${name}::text, E' \\t\\r\\n') = '')`),
    entry('minLength', sql`min(length(${name}::text))`),
    entry('meanLength', sql`avg(length(${name}::text))::float8`),
    entry('maxLength', sql`max(length(${name}::text))`),
  ]
}

/** A key and its value in the JSON of a column; the keys are those above. */
function entry(key: keyof ColumnSummary, value: SQLQuery): SQLQuery {
  return sql`${unsafeSql(`'${key}'`)}, ${value}`
}
