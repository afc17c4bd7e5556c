import { type ArmMoments, checkArms } from './arm-moments.ts'
import { type Inference, type InferenceOptions, waldInference } from './inference.ts'
import { type Refusal, refuse } from './refusal.ts'
import { checkControlMean } from './relative-lift.ts'

/** The two arms within one stratum. */
export interface Stratum {
  readonly treatment: ArmMoments
  readonly control: ArmMoments
}

/** Options of `stratifiedDifference`. */
export interface StratifiedOptions extends InferenceOptions {
  /**
   * 'absolute' (the default) for the difference, 'relative' for the lift over the stratified control mean.
   */
  readonly scale?: 'absolute' | 'relative'
  /**
   * 'fixed' (the default) when units were randomised within strata; 'random' when strata were formed
   * afterwards, whose sizes then vary from sample to sample (post-stratification) and add to the variance.
   */
  readonly weights?: 'fixed' | 'random'
}

/** Sums over strata that both scales need. */
interface Totals {
  /** Weighted mean of control, and weighted effect. */
  readonly controlMean: number
  readonly effect: number
  /** Their variances and covariance. */
  readonly controlVariance: number
  readonly effectVariance: number
  readonly covariance: number
}

/**
 * The difference in means within strata, averaged with the strata's shares of the units.
 *
 * Inputs: both arms' moments in every stratum. Degrees of freedom are units less two per stratum for fixed
 * weights, infinite for random ones. Refuses no strata, a stratum with fewer than 2 units in an arm or
 * without variance in both, and on the relative scale a control mean of zero. Source: Miratrix, Sekhon, Yu
 * (2013), "Adjusting treatment effect estimates by post-stratification in randomized experiments", JRSS B 75;
 * for random weights the multinomial variance (1/n)·[Σw·τ² − (Σw·τ)²] is added, and with it the covariance
 * that the relative scale needs.
 */
export function stratifiedDifference(
  strata: readonly Stratum[],
  options: StratifiedOptions = {},
): Inference | Refusal {
  if (strata.length === 0) return refuse('there are no strata')
  for (const [index, { treatment, control }] of strata.entries()) {
    const problem = checkArms(treatment, control)
    if (problem) return refuse(`stratum ${index + 1}: ${problem.refused}`)
  }
  const n = strata.reduce((sum, { treatment, control }) => sum + treatment.n + control.n, 0)
  const totals = totalsOf(strata, n, options.weights ?? 'fixed')
  const degreesOfFreedom = options.weights === 'random' ? Infinity : n - 2 * strata.length
  if (options.scale !== 'relative')
    return waldInference(totals.effect, Math.sqrt(totals.effectVariance), degreesOfFreedom, options)
  const problem = checkControlMean(totals.controlMean)
  if (problem) return problem
  const lift = totals.effect / totals.controlMean
  const variance = totals.effectVariance - 2 * lift * totals.covariance + lift * lift * totals.controlVariance
  const base = Math.abs(totals.controlMean)
  return waldInference(totals.effect / base, Math.sqrt(variance) / base, degreesOfFreedom, options)
}

function totalsOf(strata: readonly Stratum[], n: number, weights: 'fixed' | 'random'): Totals {
  const rows = strata.map(({ treatment, control }) => ({
    weight: (treatment.n + control.n) / n,
    controlMean: control.mean,
    effect: treatment.mean - control.mean,
    controlPart: control.variance / control.n,
    effectPart: treatment.variance / treatment.n + control.variance / control.n,
  }))
  const average = (value: (row: (typeof rows)[number]) => number) =>
    rows.reduce((sum, row) => sum + row.weight * value(row), 0)
  const controlMean = average((row) => row.controlMean)
  const effect = average((row) => row.effect)
  // Spread of the strata around their average, which counts only when their weights are random.
  const between = (a: 'controlMean' | 'effect', b: 'controlMean' | 'effect') => {
    const centers = { controlMean, effect }
    return weights === 'fixed' ? 0 : average((row) => (row[a] - centers[a]) * (row[b] - centers[b])) / n
  }
  return {
    controlMean,
    effect,
    controlVariance: average((row) => row.weight * row.controlPart) + between('controlMean', 'controlMean'),
    effectVariance: average((row) => row.weight * row.effectPart) + between('effect', 'effect'),
    covariance: average((row) => -row.weight * row.controlPart) + between('controlMean', 'effect'),
  }
}
