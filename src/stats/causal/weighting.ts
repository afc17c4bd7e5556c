import type { InferenceOptions } from '../inference.ts'
import { type Refusal, refuse } from '../refusal.ts'
import type { BinaryFit } from '../regression/binary-regression.ts'
import { weightedSums } from '../regression/design.ts'
import { type CausalEffect, effectOf, type PotentialMean } from './effect.ts'
import type { Target, TreatedUnits } from './units.ts'

/**
 * A unit's weight for a target, and its derivative by the propensity. Source: Hirano, Imbens, Ridder (2003); Li, Morgan,
 * Zaslavsky (2018), table 1.
 */
export function balancingWeight(
  target: Target,
  isTreated: boolean,
  e: number,
): { readonly weight: number; readonly slope: number } {
  switch (target) {
    case 'ate':
      return isTreated
        ? { weight: 1 / e, slope: -1 / e ** 2 }
        : { weight: 1 / (1 - e), slope: 1 / (1 - e) ** 2 }
    case 'att':
      return isTreated ? { weight: 1, slope: 0 } : { weight: e / (1 - e), slope: 1 / (1 - e) ** 2 }
    case 'atc':
      return isTreated ? { weight: (1 - e) / e, slope: -1 / e ** 2 } : { weight: 1, slope: 0 }
    case 'ato':
      return isTreated ? { weight: 1 - e, slope: -1 } : { weight: e, slope: 1 }
  }
}

export interface WeightingOptions extends InferenceOptions {
  readonly target?: Target
  /**
   * hajek divides by the sum of the weights (Stata's, and the one to use); horvitz_thompson by the number of units, and
   * only gives the average effect on all.
   */
  readonly form?: 'hajek' | 'horvitz_thompson'
}

/** What weights leave of the sample: the number of equally weighted units that would know as much (Kish 1965). */
export function effectiveSampleSize(weights: Iterable<number>): number {
  let [sum, squares] = [0, 0]
  for (const weight of weights) {
    sum += weight
    squares += weight * weight
  }
  return squares === 0 ? 0 : (sum * sum) / squares
}

/**
 * Inverse probability weighting, the propensity's own uncertainty counted in.
 *
 * Source: Horvitz and Thompson (1952); Hájek (1971); Lunceford and Davidian (2004), for the standard error. Refuses a
 * propensity of 0 or 1, and Horvitz–Thompson for other targets than all units.
 */
export function inverseProbabilityWeighting(
  units: TreatedUnits,
  propensity: BinaryFit,
  { target = 'ate', form = 'hajek', ...options }: WeightingOptions = {},
): CausalEffect | Refusal {
  if (form === 'horvitz_thompson' && target !== 'ate')
    return refuse('Horvitz and Thompson weight for the average effect on all units only')
  if (propensity.probabilities.some((e) => !(e > 0 && e < 1)))
    return refuse('no overlap: for some units the propensity is 0 or 1')
  return effectOf(
    weightedMean(units, propensity, true, target, form),
    weightedMean(units, propensity, false, target, form),
    options,
  )
}

function weightedMean(
  { n, treatment, outcome, propensityDesign }: TreatedUnits,
  propensity: BinaryFit,
  ofTreated: boolean,
  target: Target,
  form: 'hajek' | 'horvitz_thompson',
): PotentialMean {
  const weights = new Float64Array(n)
  const slopes = new Float64Array(n)
  let [total, sum] = [0, 0]
  for (let unit = 0; unit < n; unit++) {
    if ((treatment[unit] === 1) !== ofTreated) continue
    const { weight, slope } = balancingWeight(target, ofTreated, propensity.probabilities[unit]!)
    weights[unit] = weight
    slopes[unit] = slope * propensity.slopes[unit]!
    total += weight
    sum += weight * outcome[unit]!
  }
  const isHajek = form === 'hajek'
  const scale = isHajek ? total / n : 1
  const mean = sum / n / scale
  const influence = new Float64Array(n)
  const moves = new Float64Array(n)
  for (let unit = 0; unit < n; unit++) {
    const deviation = isHajek ? outcome[unit]! - mean : outcome[unit]!
    influence[unit] = (weights[unit]! * deviation) / scale - (isHajek ? 0 : mean)
    moves[unit] = (slopes[unit]! * deviation) / scale
  }
  propensity.addInfluence(
    influence,
    weightedSums(propensityDesign, moves).map((value) => value / n),
  )
  return { mean, influence }
}
