import { type Session, type SQLQuery, sql } from '../../../warehouse/index.ts'
import type { DriftPeriods } from '../drift-periods.ts'
import { type DriftSource, numberSql, textSql } from './drift-source.ts'
import type { WatchedColumn } from './watched-columns.ts'

/*
 * The cells that the rows of each column are counted in, as the reference and the windows have them.
 */

/** A number's cells: what lies below the first cut, then from each cut to the next. */
export interface NumberCells {
  readonly kind: 'numeric'
  /** Values of the reference at its hundredths, and at its bins' edges. */
  readonly cuts: readonly number[]
  /** Which of the cuts are edges of bins. */
  readonly edges: readonly number[]
  /** Mean of the reference, from which sums are taken, so that no digits cancel. */
  readonly center: number
}

/** One cell for each category, and a last one for all others. */
export interface CategoryCells {
  readonly kind: 'categorical' | 'boolean'
  readonly categories: readonly string[]
}

export type ColumnCells = NumberCells | CategoryCells

/** Parts into which the reference is cut: the test of Kolmogorov and Smirnov errs by less than one of them. */
const parts = 100

/** Decides the cells of all columns, by one query for numbers and one for categories. */
export async function fetchCells(
  session: Session,
  source: DriftSource,
  columns: readonly WatchedColumn[],
  periods: DriftPeriods,
): Promise<ColumnCells[]> {
  const numbers = await fetchCuts(session, source, columns, periods)
  const categories = await fetchCategories(session, source, columns, periods)
  return columns.map((column, index): ColumnCells => {
    if (column.kind === 'numeric') return numbers.get(index)!
    if (column.kind === 'boolean') return { kind: 'boolean', categories: ['false', 'true'] }
    return { kind: 'categorical', categories: categories.get(index) ?? [] }
  })
}

async function fetchCuts(
  session: Session,
  source: DriftSource,
  columns: readonly WatchedColumn[],
  { reference }: DriftPeriods,
): Promise<Map<number, NumberCells>> {
  const numbers = columns.flatMap((column, index) => (column.kind === 'numeric' ? [{ column, index }] : []))
  if (numbers.length === 0) return new Map()
  const selected = numbers.flatMap(({ column, index }): SQLQuery[] => {
    const value = numberSql(column)
    return [
      sql`percentile_disc(${probabilities(column.bins)}::float8[]) within group (order by ${value}) as ${sql.ident(`cuts_${index}`)}`,
      sql`avg(${value}) as ${sql.ident(`mean_${index}`)}`,
    ]
  })
  const { rows } = await session.query<Record<string, readonly (number | null)[] | number | null>>(
    sql`select ${sql.join(selected, sql`, `)} from ${source.from(reference)}`,
  )
  const row = rows[0]!
  return new Map(
    numbers.map(({ column, index }) => {
      const all = ((row[`cuts_${index}`] ?? []) as readonly (number | null)[]).map((cut) =>
        cut === null ? null : Number(cut),
      )
      const known = all.filter((cut) => cut !== null)
      const cuts = [...new Set(known)].sort((a, b) => a - b)
      const edges = new Set(
        probabilities(column.bins).flatMap((share, place) =>
          isEdge(share, column.bins) && all[place] !== null && all[place] !== undefined ? [all[place]!] : [],
        ),
      )
      const cells: NumberCells = {
        kind: 'numeric',
        cuts,
        edges: cuts.flatMap((cut, place) => (edges.has(cut) ? [place] : [])),
        center: Number(row[`mean_${index}`] ?? 0),
      }
      return [index, cells] as const
    }),
  )
}

/** The shares of the reference below each cut. */
function probabilities(bins: number): number[] {
  const hundredths = Array.from({ length: parts - 1 }, (_, index) => (index + 1) / parts)
  const edges = Array.from({ length: bins - 1 }, (_, index) => (index + 1) / bins)
  return [...new Set([...hundredths, ...edges])].sort((a, b) => a - b)
}

function isEdge(share: number, bins: number): boolean {
  return Array.from({ length: bins - 1 }, (_, index) => (index + 1) / bins).includes(share)
}

/** The most frequent categories of the reference and of the longest window. */
async function fetchCategories(
  session: Session,
  source: DriftSource,
  columns: readonly WatchedColumn[],
  { reference, windows, all }: DriftPeriods,
): Promise<Map<number, string[]>> {
  const texts = columns.flatMap((column, index) => (column.kind === 'categorical' ? [{ column, index }] : []))
  if (texts.length === 0) return new Map()
  const longest = windows.at(-1)!
  const values = texts.map(
    ({ column, index }) => sql`(${index}::int, ${textSql(column)}, ${column.top}::int)`,
  )
  const within = ({ start, end }: { start: number; end: number }): SQLQuery =>
    sql`count(*) filter (where day >= '1970-01-01'::date + ${start}::int and day < '1970-01-01'::date + ${end}::int)`
  const { rows } = await session.query<{ id: number; category: string }>(sql`
    with counted as (
      select id, category, most, ${within(reference)} as reference_rows, ${within(longest)} as current_rows
      from (
        select ${source.day} as day, watched.id, watched.category, watched.most
        from ${source.from(all)}
        cross join lateral (values ${sql.join(values, sql`, `)}) as watched (id, category, most)
      ) as watched
      where category is not null
      group by id, category, most
    ), ranked as (
      select
        *,
        row_number() over (partition by id order by reference_rows desc, category collate "C") as reference_rank,
        row_number() over (partition by id order by current_rows desc, category collate "C") as current_rank
      from counted
    )
    select id, category
    from ranked
    where (reference_rank <= most and reference_rows > 0) or (current_rank <= most and current_rows > 0)
    order by id, reference_rows desc, current_rows desc, category collate "C"`)
  const found = new Map<number, string[]>()
  for (const { id, category } of rows) found.set(id, [...(found.get(id) ?? []), category])
  return found
}
