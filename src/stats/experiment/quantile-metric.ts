import { criticalValue, defaultCiLevel } from '../inference.ts'
import { type Refusal, refuse } from '../refusal.ts'
import type { ArmMoments } from './arm-moments.ts'

/** What a warehouse returns of one arm for a quantile metric. */
export interface QuantileSample {
  /** Values (units, or events). */
  readonly n: number
  /** Which quantile, in (0, 1). */
  readonly level: number
  /** The sample quantile. */
  readonly quantile: number
  /** Sample quantiles at the two levels of `quantileBounds`. */
  readonly lower: number
  readonly upper: number
  /** The number of values with which the levels were computed, if not `n`. */
  readonly levelsN?: number
  /**
   * Where values are events of units: the variance of the indicator 1{value ≤ quantile} when clustered by
   * unit, over its variance when independent; 1 if not given.
   */
  readonly clusterFactor?: number
}

/**
 * The levels of the two order statistics around a quantile, from which its variance is estimated.
 *
 * Source: Deng, Knoblich, Lu (2018), "Applying the delta method in metric analytics", KDD, section 4.2.
 */
export function quantileBounds(
  level: number,
  n: number,
  ciLevel = defaultCiLevel,
): { readonly lower: number; readonly upper: number } {
  const halfWidth = criticalValue(ciLevel) * Math.sqrt((level * (1 - level)) / n)
  return { lower: Math.max(0, level - halfWidth), upper: Math.min(1, level + halfWidth) }
}

/**
 * A quantile as if it were a mean per unit: the estimators for means then serve quantiles (use the normal
 * reference).
 *
 * Inputs: the sample quantile of one arm and those at the levels of `quantileBounds` with the same ciLevel.
 * Refuses fewer than 2 values, bounds out of order, and bounds that coincide (too many equal values around
 * the quantile). Source: Deng, Knoblich, Lu (2018), section 4.2, as refined by Yao, Li, Lu (2024), arXiv
 * 2401.14549: the variance of the quantile is ((upper − lower) / 2z)², times the cluster factor.
 */
export function quantileMoments(sample: QuantileSample, ciLevel = defaultCiLevel): ArmMoments | Refusal {
  const { n, quantile, lower, upper, levelsN = n, clusterFactor = 1 } = sample
  if (!(n >= 2)) return refuse(`too few units: there are ${n} values, and at least 2 are needed`)
  if (!(lower <= quantile && quantile <= upper)) return refuse('the bounds do not enclose the quantile')
  if (lower === upper) return refuse('zero variance: the values around the quantile are all the same')
  const stdError = (upper - lower) / (2 * criticalValue(ciLevel))
  const varianceOfQuantile = (levelsN / n) * ((n - 1) / n) * stdError * stdError * clusterFactor
  return { n, mean: quantile, variance: varianceOfQuantile * n }
}
