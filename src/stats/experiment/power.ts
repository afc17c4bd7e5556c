import { noncentralTCdf, noncentralTSf } from '../distributions/noncentral-t.ts'
import { normalCdf, normalSf } from '../distributions/normal.ts'
import { type Alternative, criticalValue } from '../inference.ts'
import { type Refusal, refuse } from '../refusal.ts'
import type { NormalPrior } from './bayes.ts'
import { type PointEstimate, sequenceCriticalValue } from './confidence-sequence.ts'

/** What is known before an experiment. */
export interface PowerDesign {
  /** Variance of the outcome between units; taken to be the same in both arms. */
  readonly variance: number
  /** Mean of the outcome; needed for effects that are relative. */
  readonly mean?: number
  /**
   * What an effect is: 'absolute' (in the outcome's unit, the default), 'relative' (a share of the mean,
   * tested by the relative lift, whose standard error grows with the effect).
   */
  readonly scale?: 'absolute' | 'relative'
  /** Size of the treatment arm over that of the control arm; 1 if not given. */
  readonly ratio?: number
  /** 0.05 if not given. */
  readonly alpha?: number
  readonly alternative?: Alternative
  /** 't' counts the degrees of freedom, n − 2; 'normal' is the default. */
  readonly reference?: 't' | 'normal'
  /** When the test is an asymptotic confidence sequence: its tuning parameter. Two-sided and normal only. */
  readonly tuningUnits?: number
  /**
   * How the sequence's power is taken: 'bound' (the default: the probability that its interval excludes 0),
   * or 'inflated_error' for tools that stretch the standard error instead, as if the estimate itself varied
   * more.
   */
  readonly sequentialPower?: 'bound' | 'inflated_error'
}

/**
 * The probability of finding an effect of this size with `n` units in both arms together.
 *
 * Refuses a variance that is not positive, fewer than 4 units, and a relative scale without a mean.
 * Source: the standard power function; non-central t for 't' (Johnson, Kotz, Balakrishnan 1995, ch. 31).
 */
export function experimentPower(design: PowerDesign, effect: number, n: number): number | Refusal {
  return checkPowerDesign(design, n) ?? powerAt(design, effect, n)
}

/**
 * The smallest effect that `n` units in both arms together find with this power; negative for 'less'.
 *
 * Refuses what `experimentPower` does, a power outside (alpha, 1), and a power that no effect reaches (on the
 * relative scale the standard error grows with the effect).
 */
export function minimumDetectableEffect(design: PowerDesign, power: number, n: number): number | Refusal {
  const problem = checkPowerDesign(design, n) ?? checkPower(design, power)
  if (problem) return problem
  const sign = design.alternative === 'less' ? -1 : 1
  const size = smallestReaching((size) => powerAt(design, sign * size, n) >= power, unitEffect(design, n))
  return size === undefined ? refuse('no effect of any size would be found with this power') : sign * size
}

/**
 * The units in both arms together that find an effect of this size with this power, a whole number.
 *
 * Refuses what `minimumDetectableEffect` does, an effect of zero, and one on the wrong side of a one-sided
 * test.
 */
export function requiredUnits(design: PowerDesign, effect: number, power: number): number | Refusal {
  const problem = checkPowerDesign(design, 4) ?? checkPower(design, power)
  if (problem) return problem
  if (effect === 0) return refuse('an effect of zero is never found')
  if ((design.alternative === 'greater' && effect < 0) || (design.alternative === 'less' && effect > 0))
    return refuse('the effect is on the other side than the test looks')
  const n = smallestReaching((n) => n >= 4 && powerAt(design, effect, n) >= power, 4)
  return n === undefined ? refuse('no number of units would be enough') : Math.ceil(n * (1 - 1e-12))
}

function checkPowerDesign({ variance, scale, mean, ratio = 1 }: PowerDesign, n: number): Refusal | undefined {
  if (!(variance > 0 && variance < Infinity)) return refuse('zero variance: it must be a positive number')
  if (!(n >= 4)) return refuse(`too few units: there are ${n}, and at least 4 are needed`)
  if (!(ratio > 0)) return refuse('the ratio of the arms must be positive')
  if (scale === 'relative' && !mean) return refuse('a relative effect needs a mean that is not zero')
  return undefined
}

function checkPower({ alpha = 0.05 }: PowerDesign, power: number): Refusal | undefined {
  return power > alpha && power < 1 ? undefined : refuse('the power must lie between alpha and 1')
}

/** Standard error of the estimate when the true effect is this large. */
function designError(
  { variance, scale, mean = 1, ratio = 1 }: PowerDesign,
  effect: number,
  n: number,
): number {
  const control = n / (1 + ratio)
  const treatment = n - control
  if (scale !== 'relative') return Math.sqrt(variance * (1 / treatment + 1 / control))
  return (Math.sqrt(variance) / Math.abs(mean)) * Math.sqrt(1 / treatment + (1 + effect) ** 2 / control)
}

