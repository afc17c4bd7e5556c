import { type Inference, type InferenceOptions, waldInference } from '../inference.ts'
import type { Refusal } from '../refusal.ts'

/** An effect with the means that it is the difference of. */
export interface CausalEffect extends Inference {
  /** Mean outcome of the target population, had all been treated. */
  readonly meanTreated: number
  /** Had nobody been. */
  readonly meanControl: number
}

/** One potential outcome's mean, and how much each unit moves it. */
export interface PotentialMean {
  readonly mean: number
  /** Influence of each unit on the mean; they sum to 0. */
  readonly influence: Float64Array
}

/**
 * The difference of two potential means, with the standard error that their influence functions give:
 * √(Σ(IF₁ − IF₀)²)/n. With the influence of the fitted models in it, this is the sandwich of the stacked estimating
 * equations, without a small-sample factor (Stefanski and Boos 2002); without it, the models are taken as known.
 */
export function effectOf(
  treated: PotentialMean,
  control: PotentialMean,
  options: InferenceOptions = {},
): CausalEffect | Refusal {
  const n = treated.influence.length
  let sum = 0
  for (let unit = 0; unit < n; unit++) {
    const influence = treated.influence[unit]! - control.influence[unit]!
    sum += influence * influence
  }
  const result = waldInference(treated.mean - control.mean, Math.sqrt(sum) / n, Infinity, options)
  if ('refused' in result) return result
  return { ...result, meanTreated: treated.mean, meanControl: control.mean }
}
