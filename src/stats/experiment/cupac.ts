import { hashUnit } from '../random/hash-unit.ts'
import { isRefused, type Refusal, refuse } from '../refusal.ts'
import { dot, pseudoInverse, timesVector } from '../regression/symmetric-matrix.ts'
import { type ArmMoments, mergeMoments } from './arm-moments.ts'
import { combinedCovariance, type JointMoments, jointMomentsOf, mergeJointMoments } from './joint-moments.ts'

/*
 * CUPAC: the covariate of CUPED is a prediction of the outcome from what was known before the experiment, made for each
 * unit by a model that has not seen it. Source: Tang, Huang, Kastelman, Bauman (2020), "Control using predictions as
 * covariates in switchback experiments", DoorDash Engineering; the cross-fitting as in Chernozhukov et al. (2018).
 */

/** The fold of a unit, from 0 to `folds` − 1, by the hash of its key: the same in every run and for every metric. */
export function foldOf(key: number | string, folds: number, salt = 0): number {
  return Math.floor(hashUnit(key, salt) * folds)
}

/** A linear prediction. */
export interface LinearPrediction {
  readonly coefficients: readonly number[]
  /** Means of the features in training, at which it predicts `mean`. */
  readonly centers: readonly number[]
  readonly mean: number
}

/**
 * Ridge regression of the first variable on the others, from their joint moments.
 *
 * Inputs: moments, and the penalty as a share of each feature's variance (0.001 if not given): features are scaled
 * first. Refuses no features, fewer than 3 units, numbers that are none, and features without variance. Source: Hoerl and Kennard (1970),
 * Technometrics 12.
 */
export function ridgePrediction(moments: JointMoments, penalty = 1e-3): LinearPrediction | Refusal {
  if (moments.means.length < 2) return refuse('there are no features to predict from')
  if (!(moments.n >= 3)) return refuse(`too few units: there are ${moments.n}, and at least 3 are needed`)
  if (!moments.covariances.flat().every(Number.isFinite))
    return refuse('the moments are not all finite numbers')
  const features = moments.covariances.slice(1)
  const penalized = features.map((row, i) =>
    row.slice(1).map((value, j) => (i === j ? value * (1 + penalty) : value)),
  )
  const { inverse, rank } = pseudoInverse(penalized)
  if (rank === 0) return refuse('the features have no variance, so they predict nothing')
  return {
    coefficients: timesVector(
      inverse,
      features.map((row) => row[0]!),
    ),
    centers: moments.means.slice(1),
    mean: moments.means[0]!,
  }
}

/** The units of one fold, outcome first and then features, arm by arm. */
export interface FoldMoments {
  readonly treatment: JointMoments
  readonly control: JointMoments
}

/**
 * The moments of outcome and out-of-fold prediction in both arms, for `cuped`.
 *
 * Inputs: moments of each fold (see `foldOf`). The model of a fold is fitted to all others, on covariances within the
 * arms, so that the effect itself is not learnt. Nothing but sums is needed, since the prediction is linear. Refuses
 * fewer than 2 folds and what `ridgePrediction` does.
 */
export function cupacMoments(
  folds: readonly FoldMoments[],
  penalty?: number,
): { readonly treatment: ArmMoments; readonly control: ArmMoments } | Refusal {
  if (folds.length < 2) return refuse('predictions out of the fold need at least 2 folds')
  let treatment: ArmMoments = emptyArm
  let control: ArmMoments = emptyArm
  for (const [index, fold] of folds.entries()) {
    const others = folds.filter((_, other) => other !== index)
    const model = ridgePrediction(withinArms(others), penalty)
    if (isRefused(model)) return model
    treatment = mergeMoments(treatment, predictedMoments(fold.treatment, model))
    control = mergeMoments(control, predictedMoments(fold.control, model))
  }
  return { treatment, control }
}

const emptyArm: ArmMoments = {
  n: 0,
  mean: 0,
  variance: 0,
  covariateMean: 0,
  covariateVariance: 0,
  covariance: 0,
}

/** Moments of both arms with the difference of their means taken out. */
function withinArms(folds: readonly FoldMoments[]): JointMoments {
  const arms = [folds.map(({ treatment }) => treatment), folds.map(({ control }) => control)].map((parts) =>
    parts.reduce(mergeJointMoments),
  )
  const [t, c] = arms as [JointMoments, JointMoments]
  const means = mergeJointMoments(t, c).means
  return mergeJointMoments({ ...t, means }, { ...c, means })
}

function predictedMoments(moments: JointMoments, model: LinearPrediction): ArmMoments {
  if (moments.n === 0) return emptyArm
  const outcome = [1, ...model.coefficients.map(() => 0)]
  const prediction = [0, ...model.coefficients]
  const gaps = moments.means.slice(1).map((mean, index) => mean - model.centers[index]!)
  const covariance = (a: readonly number[], b: readonly number[]) =>
    moments.n < 2 ? 0 : combinedCovariance(moments, a, b)
  return {
    n: moments.n,
    mean: moments.means[0]!,
    variance: covariance(outcome, outcome),
    covariateMean: model.mean + dot(model.coefficients, gaps),
    covariateVariance: covariance(prediction, prediction),
    covariance: covariance(outcome, prediction),
  }
}

/** Units, column by column. */
export interface FeatureRows {
  readonly keys: ArrayLike<number | string>
  readonly treated: ArrayLike<number | boolean>
  readonly outcome: ArrayLike<number>
  readonly features: readonly ArrayLike<number>[]
}

/**
 * The moments of each fold from rows, for `cupacMoments`.
 *
 * Refuses nothing; folds without units are left out.
 */
export function foldMoments(rows: FeatureRows, folds = 5, salt = 0): FoldMoments[] {
  const members = Array.from({ length: folds }, () => [[], []] as [number[], number[]])
  for (let row = 0; row < rows.outcome.length; row++)
    members[foldOf(rows.keys[row]!, folds, salt)]![rows.treated[row] ? 0 : 1].push(row)
  const columns = [rows.outcome, ...rows.features]
  const momentsOfRows = (chosen: readonly number[]) =>
    jointMomentsOf(...columns.map((column) => chosen.map((row) => column[row]!)))
  return members
    .filter(([treated, control]) => treated.length + control.length > 0)
    .map(([treated, control]) => ({ treatment: momentsOfRows(treated), control: momentsOfRows(control) }))
}
