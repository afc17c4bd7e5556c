import type { ArmMoments } from './arm-moments.ts'
import { differenceInMeans } from './difference-in-means.ts'
import type { EffectResult, InferenceOptions } from './inference.ts'
import { refuse } from './refusal.ts'

/** Options of `nonInferiority`. */
export interface NonInferiorityOptions extends Pick<InferenceOptions, 'ciLevel' | 'reference'> {
  /**
   * The largest loss that is tolerated: a share of the control mean (0.02 is 2 %), or in the outcome's unit.
   */
  readonly margin: { readonly relative: number } | { readonly absolute: number }
  /** Which direction is good. */
  readonly preferred: 'increase' | 'decrease'
}

/**
 * Tests that treatment is not worse than control by more than a margin: what a guardrail metric asks.
 *
 * Inputs: the arms' moments. Returns the difference in means with the one-sided bound on the side of loss,
 * and the p-value of the null hypothesis that the loss is the margin or more. Refuses what
 * `differenceInMeans` does, a negative margin, and a relative margin of a control mean of zero. Source:
 * Schultzberg, Ankargren, Frånberg (2024), "Risk-aware product decisions in A/B tests with multiple metrics",
 * arXiv 2402.11609; a relative margin is taken of the observed control mean as if that were known.
 */
export function nonInferiority(
  treatment: ArmMoments,
  control: ArmMoments,
  options: NonInferiorityOptions,
): EffectResult {
  const { margin, preferred, ...rest } = options
  if ('relative' in margin && control.mean === 0)
    return refuse('the control mean is zero, so a relative margin is nothing')
  const size = 'relative' in margin ? margin.relative * Math.abs(control.mean) : margin.absolute
  if (!(size >= 0)) return refuse('the margin must not be negative')
  return preferred === 'increase'
    ? differenceInMeans(treatment, control, { ...rest, alternative: 'greater', nullValue: -size })
    : differenceInMeans(treatment, control, { ...rest, alternative: 'less', nullValue: size })
}
