import { type SQLQuery, sql } from '../../warehouse/index.ts'
import type { Bars } from './bars.ts'
import { columnKind, columnSql, numberSql, type ProfiledColumn, textSql } from './profiled-columns.ts'

/*
 * The second scan: every row becomes one entry for each column, entries alike are counted, and from these counts
 * come distinct values, histograms, outliers and the most frequent values of all columns, and the duplicates of
 * whole rows and of the key, which are entries like the others.
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

/** The query that answers with findings. */
export function secondScan(from: SQLQuery, { columns, key, bars }: SecondScan): SQLQuery {
  const shown = bars.flatMap((each, index) => (each ? [{ ...each, id: index + 1 }] : []))
  return sql`
    with bars as (
      select *
      from unnest(
        ${shown.map(({ id }) => id)}::int[],
        ${shown.map((each) => each.from)}::float8[],
        ${shown.map((each) => each.to)}::float8[],
        ${shown.map(({ count }) => count)}::int[],
        ${shown.map(({ fences }) => fences?.lower ?? null)}::float8[],
        ${shown.map(({ fences }) => fences?.upper ?? null)}::float8[]
      ) as b (id, lower_end, upper_end, bars, lower_fence, upper_fence)
    ),
    counted as materialized (
      select e.id, e.value, e.number, count(*) as n
      from ${from}
      cross join lateral (values ${sql.join(entries(columns, key), ', ')}) as e (id, value, number)
      where e.value is not null
      group by e.id, e.value, e.number
    ),
    ranked as (
      select
        id,
        case when length(value) > 132 then left(value, 100) || '...' else value end as value,
        n,
        row_number() over (partition by id order by n desc, value collate "C") as place
      from counted
      where id > 0 and n > 1
    )
    select
      'values' as what, c.id, null::int as bar, null as value, sum(c.n)::int8 as count, count(*) as distinct,
      (sum(c.n) filter (where c.number < b.lower_fence))::int8 as below,
      (sum(c.n) filter (where c.number > b.upper_fence))::int8 as above
    from counted c
    left join bars b on b.id = c.id
    group by c.id
    union all
    select 'bar', c.id, p.bar, null, sum(c.n)::int8, null, null, null
    from counted c
    join bars b
      on b.id = c.id
      and c.number between b.lower_end and b.upper_end
      and (b.lower_fence is null or c.number between b.lower_fence and b.upper_fence)
    cross join lateral (
      select case
        when b.lower_end < b.upper_end
          then least(width_bucket(c.number, b.lower_end, b.upper_end, b.bars), b.bars)
        else 1
      end as bar
    ) as p
    group by c.id, p.bar
    union all
    select 'frequent', id, null, value, n, null, null, null
    from ranked
    where place <= ${mostValues}
    order by 1, 2, 5 desc, 4
  `
}

function entries(columns: readonly ProfiledColumn[], key: readonly string[]): SQLQuery[] {
  const parts = key.map((name) => columnSql({ name }))
  const nullKey = sql.join(
    parts.map((part) => sql`${part} is null`),
    sql` or `,
  )
  const keyEntries =
    parts.length === 0
      ? []
      : [
          sql`(
            ${keyOfRow}::int,
            case when not (${nullKey}) then pg_catalog.md5(row(${sql.join(parts, ', ')})::text) end,
            null::float8
          )`,
        ]
  return [
    sql`(${wholeRow}::int, pg_catalog.md5((r.*)::text), null::float8)`,
    ...keyEntries,
    ...columns.map((column, index) => columnEntry(column, index + 1)),
  ]
}

/** Long values are counted by their beginning and their hash. */
function columnEntry(column: ProfiledColumn, id: number): SQLQuery {
  const text = textSql(column)
  const kind = columnKind(column)
  const isShort = kind === 'number' || kind === 'time' || kind === 'boolean'
  const value = isShort
    ? text
    : sql`case when length(${text}) > 132 then left(${text}, 101) || pg_catalog.md5(${text}) else ${text} end`
  return sql`(${id}::int, ${value}, ${numberEntry(column)})`
}

function numberEntry(column: ProfiledColumn): SQLQuery {
  const kind = columnKind(column)
  if (kind !== 'number' && kind !== 'time') return sql`null::float8`
  const { value, finite } = numberSql(column)
  return sql`case when ${finite} then ${value} end`
}
