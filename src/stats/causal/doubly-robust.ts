import type { InferenceOptions } from '../inference.ts'
import { isRefused, type Refusal, refuse } from '../refusal.ts'
import type { BinaryFit } from '../regression/binary-regression.ts'
import { weightedSums } from '../regression/design.ts'
import { fitLeastSquares, type LeastSquaresFit } from '../regression/least-squares.ts'
import { type CausalEffect, effectOf, type PotentialMean } from './effect.ts'
import { fitGroup } from './outcome-regression.ts'
import { type TreatedUnits, targetWeights } from './units.ts'
import { balancingWeight } from './weighting.ts'

export interface DoublyRobustOptions extends InferenceOptions {
  readonly target?: 'ate' | 'att' | 'atc'
  /**
   * stacked counts the uncertainty of both models in (Stata's); influence takes them as known, which is right to first
   * order when both are right.
   */
  readonly errors?: 'stacked' | 'influence'
}

/**
 * Augmented inverse probability weighting: right when either the propensity or the outcome is modelled well.
 *
 * Source: Robins, Rotnitzky, Zhao (1994); on the treated Mercatanti and Li (2014), eq. 4. Refuses a propensity of 0
 * or 1.
 */
export function augmentedWeighting(
  units: TreatedUnits,
  propensity: BinaryFit,
  { target = 'ate', errors = 'stacked', ...options }: DoublyRobustOptions = {},
): CausalEffect | Refusal {
  if (propensity.probabilities.some((e) => !(e > 0 && e < 1)))
    return refuse('no overlap: for some units the propensity is 0 or 1')
  const treated = fitGroup(units, true)
  if (isRefused(treated)) return treated
  const control = fitGroup(units, false)
  if (isRefused(control)) return control
  const shape = { units, propensity, target, errors }
  return effectOf(augmentedMean(shape, treated, true), augmentedMean(shape, control, false), options)
}

interface Shape {
  readonly units: TreatedUnits
  readonly propensity: BinaryFit
  readonly target: 'ate' | 'att' | 'atc'
  readonly errors: 'stacked' | 'influence'
}

/** What the fit predicts for the target, corrected by the weighted residuals of those who are in the group. */
function augmentedMean(
  { units, propensity, target, errors }: Shape,
  fit: LeastSquaresFit,
  ofTreated: boolean,
): PotentialMean {
  const { n, treatment, outcome, outcomeDesign, propensityDesign } = units
  const inTarget = targetWeights(units, target)
  const influence = new Float64Array(n)
  const fitMoves = new Float64Array(n)
  const propensityMoves = new Float64Array(n)
  let [total, sum] = [0, 0]
  for (let unit = 0; unit < n; unit++) {
    const isIn = (treatment[unit] === 1) === ofTreated
    const { weight, slope } = balancingWeight(target, ofTreated, propensity.probabilities[unit]!)
    const residual = isIn ? outcome[unit]! - fit.fitted[unit]! : 0
    influence[unit] = inTarget[unit]! * fit.fitted[unit]! + weight * residual
    fitMoves[unit] = inTarget[unit]! - (isIn ? weight : 0)
    propensityMoves[unit] = slope * propensity.slopes[unit]! * residual
    total += inTarget[unit]!
    sum += influence[unit]!
  }
  const mean = sum / total
  const share = total / n
  for (let unit = 0; unit < n; unit++) influence[unit] = (influence[unit]! - inTarget[unit]! * mean) / share
  if (errors === 'stacked') {
    fit.addInfluence(
      influence,
      weightedSums(outcomeDesign, fitMoves).map((value) => value / total),
    )
    propensity.addInfluence(
      influence,
      weightedSums(propensityDesign, propensityMoves).map((value) => value / total),
    )
  }
  return { mean, influence }
}

/**
 * Regression adjustment whose fits are weighted by the inverse propensity: doubly robust too, and within the range of
 * the fits. Source: Wooldridge (2007); Stata's `teffects ipwra`.
 */
export function weightedRegressionAdjustment(
  units: TreatedUnits,
  propensity: BinaryFit,
  { target = 'ate', ...options }: Omit<DoublyRobustOptions, 'errors'> = {},
): CausalEffect | Refusal {
  if (propensity.probabilities.some((e) => !(e > 0 && e < 1)))
    return refuse('no overlap: for some units the propensity is 0 or 1')
  const treated = weightedMean(units, propensity, true, target)
  if ('refused' in treated) return treated
  const control = weightedMean(units, propensity, false, target)
  if ('refused' in control) return control
  return effectOf(treated, control, options)
}

function weightedMean(
  units: TreatedUnits,
  propensity: BinaryFit,
  ofTreated: boolean,
  target: 'ate' | 'att' | 'atc',
): PotentialMean | Refusal {
  const { n, treatment, outcome, outcomeDesign, propensityDesign } = units
  const weights = new Float64Array(n)
  const slopes = new Float64Array(n)
  for (let unit = 0; unit < n; unit++) {
    if ((treatment[unit] === 1) !== ofTreated) continue
    const { weight, slope } = balancingWeight(target, ofTreated, propensity.probabilities[unit]!)
    weights[unit] = weight
    slopes[unit] = slope * propensity.slopes[unit]!
  }
  const fit = fitLeastSquares(outcomeDesign, outcome, weights)
  if (isRefused(fit)) return fit
  const inTarget = targetWeights(units, target)
  let [total, sum] = [0, 0]
  for (let unit = 0; unit < n; unit++) {
    total += inTarget[unit]!
    sum += inTarget[unit]! * fit.fitted[unit]!
  }
  const mean = sum / total
  const influence = fit.fitted.map((fitted, unit) => (inTarget[unit]! * (fitted - mean) * n) / total)
  const gradient = weightedSums(outcomeDesign, inTarget).map((value) => value / total)
  fit.addInfluence(influence, gradient)
  // The weights move the fit: by gradientᵀ·(XᵀWX)⁻¹·xᵢ·eᵢ for each unit's weight.
  const direction = fit.inverseProducts.map((row) =>
    row.reduce((all, value, i) => all + value * gradient[i]!, 0),
  )
  const moves = new Float64Array(n)
  for (let unit = 0; unit < n; unit++) {
    if (slopes[unit] === 0) continue
    let along = 0
    for (const [i, column] of outcomeDesign.columns.entries()) along += direction[i]! * column[unit]!
    moves[unit] = slopes[unit]! * along * (outcome[unit]! - fit.fitted[unit]!)
  }
  propensity.addInfluence(influence, weightedSums(propensityDesign, moves))
  return { mean, influence }
}
