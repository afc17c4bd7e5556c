import { type Refusal, refuse } from '../refusal.ts'
import type { ArmMoments } from './arm-moments.ts'
import { combinedCovariance, type JointMoments } from './joint-moments.ts'

/** What the first variables of joint moments are. */
export type OutcomeKind =
  /** The outcome, then covariates. */
  | 'mean'
  /** Numerator and denominator, then a numerator and a denominator for each covariate. */
  | 'ratio'

/** One arm, split into outcome and covariates. */
export interface CovariateMoments {
  readonly n: number
  /** Mean and variance of the outcome. */
  readonly outcome: ArmMoments
  /** Means of the covariates. */
  readonly means: readonly number[]
  /** Covariances between the covariates. */
  readonly covariances: readonly (readonly number[])[]
  /** Covariances of each covariate with the outcome. */
  readonly withOutcome: readonly number[]
}

/**
 * Joint moments as those of an outcome and its covariates, whether it is a mean or a ratio of sums.
 *
 * Refuses no covariates, numbers that are none, and of ratios a denominator that sums to zero and a variable
 * without its partner. Source for ratios: the delta method's linear form, Deng, Knoblich, Lu (2018).
 */
export function covariateMoments(moments: JointMoments, kind: OutcomeKind): CovariateMoments | Refusal {
  const numbers = [moments.means, ...moments.covariances].flat()
  if (!numbers.every(Number.isFinite))
    return refuse('the moments of outcome and covariates are not all finite numbers')
  const forms = kind === 'mean' ? unitForms(moments) : ratioForms(moments)
  if (!forms) return refuse('a denominator of the ratio or of its covariates is missing or sums to zero')
  const [first, ...others] = forms
  if (!first || others.length === 0) return refuse('there are no covariates to adjust by')
  const covariance = (a: LinearForm, b: LinearForm) => combinedCovariance(moments, a.slopes, b.slopes)
  return {
    n: moments.n,
    outcome: { n: moments.n, mean: first.mean, variance: Math.max(0, covariance(first, first)) },
    means: others.map(({ mean }) => mean),
    covariances: others.map((a) => others.map((b) => covariance(a, b))),
    withOutcome: others.map((other) => covariance(first, other)),
  }
}

/** A variable as a combination of those that the moments are of. */
interface LinearForm {
  readonly mean: number
  readonly slopes: readonly number[]
}

function unitForms({ means }: JointMoments): LinearForm[] {
  return means.map((mean, index) => ({ mean, slopes: means.map((_, other) => (other === index ? 1 : 0)) }))
}

function ratioForms({ means }: JointMoments): LinearForm[] | undefined {
  if (means.length % 2 === 1) return undefined
  const forms: LinearForm[] = []
  for (let at = 0; at < means.length; at += 2) {
    const denominator = means[at + 1]!
    if (denominator === 0) return undefined
    const ratio = means[at]! / denominator
    const slopes = means.map((_, index) => {
      if (index === at) return 1 / denominator
      return index === at + 1 ? -ratio / denominator : 0
    })
    forms.push({ mean: ratio, slopes })
  }
  return forms
}
