import type { CausalEstimand } from '../../../core/causal-spec.ts'
import type { CausalEffect } from '../../../stats/causal/effect.ts'
import { isRefused, type JointMoments, type Refusal, refuse, waldInference } from '../../../stats/index.ts'
import { invertProducts } from '../../../stats/regression/solve-normal.ts'
import { dot, timesVector } from '../../../stats/regression/symmetric-matrix.ts'
import { type CausalMoments, momentsOfSome, placesOf } from '../data/causal-moments.ts'

/*
 * Regression adjustment from sums: a least-squares fit in each group, whose predictions are averaged over the target. What
 * the standard error needs beyond moments is one more sum, of the squared influence of each unit with the fits known.
 */

/** The influence of a unit on the effect, as numbers to be put before its values. */
export interface AdjustedInfluence {
  readonly outcome: string
  readonly covariates: readonly string[]
  readonly target: CausalEstimand
  /** Share of the units that the target is. */
  readonly targetShare: number
  /** Of the difference of the two predictions, less the effect: constant and slopes. */
  readonly difference: Linear
  /** Fits and the directions in which their residuals move the effect, of controls and treated. */
  readonly fits: readonly { readonly fit: Linear; readonly direction: Linear }[]
}

export interface Linear {
  readonly constant: number
  readonly slopes: readonly number[]
}

/** Σ influence² over the units. */
export type AdjustedSquares = (influence: AdjustedInfluence) => Promise<number>

/**
 * The effect by regression adjustment. Source: Robins (1986), "g-computation"; the standard error is that of the stacked
 * estimating equations, as in Stata's `teffects ra`. Refuses collinear covariates and groups too small for them.
 */
export async function adjustedMeans(
  moments: CausalMoments,
  outcome: string,
  covariates: readonly string[],
  { target, ciLevel }: { readonly target: CausalEstimand; readonly ciLevel: number },
  squaresOf: AdjustedSquares,
): Promise<CausalEffect | Refusal> {
  const places = placesOf(moments, [outcome, ...covariates])
  const groups = moments.groups.map((group) => momentsOfSome(group, places))
  const [control, treated] = groups as [JointMoments, JointMoments]
  const n = control.n + treated.n
  const weights = { ate: [control.n / n, treated.n / n], att: [0, 1], atc: [1, 0] }[target]
  const centre = covariates.map((_, i) =>
    groups.reduce((sum, group, arm) => sum + weights[arm]! * group.means[i + 1]!, 0),
  )
  const fits = groups.map((group) => fitGroup(group, centre, n, covariates))
  const refused = fits.find(isRefused)
  if (refused) return refused
  const [fit0, fit1] = fits as [GroupFit, GroupFit]
  const estimate = fit1.mean - fit0.mean
  const slopes = fit1.fit.slopes.map((slope, i) => slope - fit0.fit.slopes[i]!)
  const squares = await squaresOf({
    ...{ outcome, covariates, target },
    targetShare: target === 'ate' ? 1 : (target === 'att' ? treated.n : control.n) / n,
    difference: { constant: -dot(slopes, centre), slopes },
    fits: [fit0, fit1],
  })
  const result = waldInference(estimate, Math.sqrt(squares) / n, Infinity, { ciLevel })
  if (isRefused(result)) return result
  return { ...result, meanTreated: fit1.mean, meanControl: fit0.mean }
}

interface GroupFit {
  readonly mean: number
  readonly fit: Linear
  readonly direction: Linear
}

/** The fit of one group, the first of whose moments is the outcome. */
function fitGroup(
  { n, means, covariances }: JointMoments,
  centre: readonly number[],
  total: number,
  covariates: readonly string[],
): GroupFit | Refusal {
  if (n <= covariates.length + 1)
    return refuse(`a group of ${n} units is too small for ${covariates.length} covariates`)
  const products = covariances.slice(1).map((row) => row.slice(1).map((value) => value * (n - 1)))
  const inverse = covariates.length === 0 ? [] : invertProducts(products)
  if ('collinear' in inverse)
    return refuse(`'${covariates[inverse.collinear]}' is a combination of other covariates`)
  const slopes = timesVector(
    inverse,
    covariances.slice(1).map((row) => row[0]! * (n - 1)),
  )
  const shift = centre.map((value, i) => value - means[i + 1]!)
  const constant = means[0]! - dot(slopes, means.slice(1))
  const along = timesVector(inverse, shift).map((value) => value * total)
  return {
    mean: means[0]! + dot(slopes, shift),
    fit: { constant, slopes },
    direction: { constant: total / n - dot(along, means.slice(1)), slopes: along },
  }
}
