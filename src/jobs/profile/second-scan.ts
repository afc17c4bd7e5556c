import { type SQLQuery, sql } from '../../warehouse/index.ts'
import type { Bars } from './bars.ts'
import { columnKind, columnSql, numberSql, type ProfiledColumn, textSql } from './profiled-columns.ts'

/*
 * The second scan: what is asked of each column is read once and kept, and of each column the values alike are
 * counted. From these counts come distinct values, histograms, outliers and the most frequent values; the duplicates
 * of whole rows and of the key come from counting their hashes.
 *
 * Measured with one million rows of ten columns, seven of them with about as many values as rows: one count of all
 * entries of all columns took 31 s of the server's time, grouping sets as long, a count for each column takes 10.
 */

/** The entries of whole rows and of keys; columns are 1, 2, … */
export const wholeRow = 0
export const keyOfRow = -1

export interface SecondScan {
  readonly columns: readonly ProfiledColumn[]
  /** Those of the key; empty without one. */
  readonly key: readonly string[]
  /** For each column where its bars lie; null where it has none. */
  readonly bars: readonly (Bars | null)[]
}

/** A row of the answer: what of which column. */
export interface Finding {
  readonly what: 'values' | 'bar' | 'frequent'
  readonly id: number
  /** Of a bar: which one, from 1. */
  readonly bar: number | null
  /** Of a frequent value: itself. */
  readonly value: string | null
  /** Rows. */
  readonly count: number
  /** Of `values`: how many different ones, and how many rows lie outside the fences. */
  readonly distinct: number | null
  readonly below: number | null
  readonly above: number | null
}

const mostValues = 10

/** How many counts there are at the same time in the server's memory. */
export function countsOf({ columns, key }: Pick<SecondScan, 'columns' | 'key'>): number {
  return columns.length + 1 + (key.length > 0 ? 1 : 0)
}

/** The query that answers with findings. */
export function secondScan(from: SQLQuery, { columns, key, bars }: SecondScan): SQLQuery {
  const hashes = [
    { id: wholeRow, hash: sql`pg_catalog.md5((r.*)::text)::uuid` },
    ...(key.length > 0 ? [{ id: keyOfRow, hash: keyHash(key) }] : []),
  ]
  const counts = columns.map((column, index) => {
    const [kept, counted] = [sql.ident(`c${index + 1}`), sql.ident(`v${index + 1}`)]
    const [value, rows] = [sql.ident(column.name), sql.ident(rowsName(column))]
    return {
      entry: sql`${keptSql(column)} as ${kept}`,
      // Under the column's own name, by which it can be asked like the column.
      count: sql`${counted} as materialized (
        select ${kept} as ${value}, count(*) as ${rows} from seen where ${kept} is not null group by ${kept}
      )`,
      findings: [valueFindings(column, index + 1, bars[index] ?? null), frequentFindings(column, index + 1)],
    }
  })
  const entries = [
    ...hashes.map(({ hash }, index) => sql`${hash} as ${sql.ident(`h${index + 1}`)}`),
    ...counts.map(({ entry }) => entry),
  ]
  const duplicates = hashes.map(({ id }, index) => hashFindings(id, sql.ident(`h${index + 1}`)))
  const findings = [...duplicates, ...counts.flatMap((column) => column.findings)]
  const seen = sql`seen as materialized (select ${sql.join(entries, ', ')} from ${from})`
  return sql`
    with ${sql.join([seen, ...counts.map(({ count }) => count)], ', ')}
    ${sql.join(findings, sql` union all `)}
    order by 1, 2, 5 desc, 4
  `
}

function keyHash(key: readonly string[]): SQLQuery {
  const parts = key.map((name) => columnSql({ name }))
  const nullKey = sql.join(
    parts.map((part) => sql`${part} is null`),
    sql` or `,
  )
  return sql`case when not (${nullKey}) then pg_catalog.md5(row(${sql.join(parts, ', ')})::text)::uuid end`
}

/** What is counted: numbers and times as they are, everything else as written; long texts by beginning and hash. */
function keptSql(column: ProfiledColumn): SQLQuery {
  const kind = columnKind(column)
  if (kind === 'number' || kind === 'time' || kind === 'boolean') return columnSql(column)
  const text = sql`(${textSql(column)} collate "C")`
  return sql`
    case
      when octet_length(${text}) > 132 and length(${text}) > 132 then left(${text}, 101) || pg_catalog.md5(${text})
      else ${text}
    end
  `
}

/** The name of the counts beside the values of a column. */
function rowsName({ name }: ProfiledColumn): string {
  return name === 'n' ? 'rows' : 'n'
}

/** How many rows and different rows there are. */
function hashFindings(id: number, hash: SQLQuery): SQLQuery {
  return sql`(
    select 'values' as what, ${id}::int as id, null::int as bar, null as value,
      sum(n)::int8 as count, count(*) as distinct, null::int8 as below, null::int8 as above
    from (select count(*) as n from seen where ${hash} is not null group by ${hash}) as h
  )`
}

/** How many values a bar has, and how many lie outside the fences; the row without a bar is that of all. */
function valueFindings(column: ProfiledColumn, id: number, bars: Bars | null): SQLQuery {
  const rows = sql.ident('r', rowsName(column))
  const counted = sql.ident(`v${id}`)
  if (!bars)
    return sql`(
      select 'values', ${id}::int, null::int, null, sum(${rows})::int8, count(*), null::int8, null::int8
      from ${counted} as r
    )`
  const { lower, upper } = bars.fences ?? { lower: null, upper: null }
  const { value, finite } = numberSql(column)
  const barOf =
    bars.from < bars.to
      ? sql`least(width_bucket(number, ${bars.from}::float8, ${bars.to}::float8, ${bars.count}::int), ${bars.count}::int)`
      : sql`1`
  return sql`(
    select
      case when grouping(bar) = 1 then 'values' else 'bar' end, ${id}::int, bar, null,
      sum(n)::int8, count(*),
      (sum(n) filter (where side < 0))::int8,
      (sum(n) filter (where side > 0))::int8
    from (
      select
        n,
        case when number < ${lower}::float8 then -1 when number > ${upper}::float8 then 1 else 0 end as side,
        case
          when number between ${bars.from}::float8 and ${bars.to}::float8
            and not coalesce(number < ${lower}::float8 or number > ${upper}::float8, false)
          then ${barOf}
        end as bar
      from (
        select ${rows} as n, case when ${finite} then ${value} end as number from ${counted} as r
      ) as numbers
    ) as placed
    group by grouping sets ((bar), ())
    having grouping(bar) = 1 or bar is not null
  )`
}

function frequentFindings(column: ProfiledColumn, id: number): SQLQuery {
  const rows = sql.ident('r', rowsName(column))
  return sql`(
    select 'frequent', ${id}::int, null::int, case when length(value) > 132 then left(value, 100) || '...' else value end,
      n, null::int8, null::int8, null::int8
    from (
      select ${textSql(column)} collate "C" as value, ${rows} as n
      from ${sql.ident(`v${id}`)} as r
      where ${rows} > 1
      order by n desc, value
      limit ${mostValues}
    ) as most
  )`
}
