import type { InferenceOptions } from '../inference.ts'
import { isRefused, type Refusal } from '../refusal.ts'
import { weightedSums } from '../regression/design.ts'
import { fitLeastSquares, type LeastSquaresFit } from '../regression/least-squares.ts'
import { type CausalEffect, effectOf, type PotentialMean } from './effect.ts'
import { type Target, type TreatedUnits, targetWeights } from './units.ts'

/** Least squares of the outcome within the treated or the others; what it says of every unit. */
export function fitGroup(units: TreatedUnits, ofTreated: boolean): LeastSquaresFit | Refusal {
  const weights = Float64Array.from(units.treatment, (treated) => ((treated === 1) === ofTreated ? 1 : 0))
  return fitLeastSquares(units.outcomeDesign, units.outcome, weights)
}

/**
 * Regression adjustment: a least-squares fit in each group predicts what every unit of the target population would have
 * had. Source: Robins (1986), "g-computation"; standard error by stacked estimating equations.
 */
export function regressionAdjustment(
  units: TreatedUnits,
  { target = 'ate', ...options }: InferenceOptions & { readonly target?: Exclude<Target, 'ato'> } = {},
): CausalEffect | Refusal {
  const treated = fitGroup(units, true)
  if (isRefused(treated)) return treated
  const control = fitGroup(units, false)
  if (isRefused(control)) return control
  const weights = targetWeights(units, target)
  return effectOf(predictedMean(units, treated, weights), predictedMean(units, control, weights), options)
}

/** The mean of a fit's predictions over the target population. */
export function predictedMean(
  { n, outcomeDesign }: TreatedUnits,
  fit: LeastSquaresFit,
  weights: Float64Array,
): PotentialMean {
  let [total, sum] = [0, 0]
  for (let unit = 0; unit < n; unit++) {
    total += weights[unit]!
    sum += weights[unit]! * fit.fitted[unit]!
  }
  const mean = sum / total
  const share = total / n
  const influence = fit.fitted.map((fitted, unit) => (weights[unit]! * (fitted - mean)) / share)
  fit.addInfluence(
    influence,
    weightedSums(outcomeDesign, weights).map((value) => value / total),
  )
  return { mean, influence }
}
