import type { DriftSpec } from '../../../core/drift-spec.ts'
import { type Session, type SQLQuery, sql } from '../../../warehouse/index.ts'
import type { DriftPeriods } from '../drift-periods.ts'
import { type DriftSource, numberSql, textSql } from './drift-source.ts'
import type { ColumnCells } from './fetch-cells.ts'
import type { WatchedColumn } from './watched-columns.ts'

/** What one column has on one day, in all rows or in a segment. */
export interface DayCounts {
  readonly day: number
  readonly missing: number
  /** Which cells have rows, how many, and of numbers the sum of what they exceed the centre by. */
  readonly cells: readonly number[]
  readonly counts: readonly number[]
  readonly sums: readonly number[]
  /** Of numbers, the sum of the squares of the same. */
  readonly squares: number
}

/** The days of one column in one segment, in their order; days without rows are not there. */
export interface ColumnDays {
  readonly column: number
  readonly segmentName: string | null
  readonly segmentValue: string | null
  readonly days: readonly DayCounts[]
}

interface Row {
  readonly day: number
  readonly segment_name: string | null
  readonly segment_value: string | null
  readonly id: number
  readonly missing: number
  readonly cells: readonly number[]
  readonly counts: readonly number[]
  readonly sums: readonly number[]
  readonly squares: number | null
}

/**
 * Counts the rows of all columns and segments by day and cell in one scan. Rows are first put together by day, all
 * segments and cell, and that is what the segments are made of: an answer of one row for each column, segment and day.
 * Squares that are too small for a double count as nothing; the server would refuse them.
 */
export async function fetchDays(
  session: Session,
  source: DriftSource,
  { segments }: Pick<DriftSpec, 'segments'>,
  columns: readonly WatchedColumn[],
  cells: readonly ColumnCells[],
  { all }: DriftPeriods,
): Promise<ColumnDays[]> {
  const watched = columns.map((column, index) => cellSql(column, cells[index]!, index))
  const keys = segments.map((name, index) => ({
    own: sql`coalesce(source.${sql.ident(name)}::text, 'null') as ${sql.ident(`segment_${index}`)}`,
    key: sql.ident(`segment_${index}`),
    scope: sql`(${name}::text, cells.${sql.ident(`segment_${index}`)})`,
  }))
  const grouped = [sql`day`, ...keys.map(({ key }) => key), sql`id`, sql`cell`]
  const scopes = [sql`(null::text, null::text)`, ...keys.map(({ scope }) => scope)]
  const { rows } = await session.query<Row>(sql`
    with watched as (
      select
        ${sql.join([sql`${source.day} - '1970-01-01'::date as day`, ...keys.map(({ own }) => own)], sql`, `)},
        watched.id, watched.cell, watched.value
      from ${source.from(all)}
      cross join lateral (values ${sql.join(watched, sql`, `)}) as watched (id, cell, value)
    ), cells as materialized (
      select
        ${sql.join(grouped, sql`, `)},
        count(*) as rows, sum(value) as total,
        sum(case when abs(value) < 1e-150 then 0 else value * value end) as squares
      from watched
      group by ${sql.join(grouped, sql`, `)}
    ), scoped as (
      select
        cells.day, scope.segment_name, scope.segment_value, cells.id, cells.cell,
        sum(cells.rows) as rows, sum(cells.total) as total, sum(cells.squares) as squares
      from cells
      cross join lateral (values ${sql.join(scopes, sql`, `)}) as scope (segment_name, segment_value)
      group by 1, 2, 3, 4, 5
    )
    select
      day, segment_name, segment_value, id,
      coalesce(sum(rows) filter (where cell is null), 0)::float8 as missing,
      coalesce(array_agg(cell order by cell) filter (where cell is not null), '{}') as cells,
      coalesce(array_agg(rows::float8 order by cell) filter (where cell is not null), '{}') as counts,
      coalesce(array_agg(total order by cell) filter (where cell is not null), '{}') as sums,
      sum(squares) as squares
    from scoped
    group by day, segment_name, segment_value, id
    order by segment_name nulls first, segment_value collate "C", id, day`)
  // A segment has one value of the column that makes it.
  return gathered(rows).filter(({ column, segmentName }) => columns[column]!.column !== segmentName)
}

/** A column's number, the cell in which a row's value lies (null where it is missing), and a number above the centre. */
function cellSql(column: WatchedColumn, cells: ColumnCells, index: number): SQLQuery {
  if (cells.kind === 'numeric') {
    const value = numberSql(column)
    const cell = sql`case when ${value} is not null then width_bucket(${value}, ${cells.cuts}::float8[]) end`
    return sql`(${index}::int, ${cell}, ${value} - ${cells.center}::float8)`
  }
  const value = textSql(column)
  const cell = sql`coalesce(array_position(${cells.categories}::text[], ${value}) - 1, ${cells.categories.length}::int)`
  return sql`(${index}::int, case when ${value} is not null then ${cell} end, null::float8)`
}

function gathered(rows: readonly Row[]): ColumnDays[] {
  const found: (ColumnDays & { days: DayCounts[] })[] = []
  for (const row of rows) {
    const last = found.at(-1)
    const isSame =
      last &&
      last.column === row.id &&
      last.segmentName === row.segment_name &&
      last.segmentValue === row.segment_value
    const own = isSame
      ? last
      : { column: row.id, segmentName: row.segment_name, segmentValue: row.segment_value, days: [] }
    if (!isSame) found.push(own)
    own.days.push({
      day: row.day,
      missing: row.missing,
      cells: row.cells,
      counts: row.counts,
      sums: row.sums,
      squares: row.squares ?? 0,
    })
  }
  return found
}
