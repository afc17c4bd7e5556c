import { type Inference, type InferenceOptions, waldInference } from '../inference.ts'
import type { Refusal } from '../refusal.ts'

/** An effect with the means that it is the difference of. */
export interface CausalEffect extends Inference {
  /** Mean outcome of the target population, had all been treated. */
  readonly meanTreated: number
  /** Had nobody been. */
  readonly meanControl: number
  /**
   * How much each unit moves the estimate, in the outcome's unit times n: without unit i the estimate would be about
   * influence[i]/n less. Where a method has no such function (matching), there is none.
   */
  readonly influence?: Float64Array
}

/** One potential outcome's mean, and how much each unit moves it. */
export interface PotentialMean {
  readonly mean: number
  /** Influence of each unit on the mean; they sum to 0. */
  readonly influence: Float64Array
}

export interface EffectOptions extends InferenceOptions {
  /**
   * Of each unit, from 0 to the number of clusters − 1: units of one cluster move together. The variance is then that of
   * the clusters' summed influence, times G/(G − 1), with G − 1 degrees of freedom (Liang and Zeger 1986).
   */
  readonly clusters?: Int32Array
}

/**
 * The difference of two potential means, with the standard error that their influence functions give:
 * √(Σ(IF₁ − IF₀)²)/n. With the influence of the fitted models in it, this is the sandwich of the stacked estimating
 * equations, without a small-sample factor (Stefanski and Boos 2002); without it, the models are taken as known.
 */
export function effectOf(
  treated: PotentialMean,
  control: PotentialMean,
  options: EffectOptions = {},
): CausalEffect | Refusal {
  const n = treated.influence.length
  const influence = new Float64Array(n)
  for (let unit = 0; unit < n; unit++) influence[unit] = treated.influence[unit]! - control.influence[unit]!
  const { stdError, degreesOfFreedom } = errorOfInfluence(influence, options.clusters)
  const result = waldInference(treated.mean - control.mean, stdError, degreesOfFreedom, options)
  if ('refused' in result) return result
  return { ...result, meanTreated: treated.mean, meanControl: control.mean, influence }
}

/** The standard error of a mean of influences, of independent units or of clusters. */
export function errorOfInfluence(
  influence: Float64Array,
  clusters?: Int32Array,
): { readonly stdError: number; readonly degreesOfFreedom: number } {
  const n = influence.length
  if (!clusters) {
    let squares = 0
    for (let unit = 0; unit < n; unit++) squares += influence[unit]! * influence[unit]!
    return { stdError: Math.sqrt(squares) / n, degreesOfFreedom: Infinity }
  }
  let count = 0
  for (let unit = 0; unit < n; unit++) if (clusters[unit]! >= count) count = clusters[unit]! + 1
  const sums = new Float64Array(count)
  for (let unit = 0; unit < n; unit++) sums[clusters[unit]!]! += influence[unit]!
  const squares = sums.reduce((sum, value) => sum + value * value, 0)
  return { stdError: Math.sqrt((squares * count) / (count - 1)) / n, degreesOfFreedom: count - 1 }
}
