import { type EffectResult, type InferenceOptions, pValueOf, waldInference } from '../inference.ts'
import { isRefused, refuse } from '../refusal.ts'
import { type ArmMoments, checkArms } from './arm-moments.ts'
import type { PointEstimate } from './confidence-sequence.ts'
import { differenceInMeans } from './difference-in-means.ts'
import { relativeLift } from './relative-lift.ts'

/** Options of `nonInferiority`. */
export interface NonInferiorityOptions extends Pick<InferenceOptions, 'ciLevel' | 'reference'> {
  /**
   * The largest loss that is tolerated: a share of the control mean (0.02 is 2 %), or in the outcome's unit.
   */
  readonly margin: { readonly relative: number } | { readonly absolute: number }
  /** Which direction is good. */
  readonly preferred: 'increase' | 'decrease'
  /**
   * For a relative margin: 'known' (the default) takes the share of the observed control mean as if that were known;
   * 'estimated' counts the error of the control mean, too, and answers on the relative scale.
   */
  readonly controlMean?: 'known' | 'estimated'
}

/**
 * Tests that treatment is not worse than control by more than a margin: what a guardrail metric asks.
 *
 * Inputs: the arms' moments. Returns the difference in means with the one-sided bound on the side of loss,
 * and the p-value of the null hypothesis that the loss is the margin or more. Refuses what
 * `differenceInMeans` does, a negative margin, and a relative margin of a control mean of zero. Source:
 * Schultzberg, Ankargren, Frånberg (2024), "Risk-aware product decisions in A/B tests with multiple metrics",
 * arXiv 2402.11609. With an estimated control mean the contrast is ȳT − (1 ∓ margin)·ȳC with its own variance
 * (Fieller 1954), the result the lift with its one-sided Fieller bound, and a control mean that is not told from zero
 * is refused.
 */
export function nonInferiority(
  treatment: ArmMoments,
  control: ArmMoments,
  options: NonInferiorityOptions,
): EffectResult {
  const { margin, preferred, controlMean = 'known', ...rest } = options
  if ('relative' in margin && control.mean === 0)
    return refuse('the control mean is zero, so a relative margin is nothing')
  const size = 'relative' in margin ? margin.relative * Math.abs(control.mean) : margin.absolute
  if (!(size >= 0)) return refuse('the margin must not be negative')
  if ('relative' in margin && controlMean === 'estimated')
    return withEstimatedControl(treatment, control, margin.relative, options)
  return preferred === 'increase'
    ? differenceInMeans(treatment, control, { ...rest, alternative: 'greater', nullValue: -size })
    : differenceInMeans(treatment, control, { ...rest, alternative: 'less', nullValue: size })
}

/** The test of ȳT − r·ȳC with r = 1 ∓ margin, and the bound of the lift that goes with it. */
function withEstimatedControl(
  treatment: ArmMoments,
  control: ArmMoments,
  margin: number,
  options: NonInferiorityOptions,
): EffectResult {
  const problem = checkArms(treatment, control)
  if (problem) return problem
  const { preferred, ciLevel, reference } = options
  const alternative = preferred === 'increase' ? 'greater' : 'less'
  const lift = relativeLift(treatment, control, {
    interval: 'fieller',
    alternative,
    ...(ciLevel === undefined ? {} : { ciLevel }),
    ...(reference === undefined ? {} : { reference }),
  })
  if (isRefused(lift)) return lift
  const worse = preferred === 'increase' ? -margin : margin
  const ratio = 1 + Math.sign(control.mean) * worse
  const variance = treatment.variance / treatment.n + (ratio * ratio * control.variance) / control.n
  const statistic = (treatment.mean - ratio * control.mean) / Math.sqrt(variance)
  return { ...lift, statistic, pValue: pValueOf(statistic, lift.degreesOfFreedom, alternative) }
}

/**
 * Tests that an effect is not worse than a margin, whatever method estimated it (CUPED, clusters, strata).
 *
 * Inputs: an estimate and a positive margin on the same scale, with the degrees of freedom where they are known.
 * Refuses a negative margin and what `waldInference` does.
 */
export function nonInferiorityOf(
  { estimate, stdError, degreesOfFreedom = Infinity }: PointEstimate & { readonly degreesOfFreedom?: number },
  margin: number,
  options: Pick<NonInferiorityOptions, 'preferred' | 'ciLevel' | 'reference'>,
): EffectResult {
  if (!(margin >= 0)) return refuse('the margin must not be negative')
  const { preferred, ...rest } = options
  return preferred === 'increase'
    ? waldInference(estimate, stdError, degreesOfFreedom, {
        ...rest,
        alternative: 'greater',
        nullValue: -margin,
      })
    : waldInference(estimate, stdError, degreesOfFreedom, { ...rest, alternative: 'less', nullValue: margin })
}
