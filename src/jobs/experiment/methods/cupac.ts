import {
  cuped,
  isRefused,
  type JointMoments,
  jointMomentsOf,
  mergeJointMoments,
  multipleCuped,
  type Refusal,
  refuse,
} from '../../../stats/index.ts'
import { isRatio } from '../data/cell-moments.ts'
import { outcomeKind } from '../data/outcome-variables.ts'
import type { ArmRows } from '../data/unit-rows.ts'
import { resultOf } from './means.ts'
import type { MethodEntry, MethodInput, MethodResult } from './method.ts'
import { rowsOf } from './rows.ts'

/*
 * CUPAC (Tang et al., DoorDash 2020): CUPED whose covariate is a prediction of the outcome from everything that was
 * measured before the experiment. The prediction is linear and made out of fold: of each fifth of the units from the
 * others, so that no unit's outcome is in its own covariate.
 */

const folds = 5

/** A unit's fold hangs on its key alone. */
function foldOf(key: number): number {
  return Math.floor(key / 7) % folds
}

function cupac(input: MethodInput): MethodResult | Refusal {
  const rows = rowsOf(input)
  if (isRefused(rows)) return rows
  if (isRatio(input.treatment)) return refuse('a ratio has no outcome of a single unit to predict')
  const arms = [featuresOf(rows.treatment), featuresOf(rows.control)] as const
  const parts = arms.map((arm) => momentsByFold(arm))
  const predictions = arms.map(({ n }) => new Float64Array(n))
  for (let fold = 0; fold < folds; fold++) {
    const [t, c] = parts.map((part) => without(part, fold)) as [JointMoments, JointMoments]
    const fit = multipleCuped(t, c)
    if (isRefused(fit)) return refuse(`the outcome cannot be predicted: ${fit.refused}`)
    const centers = mergeJointMoments(t, c).means.slice(1)
    for (const [place, arm] of arms.entries())
      predict(arm, { fold, thetas: fit.thetas, centers }, predictions[place]!)
  }
  const moments = arms.map((arm, place) => jointMomentsOf(arm.outcome, predictions[place]!))
  const [t, c] = moments.map(({ n, means, covariances }) => ({
    n,
    mean: means[0]!,
    variance: covariances[0]![0]!,
    covariateMean: means[1]!,
    covariateVariance: covariances[1]![1]!,
    covariance: covariances[0]![1]!,
  }))
  const effect = cuped(t!, c!, { scale: input.scale, ciLevel: input.ciLevel })
  if (isRefused(effect)) return effect
  return resultOf(effect, input, {
    theta: effect.theta,
    variance_reduction: effect.varianceReduction,
    r_squared: Math.max(0, effect.varianceReduction),
    features: arms[0].features.length,
    folds,
  })
}

interface Features {
  readonly n: number
  readonly fold: Uint8Array
  readonly outcome: Float64Array
  readonly features: readonly Float64Array[]
}

/** What is missing is filled with the mean of what is known: it was measured before, so that the arms are alike. */
function featuresOf(rows: ArmRows): Features {
  const [outcome, ...own] = rows.variables
  const features = [...own, ...rows.others].map((values) => {
    const known = values.filter((value) => !Number.isNaN(value))
    const mean = known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length)
    return values.map((value) => (Number.isNaN(value) ? mean : value))
  })
  return { n: rows.n, fold: Uint8Array.from(rows.keys, foldOf), outcome: outcome!, features }
}

function momentsByFold({ n, fold, outcome, features }: Features): JointMoments[] {
  const rows = Array.from({ length: n }, (_, row) => row)
  return Array.from({ length: folds }, (_, place) => {
    const own = rows.filter((row) => fold[row] === place)
    const pick = (values: Float64Array) => Float64Array.from(own, (row) => values[row]!)
    return jointMomentsOf(pick(outcome), ...features.map(pick))
  })
}

function without(parts: readonly JointMoments[], fold: number): JointMoments {
  return parts.filter((_, place) => place !== fold).reduce(mergeJointMoments)
}

/** A fold's predictor, without its constant. */
interface Predictor {
  readonly fold: number
  readonly thetas: readonly number[]
  /** Means of the features that it was made from: far from zero they would make a constant of each fold's own. */
  readonly centers: readonly number[]
}

function predict(
  { n, fold: folds, features }: Features,
  { fold, thetas, centers }: Predictor,
  into: Float64Array,
): void {
  for (let row = 0; row < n; row++) {
    if (folds[row] !== fold) continue
    let sum = 0
    for (const [place, values] of features.entries()) sum += thetas[place]! * (values[row]! - centers[place]!)
    into[row] = sum
  }
}

export const cupacMethods = {
  cupac: {
    scales: () => ['absolute', 'relative'],
    ciKind: 'fixed_horizon',
    needs: 'rows',
    applies: (outcome, spec) =>
      outcomeKind(outcome) !== 'quantile' && spec.outcomes.some(({ covariates }) => covariates.length > 0),
    compute: cupac,
  },
} as const satisfies Record<string, MethodEntry>
