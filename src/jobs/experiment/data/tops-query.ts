import { type Session, type SQLQuery, sql } from '../../../warehouse/index.ts'
import { type CapBounds, cappedNumber } from './cells-query.ts'
import type { TopShare } from './evidence.ts'
import { type OutcomeVariables, outcomeKind } from './outcome-variables.ts'
import type { UnitsSource } from './units-source.ts'

/** Share of the units that count as the top. */
const topShare = 0.001
/** An extreme unit lies so many times beyond the least of this share of the units. */
const extremeFactor = 10
const extremeShare = 0.01

/**
 * Fetches how much of each outcome lies with the top units. The top of an outcome is found by keeping the largest
 * values only, not by sorting all.
 */
export async function fetchTops(
  session: Session,
  units: UnitsSource,
  variables: readonly OutcomeVariables[],
  bounds: CapBounds,
  n: number,
): Promise<TopShare[]> {
  const numbers = variables.filter(({ outcome }) => ['mean', 'ratio'].includes(outcomeKind(outcome)))
  if (numbers.length === 0 || n === 0) return []
  const top = Math.max(1, Math.round(n * topShare))
  const list = Math.max(top, Math.round(n * extremeShare))
  const queries = numbers.map((one) => topQuery(units, one, bounds, { top, list }))
  const { rows } = await session.query<Record<string, string | number>>(
    sql`${sql.join(queries, sql` union all `)} order by 1, 2`,
  )
  return rows.map((row) => ({
    outcome: String(row.outcome),
    arm: String(row.arm),
    units: Number(row.units),
    total: Number(row.total),
    topUnits: Number(row.top_units),
    topTotal: Number(row.top_total),
    extremeUnits: Number(row.extreme_units),
    extremeTotal: Number(row.extreme_total),
  }))
}

function topQuery(
  units: UnitsSource,
  { outcome, columns }: OutcomeVariables,
  bounds: CapBounds,
  { top, list }: { readonly top: number; readonly list: number },
): SQLQuery {
  const value = cappedNumber(outcome, columns[0]!, units.types, bounds)
  const arm = sql`unit.${sql.ident(units.arm)}::text`
  const isTop = sql`listed.place <= ${top}::bigint`
  // Where fewer units than that have anything, nothing is so many times what they have.
  const isExtreme = sql`least.value > 0 and listed.value > ${extremeFactor}::float8 * least.value`
  return sql`
    (with listed as materialized (
      select ${arm} as arm, ${value} as value, row_number() over (order by ${value} desc) as place
      from ${units.from} as unit
      where ${value} is not null
      order by ${value} desc
      limit ${list}::bigint
    ), arms as (
      select ${arm} as arm, count(${value}) as units, coalesce(sum(${value}), 0) as total
      from ${units.from} as unit
      group by 1
    )
    select
      ${outcome.name}::text as outcome,
      arms.arm,
      arms.units,
      arms.total,
      count(*) filter (where ${isTop}) as top_units,
      coalesce(sum(listed.value) filter (where ${isTop}), 0) as top_total,
      count(*) filter (where ${isExtreme}) as extreme_units,
      coalesce(sum(listed.value) filter (where ${isExtreme}), 0) as extreme_total
    from arms
    cross join (select min(value) as value from listed) as least
    left join listed on arms.arm = listed.arm
    group by arms.arm, arms.units, arms.total)`
}
