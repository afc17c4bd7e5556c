import { type Session, sql } from '../../../warehouse/index.ts'
import type { ExposureFacts } from './evidence.ts'
import type { UnitsSource } from './units-source.ts'

/** Counts the units of a relation that should hold each once, and those that it holds in several arms or rows. */
export async function fetchUnitFacts(session: Session, units: UnitsSource): Promise<ExposureFacts> {
  const { rows } = await session.query<Record<string, string>>(sql`
    select
      count(*) as units,
      count(*) filter (where per_unit.arms > 1) as crossovers,
      count(*) filter (where per_unit.arms = 1 and per_unit.rows > 1) as duplicates
    from (
      select
        unit.${sql.ident(units.unit)} as unit,
        count(*) as rows,
        case when min(unit.${sql.ident(units.arm)}::text) = max(unit.${sql.ident(units.arm)}::text) then 1 else 2 end as arms
      from ${units.from} as unit
      group by 1
    ) as per_unit`)
  const [row] = rows
  return {
    units: Number(row?.units ?? 0),
    crossovers: Number(row?.crossovers ?? 0),
    duplicates: Number(row?.duplicates ?? 0),
    exposedBefore: null,
  }
}
