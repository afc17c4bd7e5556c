import { type Refusal, refuse } from '../../refusal.ts'

/** Never treated. */
export const never = Infinity

/** Units seen in the same periods, each first treated in one of them or never, and treated from then on. */
export interface Panel {
  readonly units: number
  /** The periods, ascending; times may be any numbers. */
  readonly periods: readonly number[]
  /** Outcomes of the first unit period by period, then of the second, and so on. */
  readonly outcome: Float64Array
  /** Of each unit: the period in which it is first treated, `never` (Infinity) where it is not. */
  readonly firstTreated: Float64Array
  /** Of each unit, not moved by treatment (as of before it). */
  readonly covariates: readonly Float64Array[]
}

/** Rows of a panel in any order. */
export interface PanelRows {
  readonly unit: ArrayLike<number | string>
  readonly period: ArrayLike<number>
  readonly outcome: ArrayLike<number>
  /** First treated period; 0, null, NaN or Infinity for never. */
  readonly firstTreated: ArrayLike<number | null>
  readonly covariates?: readonly ArrayLike<number>[]
}

/**
 * A panel from rows, units in the order in which they first appear, covariates as of their first period.
 *
 * Refuses a unit that is seen twice in a period, not in all of them, or with two first treated periods, and outcomes
 * and covariates that are no numbers. Units treated before the second period say nothing of a change: they are kept, and left out by the methods.
 */
export function panelOf({
  unit,
  period,
  outcome,
  firstTreated,
  covariates = [],
}: PanelRows): Panel | Refusal {
  const rows = outcome.length
  const periods = [...new Set(Array.from(period))].sort((a, b) => a - b)
  const periodPlace = new Map(periods.map((value, place) => [value, place]))
  const unitPlace = new Map<number | string, number>()
  for (let row = 0; row < rows; row++)
    if (!unitPlace.has(unit[row]!)) unitPlace.set(unit[row]!, unitPlace.size)
  const units = unitPlace.size
  if (units * periods.length !== rows)
    return refuse(
      `the panel is not balanced: ${units} units and ${periods.length} periods, but ${rows} rows instead of ${units * periods.length}`,
    )
  const values = new Float64Array(rows).fill(Number.NaN)
  const groups = new Float64Array(units).fill(Number.NaN)
  const columns = covariates.map(() => new Float64Array(units))
  for (let row = 0; row < rows; row++) {
    const place = unitPlace.get(unit[row]!)!
    const at = periodPlace.get(period[row]!)!
    const cell = place * periods.length + at
    if (!Number.isNaN(values[cell]!))
      return refuse(`unit ${unit[row]} is seen twice in period ${period[row]}`)
    if (!Number.isFinite(outcome[row]!))
      return refuse(`unit ${unit[row]} has no outcome in period ${period[row]}`)
    values[cell] = outcome[row]!
    const group = groupOf(firstTreated[row]!)
    if (!Number.isNaN(groups[place]!) && groups[place] !== group)
      return refuse(`unit ${unit[row]} has two first treated periods`)
    groups[place] = group
    if (at > 0) continue
    for (const [index, column] of columns.entries()) {
      const value = covariates[index]![row]!
      if (!Number.isFinite(value))
        return refuse(`unit ${unit[row]} has no covariate ${index + 1} in the first period`)
      column[place] = value
    }
  }
  return { units, periods, outcome: values, firstTreated: groups, covariates: columns }
}

function groupOf(value: number | null): number {
  return value === null || value === 0 || Number.isNaN(value) ? never : value
}

/** The outcomes of all units in one period. */
export function outcomesAt({ units, periods, outcome }: Panel, place: number): Float64Array {
  const width = periods.length
  return Float64Array.from({ length: units }, (_, unit) => outcome[unit * width + place]!)
}
