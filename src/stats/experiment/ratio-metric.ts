import type { EffectResult, InferenceOptions } from '../inference.ts'
import { isRefused, type Refusal, refuse } from '../refusal.ts'
import type { ArmMoments } from './arm-moments.ts'
import { type CupedInference, type CupedOptions, cuped, cupedTheta } from './cuped.ts'
import { differenceInMeans } from './difference-in-means.ts'
import { combinedCovariance, type JointMoments, mergeJointMoments } from './joint-moments.ts'
import { type RelativeLiftOptions, relativeLift } from './relative-lift.ts'

/**
 * A ratio of sums (revenue per order, say) as if it were a mean per unit: the delta method's linear form.
 *
 * Inputs: joint moments of numerator and denominator, with or without the same two before the experiment.
 * Returns arm moments whose mean is the ratio and whose variance / n is the variance of the ratio; the ratio
 * before is their covariate. The estimators for means then serve ratios too. Refuses a denominator that sums
 * to zero. Source: Deng, Knoblich, Lu (2018), "Applying the delta method in metric analytics", KDD.
 */
export function linearizeRatio(moments: JointMoments): ArmMoments | Refusal {
  const [numerator, denominator, numeratorBefore, denominatorBefore] = moments.means
  if (numerator === undefined || !denominator) return refuse('the denominator of the ratio sums to zero')
  const ratio = numerator / denominator
  const slopes = [1 / denominator, -ratio / denominator]
  const arm = { n: moments.n, mean: ratio, variance: combinedCovariance(moments, slopes, slopes) }
  if (numeratorBefore === undefined) return arm
  if (!denominatorBefore) return refuse('the denominator of the ratio before the experiment sums to zero')
  const ratioBefore = numeratorBefore / denominatorBefore
  const slopesBefore = [0, 0, 1 / denominatorBefore, -ratioBefore / denominatorBefore]
  return {
    ...arm,
    covariateMean: ratioBefore,
    covariateVariance: combinedCovariance(moments, slopesBefore, slopesBefore),
    covariance: combinedCovariance(moments, slopes, slopesBefore),
  }
}

/**
 * The difference of a ratio metric between two arms, treatment minus control.
 *
 * Inputs: joint moments of the arms. Returns and refuses what `differenceInMeans` does, and a denominator of
 * zero.
 */
export function ratioDifference(
  treatment: JointMoments,
  control: JointMoments,
  options: InferenceOptions = {},
): EffectResult {
  return withLinearized(treatment, control, (t, c) => differenceInMeans(t, c, options))
}

/**
 * The relative lift of a ratio metric.
 *
 * Inputs: joint moments of the arms. Returns and refuses what `relativeLift` does, and a denominator of zero.
 */
export function ratioLift(
  treatment: JointMoments,
  control: JointMoments,
  options: RelativeLiftOptions = {},
): EffectResult {
  return withLinearized(treatment, control, (t, c) => relativeLift(t, c, options))
}

/**
 * The effect on a ratio metric, adjusted by the same ratio before the experiment.
 *
 * Inputs: joint moments of four variables per arm. Returns and refuses what `cuped` does, and denominators of
 * zero. The pooled θ comes from the ratio's linear form over both arms taken together.
 */
export function ratioCuped(
  treatment: JointMoments,
  control: JointMoments,
  options: CupedOptions = {},
): CupedInference | Refusal {
  return withLinearized(treatment, control, (t, c): CupedInference | Refusal => {
    const { theta = 'pooled' } = options
    if (theta !== 'pooled') return cuped(t, c, options)
    const all = linearizeRatio(mergeJointMoments(treatment, control))
    if (isRefused(all)) return all
    const pooled = cupedTheta(all, { ...all, n: 0 })
    return typeof pooled === 'number' ? cuped(t, c, { ...options, theta: pooled }) : pooled
  })
}

function withLinearized<T extends object>(
  treatment: JointMoments,
  control: JointMoments,
  estimate: (treatment: ArmMoments, control: ArmMoments) => T | Refusal,
): T | Refusal {
  const t = linearizeRatio(treatment)
  if (isRefused(t)) return t
  const c = linearizeRatio(control)
  return isRefused(c) ? c : estimate(t, c)
}