/** An effect of one standard error: where to begin a search. */
function unitEffect(design: PowerDesign, n: number): number {
  return designError(design, 0, n)
}

function powerAt(design: PowerDesign, effect: number, n: number): number {
  const { alpha = 0.05, alternative = 'two-sided', reference = 'normal', tuningUnits } = design
  const noncentrality = effect / designError(design, effect, n)
  if (tuningUnits !== undefined) {
    const bound = sequenceCriticalValue(n, alpha, tuningUnits)
    if (design.sequentialPower !== 'inflated_error')
      return rejection(bound, noncentrality, Infinity, 'two-sided')
    const z = criticalValue(1 - alpha)
    return rejection(z, (noncentrality * z) / bound, Infinity, 'two-sided')
  }
  const degreesOfFreedom = reference === 't' ? n - 2 : Infinity
  const critical = criticalValue(1 - alpha, alternative, degreesOfFreedom)
  return rejection(critical, noncentrality, degreesOfFreedom, alternative)
}

/** The probability that a statistic with this non-centrality lies beyond the critical value. */
function rejection(critical: number, noncentrality: number, df: number, alternative: Alternative): number {
  const upper = () =>
    df === Infinity ? normalSf(critical - noncentrality) : noncentralTSf(critical, df, noncentrality)
  const lower = () =>
    df === Infinity ? normalCdf(-critical - noncentrality) : noncentralTCdf(-critical, df, noncentrality)
  if (alternative === 'greater') return upper()
  if (alternative === 'less') return lower()
  return upper() + lower()
}

/** The smallest x that reaches, found by doubling from `start` and halving; undefined if none does. */
function smallestReaching(reaches: (x: number) => boolean, start: number): number | undefined {
  let low = 0
  let high = start
  while (!reaches(high)) {
    low = high
    high *= 2
    if (high > 1e15 * start) return undefined
  }
  for (let iteration = 0; iteration < 200 && high - low > 1e-13 * high; iteration++) {
    const middle = (low + high) / 2
    if (reaches(middle)) high = middle
    else low = middle
  }
  return high
}

/** What a running experiment wants to know. */
export interface MidExperimentGoal {
  /** The smallest effect worth finding, on the scale of the estimate. */
  readonly effect: number
  /** 0.8 if not given. */
  readonly power?: number
  /** 0.05 if not given; divide it by the number of tests. */
  readonly alpha?: number
  /** When the decision is by an asymptotic confidence sequence: its tuning parameter. */
  readonly tuningUnits?: number
  /** When the decision is by a credible interval under this prior of the effect. */
  readonly prior?: NormalPrior
}

/**
 * How many times the present sample must still be added to find an effect with the wanted power: 0 if it is
 * enough.
 *
 * Inputs: the present standard error (its square falls as units are added) and the present units of both
 * arms. Refuses a standard error or effect that is not positive, and a goal that no sample reaches. Source:
 * power of the two-sided normal test, of the confidence sequence, or of a credible interval that excludes 0
 * (the posterior mean is normal with mean (effect/V + m/τ²)/(1/V + 1/τ²)).
 */
export function additionalSampleFactor(
  { stdError }: Pick<PointEstimate, 'stdError'>,
  n: number,
  goal: MidExperimentGoal,
): number | Refusal {
  const { power = 0.8 } = goal
  if (!(stdError > 0 && stdError < Infinity)) return refuse('the standard error is not a positive number')
  if (!(goal.effect > 0)) return refuse('the effect to find must be positive')
  if (midExperimentPower(stdError, n, goal, 0) >= power) return 0
  const factor = smallestReaching((k) => midExperimentPower(stdError, n, goal, k) >= power, 1)
  return factor === undefined ? refuse('no sample would be enough') : factor
}

function midExperimentPower(stdError: number, n: number, goal: MidExperimentGoal, factor: number): number {
  const { effect, alpha = 0.05, tuningUnits, prior } = goal
  const error = stdError / Math.sqrt(1 + factor)
  const z = criticalValue(1 - alpha)
  if (prior) {
    const precision = 1 / prior.variance + 1 / (error * error)
    const needed = error * Math.sqrt(precision) * z
    const shift = (error * prior.mean) / prior.variance + effect / error
    return normalSf(needed - shift) + normalCdf(-needed - shift)
  }
  const critical = tuningUnits === undefined ? z : sequenceCriticalValue(n * (1 + factor), alpha, tuningUnits)
  return rejection(critical, effect / error, Infinity, 'two-sided')
}
