import { orderOf } from '../ordering/order-of.ts'
import { type Refusal, refuse } from '../refusal.ts'
import type { Design } from '../regression/design.ts'
import type { Target, TreatedUnits } from './units.ts'

/** The propensities that are kept, both inclusive. */
export interface TrimmingBounds {
  readonly lower: number
  readonly upper: number
}

/**
 * The bounds outside of which units make the estimate worse: those that give the smallest variance of the effect on the
 * units kept, when outcomes vary alike everywhere.
 *
 * For all units the kept ones are α ≤ e ≤ 1 − α with 1/(α(1 − α)) = 2·mean of 1/(e(1 − e)) over those kept; for the
 * treated only e ≤ 1 − α, for the others only α ≤ e. Source: Crump, Hotz, Imbens, Mitnik (2009), Biometrika 96, eq. 4
 * and theorem 1; the rule of thumb there is α = 0.1. Nothing is cut where all are below the bound already.
 */
export function optimalTrimming(
  propensities: Float64Array,
  target: Exclude<Target, 'ato'> = 'ate',
): TrimmingBounds {
  const values = propensities.map((e) =>
    target === 'ate' ? 1 / (e * (1 - e)) : target === 'att' ? 1 / (1 - e) : 1 / e,
  )
  // What is smallest over all cuts is Σ w·g / (Σ w)², w being the chance to be one of the target's.
  const order = orderOf(values)
  let [total, sum, best, bound] = [0, 0, Infinity, Infinity]
  for (let place = 0; place < order.length; place++) {
    const unit = order[place]!
    const e = propensities[unit]!
    const weight = target === 'ate' ? 1 : target === 'att' ? e : 1 - e
    total += weight
    sum += weight * values[unit]!
    const variance = sum / (total * total)
    if (variance >= best) continue
    best = variance
    bound = place + 1 === order.length ? Infinity : (2 * sum) / total
  }
  if (bound === Infinity) return { lower: 0, upper: 1 }
  if (target === 'att') return { lower: 0, upper: 1 - 1 / bound }
  if (target === 'atc') return { lower: 1 / bound, upper: 1 }
  const lower = (1 - Math.sqrt(1 - 4 / bound)) / 2
  return { lower, upper: 1 - lower }
}

/** The indexes of units whose propensity lies within the bounds, in ascending order. */
export function withinBounds(propensities: Float64Array, { lower, upper }: TrimmingBounds): Int32Array {
  const kept = new Int32Array(propensities.length)
  let size = 0
  for (let unit = 0; unit < propensities.length; unit++)
    if (propensities[unit]! >= lower && propensities[unit]! <= upper) kept[size++] = unit
  return kept.slice(0, size)
}

/** Some units out of all, with everything that is known of them. Refuses a choice that leaves an arm empty. */
export function selectUnits(units: TreatedUnits, chosen: Int32Array): TreatedUnits | Refusal {
  const treatment = Uint8Array.from(chosen, (unit) => units.treatment[unit]!)
  const treated = treatment.reduce((sum, value) => sum + value, 0)
  if (treated === 0) return refuse('no treated unit is left')
  if (treated === chosen.length) return refuse('no untreated unit is left')
  const outcomeDesign = selectRows(units.outcomeDesign, chosen)
  return {
    n: chosen.length,
    treatment,
    outcome: selectValues(units.outcome, chosen),
    outcomeDesign,
    propensityDesign:
      units.propensityDesign === units.outcomeDesign
        ? outcomeDesign
        : selectRows(units.propensityDesign, chosen),
  }
}

/** Some rows of a design. */
export function selectRows({ columns }: Design, rows: Int32Array): Design {
  return { n: rows.length, columns: columns.map((column) => selectValues(column, rows)) }
}

/** The values at these places. */
export function selectValues(values: Float64Array, places: Int32Array): Float64Array {
  const result = new Float64Array(places.length)
  for (let index = 0; index < places.length; index++) result[index] = values[places[index]!]!
  return result
}
