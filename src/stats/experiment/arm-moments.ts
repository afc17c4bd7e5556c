import { type Refusal, refuse } from '../refusal.ts'

/**
 * The sufficient statistics of one arm: all that the methods of this folder need to know of its units.
 *
 * Variances and the covariance are those of the sample, with n − 1 below; a caller who wants p(1 − p) for a
 * proportion gives that instead (see `proportionMoments`).
 */
export interface ArmMoments {
  /** Units in the arm. */
  readonly n: number
  /** Mean of the outcome per unit. */
  readonly mean: number
  /** Variance of the outcome between units. */
  readonly variance: number
  /** Mean per unit of the pre-period covariate. */
  readonly covariateMean?: number
  /** Variance of the covariate between units. */
  readonly covariateVariance?: number
  /** Covariance of outcome and covariate. */
  readonly covariance?: number
}

/** An arm whose covariate is there. */
export type ArmMomentsWithCovariate = Required<ArmMoments>

/** Whether the arm has all three covariate moments. */
export function hasCovariate(arm: ArmMoments): arm is ArmMomentsWithCovariate {
  return (
    arm.covariateMean !== undefined && arm.covariateVariance !== undefined && arm.covariance !== undefined
  )
}

/**
 * The moments of two disjoint groups of units taken together.
 *
 * The covariate moments are there when both groups have them. Nothing is refused; an empty group changes
 * nothing. Source: Chan, Golub, LeVeque (1983), "Algorithms for computing the sample variance", with
 * the covariance alike (Pébay 2008). Stable for large means, since only differences of means are squared.
 */
export function mergeMoments(a: ArmMoments, b: ArmMoments): ArmMoments {
  if (a.n === 0) return b
  if (b.n === 0) return a
  const n = a.n + b.n
  const share = (a.n / n) * b.n
  const delta = b.mean - a.mean
  const merge = (varianceA: number, varianceB: number, product: number) =>
    (sumOfProducts(a.n, varianceA) + sumOfProducts(b.n, varianceB) + share * product) / (n - 1)
  const outcome = {
    n,
    mean: a.mean + (delta * b.n) / n,
    variance: merge(a.variance, b.variance, delta * delta),
  }
  if (!hasCovariate(a) || !hasCovariate(b)) return outcome
  const covariateDelta = b.covariateMean - a.covariateMean
  return {
    ...outcome,
    covariateMean: a.covariateMean + (covariateDelta * b.n) / n,
    covariateVariance: merge(a.covariateVariance, b.covariateVariance, covariateDelta * covariateDelta),
    covariance: merge(a.covariance, b.covariance, delta * covariateDelta),
  }
}

/** The variance of a single unit is undefined, its sum of squares 0. */
function sumOfProducts(n: number, variance: number): number {
  return n < 2 ? 0 : (n - 1) * variance
}

/** The moments of units given one by one, by two passes; `covariate` is as long as `outcome`. */
export function momentsOf(outcome: ArrayLike<number>, covariate?: ArrayLike<number>): ArmMoments {
  const n = outcome.length
  const mean = meanOf(outcome)
  const variance = meanProduct(outcome, mean, outcome, mean)
  if (!covariate) return { n, mean, variance }
  const covariateMean = meanOf(covariate)
  return {
    n,
    mean,
    variance,
    covariateMean,
    covariateVariance: meanProduct(covariate, covariateMean, covariate, covariateMean),
    covariance: meanProduct(outcome, mean, covariate, covariateMean),
  }
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0
  for (let index = 0; index < values.length; index++) sum += values[index]!
  return sum / values.length
}

function meanProduct(a: ArrayLike<number>, meanA: number, b: ArrayLike<number>, meanB: number): number {
  let sum = 0
  for (let index = 0; index < a.length; index++) sum += (a[index]! - meanA) * (b[index]! - meanB)
  return sum / (a.length - 1)
}

/** Sums over the units of an arm, as some warehouses keep them. */
export interface ArmSums {
  readonly n: number
  readonly sum: number
  readonly sumSquares: number
  readonly covariateSum?: number
  readonly covariateSumSquares?: number
  readonly sumProducts?: number
}

/**
 * The moments from plain sums.
 *
 * Only for sums that come from elsewhere: where the mean is large against the spread, Σy² − nȳ² cancels, and
 * moments computed in two passes should be given instead.
 */
export function momentsFromSums(sums: ArmSums): ArmMoments {
  const { n, sum, sumSquares, covariateSum, covariateSumSquares, sumProducts } = sums
  const centered = (product: number, a: number, b: number) => (product - (a * b) / n) / (n - 1)
  const outcome = { n, mean: sum / n, variance: centered(sumSquares, sum, sum) }
  if (covariateSum === undefined || covariateSumSquares === undefined || sumProducts === undefined)
    return outcome
  return {
    ...outcome,
    covariateMean: covariateSum / n,
    covariateVariance: centered(covariateSumSquares, covariateSum, covariateSum),
    covariance: centered(sumProducts, sum, covariateSum),
  }
}

/**
 * The moments of a yes/no outcome: `successes` of `n` units.
 *
 * The variance is p(1 − p)·n/(n − 1), as of any sample; `population` gives p(1 − p), which some tools use.
 */
export function proportionMoments(
  successes: number,
  n: number,
  variance: 'sample' | 'population' = 'sample',
): ArmMoments {
  const mean = successes / n
  return { n, mean, variance: mean * (1 - mean) * (variance === 'sample' ? n / (n - 1) : 1) }
}

/** Why these arms cannot be compared, if they cannot: too few units, or moments that are no numbers. */
export function checkArms(treatment: ArmMoments, control: ArmMoments): Refusal | undefined {
  for (const [name, arm] of [
    ['treatment', treatment],
    ['control', control],
  ] as const) {
    if (!(arm.n >= 2)) return refuse(`too few units: the ${name} arm has ${arm.n}, and at least 2 are needed`)
    if (!Number.isFinite(arm.mean)) return refuse(`the mean of the ${name} arm is not a finite number`)
    if (!(arm.variance >= 0 && arm.variance < Infinity))
      return refuse(`the variance of the ${name} arm is not a finite number of at least 0`)
  }
  if (treatment.variance === 0 && control.variance === 0)
    return refuse('zero variance: the outcome is the same for every unit of each arm')
  return undefined
}
