import type { BinaryFit } from '../regression/binary-regression.ts'
import { nearestRanges, type PlaceRanges, runningSums, type SortedArm } from './neighbours.ts'
import type { Target, TreatedUnits } from './units.ts'

export interface EstimatedScoreInput {
  readonly units: TreatedUnits
  readonly propensity: BinaryFit
  readonly score: Float64Array
  readonly arms: readonly [SortedArm, SortedArm]
  readonly target: Exclude<Target, 'ato'>
  readonly effect: number
  readonly neighbours: number
  readonly strata?: Int32Array
}

/**
 * What it changes that the propensity was estimated: the variance of the matched effect loses cᵀ·V·c and, for a target that
 * the propensity itself describes, gains dᵀ·V·d, with V the covariance of its coefficients.
 *
 * c is the mean of f·(cov₁/e + cov₀/(1 − e)) over units for the effect on all; for the treated that of
 * f·(cov₁ + cov₀·e/(1 − e)) plus d, over the share of treated; d is that of f·x·(difference − effect). Covariances of
 * covariates and outcome are among the nearest units of an arm. Source: Abadie and Imbens (2016), Econometrica 84,
 * theorems 1 and 2, and section 5 for the estimators.
 */
export function estimatedScoreTerms(input: EstimatedScoreInput): {
  readonly removed: readonly number[]
  readonly added: readonly number[]
} {
  const { units, propensity, score, arms, target, effect, neighbours, strata } = input
  const { n, outcome, treatment, propensityDesign } = units
  const all = Int32Array.from({ length: n }, (_, unit) => unit)
  const ranges = arms.map((arm) =>
    nearestRanges(arm, score, all, { count: neighbours, ...(strata && { strata }) }),
  ) as [PlaceRanges, PlaceRanges]
  let total = 0
  for (let unit = 0; unit < n; unit++)
    total += target === 'ate' ? 1 : target === 'att' ? treatment[unit]! : 1 - treatment[unit]!
  const outcomeSums = arms.map((arm) => runningSums(arm, (unit) => outcome[unit]!)) as [
    Float64Array,
    Float64Array,
  ]
  const meanIn = (arm: 0 | 1, sums: Float64Array, unit: number): number => {
    const [from, to] = [ranges[arm].first[unit]!, ranges[arm].last[unit]!]
    return to > from ? (sums[to]! - sums[from]!) / (to - from) : 0
  }
  const removed: number[] = []
  const added: number[] = []
  for (const column of propensityDesign.columns) {
    const columnSums = arms.map((arm) => runningSums(arm, (unit) => column[unit]!)) as [
      Float64Array,
      Float64Array,
    ]
    const productSums = arms.map((arm) => runningSums(arm, (unit) => column[unit]! * outcome[unit]!)) as [
      Float64Array,
      Float64Array,
    ]
    const covariance = (arm: 0 | 1, unit: number): number => {
      const size = ranges[arm].last[unit]! - ranges[arm].first[unit]!
      if (size < 2) return 0
      const product = meanIn(arm, productSums[arm], unit)
      const means = meanIn(arm, columnSums[arm], unit) * meanIn(arm, outcomeSums[arm], unit)
      return ((product - means) * size) / (size - 1)
    }
    let [together, slope] = [0, 0]
    for (let unit = 0; unit < n; unit++) {
      const e = propensity.probabilities[unit]!
      const f = propensity.slopes[unit]!
      const [fromTreated, fromControl] =
        target === 'ate' ? [1 / e, 1 / (1 - e)] : target === 'att' ? [1, e / (1 - e)] : [(1 - e) / e, 1]
      together += f * (covariance(1, unit) * fromTreated + covariance(0, unit) * fromControl)
      if (target !== 'ate') {
        const difference = meanIn(1, outcomeSums[1], unit) - meanIn(0, outcomeSums[0], unit)
        slope += (target === 'att' ? 1 : -1) * f * column[unit]! * (difference - effect)
      }
    }
    removed.push((together + slope) / total)
    added.push(slope / total)
  }
  return { removed, added }
}
