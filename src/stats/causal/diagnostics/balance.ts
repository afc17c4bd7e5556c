import { orderOf } from '../../ordering/order-of.ts'

/** Which standard deviation a difference of means is counted in; the target's own, if not given. */
export type BalanceScale = 'treated' | 'control' | 'pooled'

/** How far one covariate differs between the treated and the others. */
export interface CovariateBalance {
  readonly meanTreated: number
  readonly meanControl: number
  /** (meanTreated − meanControl) in standard deviations; beyond 0.1 it is worth a look, beyond 0.25 a worry. */
  readonly standardizedDifference: number
  /** Weighted variance of the treated over that of the others; NaN for covariates of 0 and 1, whose mean says it all. */
  readonly varianceRatio: number
}

export interface BalanceOptions {
  /** Of each unit, 0 or more; all alike if not given: the balance before adjustment. */
  readonly weights?: Float64Array
  /** 'pooled' (for the effect on all) if not given; 'treated' for that on the treated, 'control' for the others. */
  readonly scale?: BalanceScale
}

/**
 * Standardized mean differences and variance ratios of covariates, before weighting or after.
 *
 * Inputs: n units, 1 where treated; covariates each of length n. The standard deviation is always that of the units
 * before weighting, so that weights which blow it up don't look like balance (Stuart 2010, Stat. Sci. 25); pooled is
 * √((s₁² + s₀²)/2) (Austin 2009). A weighted variance is Σw(x − x̄)²·Σw/((Σw)² − Σw²), as in MatchIt. A covariate that
 * does not vary has a difference of 0 where the means agree and NaN where not.
 */
export function covariateBalance(
  treatment: Uint8Array,
  covariates: readonly Float64Array[],
  { weights, scale = 'pooled' }: BalanceOptions = {},
): CovariateBalance[] {
  return covariates.map((covariate) => {
    const [treated, control] = [1, 0].map((arm) => armMoments(covariate, treatment, arm, weights)) as [
      ArmMoments,
      ArmMoments,
    ]
    const before = weights
      ? [1, 0].map((arm) => armMoments(covariate, treatment, arm).variance)
      : [treated.variance, control.variance]
    const spread = Math.sqrt(varianceFor(scale, before[0]!, before[1]!))
    const difference = treated.mean - control.mean
    return {
      meanTreated: treated.mean,
      meanControl: control.mean,
      standardizedDifference: difference === 0 ? 0 : spread > 0 ? difference / spread : Number.NaN,
      varianceRatio: isBinary(covariate) ? Number.NaN : treated.variance / control.variance,
    }
  })
}

function varianceFor(scale: BalanceScale, treated: number, control: number): number {
  return scale === 'treated' ? treated : scale === 'control' ? control : (treated + control) / 2
}

function isBinary(values: Float64Array): boolean {
  return values.every((value) => value === 0 || value === 1)
}

interface ArmMoments {
  readonly mean: number
  readonly variance: number
}

/** By two passes. */
function armMoments(
  values: Float64Array,
  treatment: Uint8Array,
  arm: number,
  weights?: Float64Array,
): ArmMoments {
  let [total, squares, sum] = [0, 0, 0]
  for (let unit = 0; unit < values.length; unit++) {
    if (treatment[unit] !== arm) continue
    const weight = weights ? weights[unit]! : 1
    total += weight
    squares += weight * weight
    sum += weight * values[unit]!
  }
  const mean = sum / total
  let deviations = 0
  for (let unit = 0; unit < values.length; unit++) {
    if (treatment[unit] !== arm) continue
    const deviation = values[unit]! - mean
    deviations += (weights ? weights[unit]! : 1) * deviation * deviation
  }
  return { mean, variance: (deviations * total) / (total * total - squares) }
}

/** How far the distribution of one covariate differs between the treated and the others. */
export interface DistributionDistance {
  /** Largest distance of the two (weighted) shares of units below a value. */
  readonly largest: number
  /** Mean distance over the values that occur. */
  readonly mean: number
}

/**
 * Distances of the empirical distribution functions of the treated and the others, as MatchIt's eCDF columns.
 *
 * Takes O(n log n). Source: Kolmogorov (1933); Ho, Imai, King, Stuart (2011), "MatchIt", summary.
 */
export function distributionDistance(
  treatment: Uint8Array,
  covariate: Float64Array,
  weights?: Float64Array,
): DistributionDistance {
  const totals = [0, 0]
  for (let unit = 0; unit < covariate.length; unit++)
    totals[treatment[unit]!]! += weights ? weights[unit]! : 1
  const order = orderOf(covariate)
  let [distance, largest, sum, count] = [0, 0, 0, 0]
  for (let place = 0; place < order.length; place++) {
    const unit = order[place]!
    const share = (weights ? weights[unit]! : 1) / totals[treatment[unit]!]!
    distance += treatment[unit] === 1 ? share : -share
    if (place + 1 < order.length && covariate[order[place + 1]!] === covariate[unit]) continue
    largest = Math.max(largest, Math.abs(distance))
    sum += Math.abs(distance)
    count++
  }
  return { largest, mean: sum / count }
}
