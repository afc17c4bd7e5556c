import { never } from '../../../stats/causal/panel/panel.ts'
import {
  type GroupProducts,
  momentsFromProducts,
  type PanelMoments,
} from '../../../stats/causal/panel/panel-moments.ts'
import { type SQLQuery, sql, sqlLiteral } from '../../../warehouse/index.ts'
import type { JobContext } from '../../job.ts'
import type { DidFacts } from '../did-data.ts'

/** Postgres allows 1664 columns of a result. */
const mostAggregates = 1500

/** The means of an outcome by group and period, and the products of what units add to them: all by Postgres. */
export async function fetchPanelMoments(
  session: JobContext['session'],
  facts: DidFacts,
  rows: SQLQuery,
  outcome: number,
): Promise<PanelMoments> {
  const width = facts.periods.length
  const cells = sql`
    select began, place, sum(w) as weight, sum(w * ${y(outcome)}) / sum(w) as mean
    from ${rows} as row
    group by began, place`
  const { rows: found } = await session.query<{ began: number; place: number; weight: number; mean: number }>(
    sql`select began, place, weight, mean from (${cells}) as cells`,
  )
  const groups = facts.groups.map(({ firstTreated, units }) => {
    const own = found.filter(({ began }) => began === (firstTreated ?? never))
    const at = (key: 'weight' | 'mean', place: number, none: number): number =>
      own.find((cell) => cell.place === place)?.[key] ?? none
    const places = facts.periods.map((_, index) => index + 1)
    return {
      ...{ firstTreated: firstTreated ?? never, units },
      weights: places.map((place) => at('weight', place, 0)),
      means: places.map((place) => at('mean', place, Number.NaN)),
    }
  })
  const products = await fetchProducts(session, facts, { rows, cells, outcome, width })
  return momentsFromProducts({
    periods: facts.periods.map(({ period }) => period),
    groups: groups.map((group): GroupProducts => ({ ...group, products: products.get(group.firstTreated)! })),
    rows: facts.rows,
    isBalanced: facts.isBalanced,
  })
}

interface Cells {
  readonly rows: SQLQuery
  readonly cells: SQLQuery
  readonly outcome: number
  readonly width: number
}

/**
 * Sums of products over the units of each group: of their shares in the means, those of later periods less that in the first, and of
 * their weights by period where these differ.
 */
async function fetchProducts(
  session: JobContext['session'],
  { isBalanced }: DidFacts,
  { rows, cells, outcome, width }: Cells,
): Promise<Map<number, number[][]>> {
  const places = Array.from({ length: width }, (_, index) => index + 1)
  const share = (place: number): SQLQuery =>
    sql`coalesce(sum(row.w * (row.${y(outcome)} - cell.mean) / cell.weight) filter (where row.place = ${sqlLiteral(String(place))}::int), 0)`
  const size = (place: number): SQLQuery =>
    sql`coalesce(sum(row.w) filter (where row.place = ${sqlLiteral(String(place))}::int), 0)`
  const inner = [
    ...places.map((place) => sql`${share(place)} as ${sql.ident(`u${place}`)}`),
    ...(isBalanced ? [] : places.map((place) => sql`${size(place)} as ${sql.ident(`n${place}`)}`)),
  ]
  const variables = [
    ...places.map((place) => (place === 1 ? sql.ident('u1') : sql`(${sql.ident(`u${place}`)} - u1)`)),
    ...(isBalanced ? [] : places.map((place) => sql.ident(`n${place}`))),
  ]
  const pairs = variables.flatMap((_, i) => variables.slice(0, i + 1).map((__, j) => [i, j] as const))
  const all = new Map<number, number[][]>()
  for (let from = 0; from < pairs.length; from += mostAggregates) {
    const some = pairs.slice(from, from + mostAggregates)
    const { rows: found } = await session.query<Record<string, number>>(sql`
      with cells as (${cells}),
      units as (
        select row.began, row.unit, ${sql.join(inner, sql`, `)}
        from ${rows} as row
        join cells as cell on cell.began = row.began and cell.place = row.place
        group by row.began, row.unit
      )
      select began, count(*)::float8 as n,
        ${sql.join(
          some.map(
            ([i, j]) =>
              sql`count(*) * (covar_pop(${variables[i]!}, ${variables[j]!}) + avg(${variables[i]!}) * avg(${variables[j]!})) as ${sql.ident(`p${i}_${j}`)}`,
          ),
          sql`, `,
        )}
      from units
      group by began`)
    for (const row of found) {
      const products = all.get(row['began']!) ?? emptyProducts(variables.length, isBalanced, row['n']!)
      all.set(row['began']!, products)
      for (const [i, j] of some) {
        products[i]![j] = row[`p${i}_${j}`]!
        products[j]![i] = row[`p${i}_${j}`]!
      }
    }
  }
  return all
}

/** Of a balanced panel every unit weighs 1 in each period, and what it adds to means sums to 0. */
function emptyProducts(variables: number, isBalanced: boolean, units: number): number[][] {
  const size = variables + (isBalanced ? 1 : 0)
  const products = Array.from({ length: size }, () => Array.from({ length: size }, () => 0))
  if (isBalanced) products[size - 1]![size - 1] = units
  return products
}

/** The outcome's column among the rows. */
export function y(outcome: number): SQLQuery {
  return sql.ident(`y${outcome}`)
}
