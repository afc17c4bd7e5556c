import { chiSquareSf } from '../distributions/gamma.ts'
import { type Inference, type InferenceOptions, waldInference } from '../inference.ts'
import { isRefused, type Refusal, refuse } from '../refusal.ts'
import type { PointEstimate } from './confidence-sequence.ts'

/** How much effects differ between disjoint groups of units. */
export interface Heterogeneity {
  /** Cochran's Q: squared deviations from the pooled effect in standard errors. */
  readonly q: number
  readonly degreesOfFreedom: number
  readonly pValue: number
  /** The share of the spread that is more than chance, I². */
  readonly iSquared: number
  /** Variance of the true effects between the groups (DerSimonian–Laird), not below 0. */
  readonly betweenVariance: number
  /** The effect pooled by inverse variance, as if it were the same in all groups. */
  readonly pooled: PointEstimate
}

/**
 * Tests whether an effect is the same in all groups (segments, strata, arms of another experiment).
 *
 * Inputs: independent estimates with their standard errors, on one scale. Refuses fewer than two and standard errors
 * that are not positive. With two groups Q is the square of the z of their difference. Source: Cochran (1954),
 * Biometrics 10; DerSimonian and Laird (1986), Controlled Clinical Trials 7; I² Higgins and Thompson (2002), Stat. Med. 21.
 */
export function effectHeterogeneity(effects: readonly PointEstimate[]): Heterogeneity | Refusal {
  if (effects.length < 2) return refuse('there is one group at most, so there is nothing to differ')
  const problem = checkErrors(effects)
  if (problem) return problem
  const weights = effects.map(({ stdError }) => 1 / (stdError * stdError))
  const sum = total(weights)
  const pooled = total(effects.map(({ estimate }, index) => weights[index]! * estimate)) / sum
  const q = total(effects.map(({ estimate }, index) => weights[index]! * (estimate - pooled) ** 2))
  const degreesOfFreedom = effects.length - 1
  const spread = sum - total(weights.map((weight) => weight * weight)) / sum
  return {
    q,
    degreesOfFreedom,
    pValue: chiSquareSf(q, degreesOfFreedom),
    iSquared: q > 0 ? Math.max(0, (q - degreesOfFreedom) / q) : 0,
    betweenVariance: Math.max(0, (q - degreesOfFreedom) / spread),
    pooled: { estimate: pooled, stdError: Math.sqrt(1 / sum) },
  }
}

/** An effect at a point in time. */
export interface EffectAt extends PointEstimate {
  readonly at: number
}

/** How effects change with time. */
export interface EffectTrend extends Inference {
  /** The line's value where `at` is 0. */
  readonly intercept: number
}

/**
 * Tests whether effects go up or down with time: the slope of the line through them, weighted by inverse variance.
 *
 * Inputs: estimates with standard errors, of disjoint groups of units, whose errors are independent; not the cumulative ones of
 * the same units day by day, which share theirs. Returns the slope per unit of `at`, two-sided. Refuses fewer than three points,
 * standard errors that are not positive and points that are all at one time. Source: weighted least squares with known
 * variances (Aitken 1936).
 */
export function effectTrend(
  effects: readonly EffectAt[],
  options: Pick<InferenceOptions, 'ciLevel'> = {},
): EffectTrend | Refusal {
  if (effects.length < 3) return refuse('a trend needs at least three points')
  const problem = checkErrors(effects)
  if (problem) return problem
  const weights = effects.map(({ stdError }) => 1 / (stdError * stdError))
  const sum = total(weights)
  const center = total(effects.map(({ at }, index) => weights[index]! * at)) / sum
  const mean = total(effects.map(({ estimate }, index) => weights[index]! * estimate)) / sum
  const spread = total(effects.map(({ at }, index) => weights[index]! * (at - center) ** 2))
  if (new Set(effects.map(({ at }) => at)).size < 2) return refuse('all points are at one time')
  const estimate =
    total(effects.map((effect, index) => weights[index]! * (effect.at - center) * (effect.estimate - mean))) /
    spread
  const inference = waldInference(estimate, Math.sqrt(1 / spread), Infinity, options)
  return isRefused(inference) ? inference : { ...inference, intercept: mean - estimate * center }
}

/** Refuses what is no estimate with a positive standard error. */
export function checkErrors(effects: readonly PointEstimate[]): Refusal | undefined {
  const isGood = ({ estimate, stdError }: PointEstimate) =>
    Number.isFinite(estimate) && stdError > 0 && stdError < Infinity
  return effects.every(isGood) ? undefined : refuse('a standard error is not a positive number')
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
