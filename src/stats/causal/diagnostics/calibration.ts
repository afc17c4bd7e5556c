import { chiSquareSf } from '../../distributions/gamma.ts'
import { orderOf } from '../../ordering/order-of.ts'
import { type Refusal, refuse } from '../../refusal.ts'

/** Units with about the same predicted probability, and what became of them. */
export interface CalibrationBin {
  readonly n: number
  readonly lower: number
  readonly upper: number
  readonly meanPredicted: number
  /** Share that was treated. */
  readonly observed: number
}

export interface Calibration {
  /** From low to high propensity, equally large but for ties, which stay together. */
  readonly bins: readonly CalibrationBin[]
  /** Σ n·|observed − predicted| / Σ n over the bins. */
  readonly expectedError: number
  /** Mean squared error of the probabilities (Brier 1950). */
  readonly brierScore: number
  /** Chance that a treated unit has the higher propensity; 0.5 says nothing, 1 means no overlap. */
  readonly areaUnderCurve: number
  /** Hosmer and Lemeshow's χ² over the bins, its degrees of freedom (bins − 2) and p-value. */
  readonly hosmerLemeshow: number
  readonly degreesOfFreedom: number
  readonly pValue: number
}

/**
 * Whether propensities are the shares that they claim to be.
 *
 * Inputs: n probabilities and 1 where treated; 10 bins if not said otherwise. Source: Hosmer and Lemeshow (1980);
 * Naeini, Cooper, Hauskrecht (2015) for the expected error; Hanley and McNeil (1982) for the area, ties counting half.
 * The p-value is for probabilities fitted to the same units. Refuses units of one kind only.
 */
export function propensityCalibration(
  propensities: Float64Array,
  treatment: Uint8Array,
  { bins = 10 }: { readonly bins?: number } = {},
): Calibration | Refusal {
  const n = propensities.length
  const order = orderOf(propensities)
  const area = areaUnderCurve(propensities, treatment, order)
  if (Number.isNaN(area)) return refuse('all units are in one group')
  const found: CalibrationBin[] = []
  let from = 0
  while (from < n) {
    let to = Math.max(from + 1, Math.ceil(((found.length + 1) * n) / bins))
    while (to < n && propensities[order[to]!] === propensities[order[to - 1]!]) to++
    found.push(binOf(propensities, treatment, order.subarray(from, to)))
    from = to
  }
  let [error, statistic, squares] = [0, 0, 0]
  for (const { n: size, meanPredicted: p, observed } of found) {
    error += size * Math.abs(observed - p)
    statistic += (size * (observed - p) ** 2) / (p * (1 - p))
  }
  for (let unit = 0; unit < n; unit++) squares += (treatment[unit]! - propensities[unit]!) ** 2
  const degreesOfFreedom = found.length - 2
  return {
    bins: found,
    expectedError: error / n,
    brierScore: squares / n,
    areaUnderCurve: area,
    hosmerLemeshow: statistic,
    degreesOfFreedom,
    pValue: degreesOfFreedom > 0 ? chiSquareSf(statistic, degreesOfFreedom) : Number.NaN,
  }
}

function binOf(propensities: Float64Array, treatment: Uint8Array, units: Int32Array): CalibrationBin {
  let [predicted, treated] = [0, 0]
  for (const unit of units) {
    predicted += propensities[unit]!
    treated += treatment[unit]!
  }
  return {
    n: units.length,
    lower: propensities[units[0]!]!,
    upper: propensities[units.at(-1)!]!,
    meanPredicted: predicted / units.length,
    observed: treated / units.length,
  }
}

/** By ranks; NaN with units of one kind only. */
function areaUnderCurve(scores: Float64Array, treatment: Uint8Array, order: Int32Array): number {
  let [controls, treated, wins] = [0, 0, 0]
  for (let from = 0; from < order.length; ) {
    let to = from
    let [tiedTreated, tiedControls] = [0, 0]
    while (to < order.length && scores[order[to]!] === scores[order[from]!]) {
      if (treatment[order[to]!] === 1) tiedTreated++
      else tiedControls++
      to++
    }
    wins += tiedTreated * (controls + tiedControls / 2)
    controls += tiedControls
    treated += tiedTreated
    from = to
  }
  return controls > 0 && treated > 0 ? wins / controls / treated : Number.NaN
}
