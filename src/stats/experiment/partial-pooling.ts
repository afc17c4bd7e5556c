import { isRefused, type Refusal } from '../refusal.ts'
import type { PointEstimate } from './confidence-sequence.ts'
import { effectHeterogeneity } from './heterogeneity.ts'

/** A segment's effect drawn towards that of all. */
export interface ShrunkenEstimate extends PointEstimate {
  /** Share of the way from its own estimate to the common one, on average over what is believed of the spread. */
  readonly shrinkage: number
}

/** Points at which the spread is looked at; the integrand is smooth, so that this gives some eight digits. */
const points = 512

/**
 * Effects of segments by partial pooling: each is drawn towards the mean of all, the more the less it is known.
 *
 * Inputs: as `effectHeterogeneity`. Effects are taken to vary about μ with variance τ²; μ has a flat prior, and τ² one that makes the
 * shrinkage s²/(s² + τ²) of a typical segment (s² the harmonic mean of the squared standard errors) uniform between 0
 * and 1. Returns posterior means and standard deviations, both averaged over τ by quadrature: with few segments an estimate
 * of τ² is often 0 though they differ, and errors that take it for known are too small. Use it to rank and to target, where the
 * largest of many noisy estimates would mislead; not to test. Refuses what `effectHeterogeneity` does. Source: the
 * hierarchical normal model (Gelman et al. 2013, Bayesian Data Analysis, §5.4); the prior Daniels (1999), Can. J. Stat. 27.
 */
export function partialPooling(estimates: readonly PointEstimate[]): readonly ShrunkenEstimate[] | Refusal {
  const test = effectHeterogeneity(estimates)
  if (isRefused(test)) return test
  const variances = estimates.map(({ stdError }) => stdError * stdError)
  const typical = variances.length / variances.reduce((sum, variance) => sum + 1 / variance, 0)
  const fits = Array.from({ length: points }, (_, point) => {
    // With B = u² the integrand has no steep end where two segments alone leave the spread open.
    const u = (point + 0.5) / points
    return conditionalFit(estimates, variances, typical / (u * u) - typical, Math.log(u))
  })
  const highest = Math.max(...fits.map(({ logWeight }) => logWeight))
  const weights = fits.map(({ logWeight }) => Math.exp(logWeight - highest))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const average = (of: (fit: ConditionalFit) => number): number =>
    fits.reduce((sum, fit, point) => sum + weights[point]! * of(fit), 0) / total
  return estimates.map((_, segment) => {
    const estimate = average(({ means }) => means[segment]!)
    const variance = average((fit) => fit.variances[segment]! + (fit.means[segment]! - estimate) ** 2)
    return {
      estimate,
      stdError: Math.sqrt(variance),
      shrinkage: average(({ shrinkages }) => shrinkages[segment]!),
    }
  })
}

/** What is believed of the segments if the spread is this. */
interface ConditionalFit {
  readonly logWeight: number
  readonly means: readonly number[]
  readonly variances: readonly number[]
  readonly shrinkages: readonly number[]
}

function conditionalFit(
  estimates: readonly PointEstimate[],
  variances: readonly number[],
  between: number,
  logStep: number,
): ConditionalFit {
  const precisions = variances.map((variance) => 1 / (variance + between))
  const precision = precisions.reduce((sum, each) => sum + each, 0)
  const mean = estimates.reduce((sum, { estimate }, at) => sum + precisions[at]! * estimate, 0) / precision
  const shrinkages = variances.map((variance, at) => variance * precisions[at]!)
  const logLikelihood = estimates.reduce(
    (sum, { estimate }, at) =>
      sum + (Math.log(precisions[at]!) - precisions[at]! * (estimate - mean) ** 2) / 2,
    -Math.log(precision) / 2,
  )
  return {
    logWeight: logLikelihood + logStep,
    means: estimates.map(({ estimate }, at) => mean + (1 - shrinkages[at]!) * (estimate - mean)),
    variances: variances.map(
      (variance, at) => (1 - shrinkages[at]!) * variance + shrinkages[at]! ** 2 / precision,
    ),
    shrinkages,
  }
}
