import type { Session } from '../../../warehouse/index.ts'
import type { CapBounds } from './cells-query.ts'
import type { SinceExposureCell } from './evidence.ts'
import { fetchCells } from './fetch-cells.ts'
import { type OutcomeVariables, outcomeKind } from './outcome-variables.ts'
import { ageColumn, type UnitsSource } from './units-source.ts'

/** The cells of units by how many days ago they were exposed; nothing where that is not known. */
export async function fetchSinceExposure(
  session: Session,
  units: UnitsSource,
  variables: readonly OutcomeVariables[],
  bounds: CapBounds,
): Promise<SinceExposureCell[]> {
  const means = variables.filter(({ outcome }) => outcomeKind(outcome) !== 'quantile')
  if (!units.hasAge || means.length === 0) return []
  const cells = await fetchCells(session, { ...units, segments: [ageColumn], stratum: null }, means, bounds)
  return cells.flatMap((cell) =>
    cell.segmentName === null || cell.segmentValue === null
      ? []
      : [{ ...cell, segmentName: null, segmentValue: null, daysSinceExposure: Number(cell.segmentValue) }],
  )
}
