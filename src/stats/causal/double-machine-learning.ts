import { type InferenceOptions, waldInference } from '../inference.ts'
import { hashUnit } from '../random/hash-unit.ts'
import { isRefused, type Refusal, refuse } from '../refusal.ts'
import { fitBinary } from '../regression/binary-regression.ts'
import { type Design, linearPredictor } from '../regression/design.ts'
import { fitLeastSquares } from '../regression/least-squares.ts'
import type { CausalEffect } from './effect.ts'
import { selectRows, selectValues } from './trimming.ts'
import type { TreatedUnits } from './units.ts'

/** Learns y from a design, and tells what it expects of other units. */
export type Learner = (train: Design, y: Float64Array) => ((of: Design) => Float64Array) | Refusal

/** Least squares. */
export const leastSquaresLearner: Learner = (train, y) => {
  const fit = fitLeastSquares(train, y)
  return isRefused(fit) ? fit : (of) => linearPredictor(of, fit.coefficients)
}

/** A logit, whose expectations are probabilities. */
export const logitLearner: Learner = (train, y) => {
  const fit = fitBinary(train, y)
  if (isRefused(fit)) return fit
  return (of) => linearPredictor(of, fit.coefficients).map((eta) => 1 / (1 + Math.exp(-eta)))
}

/** The fold of each unit, by the hash of its key: the same in every run and in every order of rows. */
export function foldsByHash(
  keys: ArrayLike<number | string>,
  { folds = 5, salt = 1 }: { readonly folds?: number; readonly salt?: number } = {},
): Uint8Array {
  const result = new Uint8Array(keys.length)
  for (let unit = 0; unit < keys.length; unit++)
    result[unit] = Math.floor(hashUnit(keys[unit]!, salt) * folds)
  return result
}

export interface DoubleMachineLearningOptions extends InferenceOptions {
  /** Of the outcome; least squares if not given. */
  readonly outcomeLearner?: Learner
  /** Of the treatment; a logit if not given. */
  readonly treatmentLearner?: Learner
  /** Propensities are kept within [clip, 1 − clip]; 0.01 if not given, as in DoubleML. */
  readonly clip?: number
}

/** What one split of the units into folds gives. */
export interface Repetition {
  readonly estimate: number
  readonly stdError: number
}

export interface DoubleMachineLearningEffect extends Omit<CausalEffect, 'meanTreated' | 'meanControl'> {
  /** Each split's own estimate; the effect is their median. */
  readonly repetitions: readonly Repetition[]
  /** Units whose propensity was clipped, in the split that had most. */
  readonly clipped: number
}

type Folds = readonly Uint8Array[]

/**
 * The partially linear model: one effect for all, treatment and outcome both cleaned of what covariates say.
 *
 * `folds` are one or more splits of the units (`foldsByHash` with different salts); models are fitted without a unit's own
 * fold. θ = Σvu/Σv² with v and u the residuals of treatment and outcome, its variance Σ(ψ/J)²/n² with ψ = (u − θv)v and
 * J = mean of v². Over splits the median, and of the variances the median of σ² + (θ − median)². The treatment may be any
 * number, then with `leastSquaresLearner`. Source: Chernozhukov et al. (2018), Econometrics Journal 21, eq. 4.4 and
 * definition 3.3. Refuses what a learner refuses, and a treatment that covariates determine.
 */
export function partiallyLinear(
  {
    outcome,
    outcomeDesign,
    propensityDesign,
  }: Pick<TreatedUnits, 'outcome' | 'outcomeDesign' | 'propensityDesign'>,
  treatment: ArrayLike<number>,
  folds: Folds,
  options: DoubleMachineLearningOptions = {},
): DoubleMachineLearningEffect | Refusal {
  const { outcomeLearner = leastSquaresLearner, treatmentLearner = logitLearner, ...inference } = options
  const d = Float64Array.from(treatment)
  return overSplits(folds, inference, (split) => {
    const expectedY = crossFit(outcomeLearner, outcomeDesign, outcome, split)
    if (isRefused(expectedY)) return expectedY
    const expectedD = crossFit(treatmentLearner, propensityDesign, d, split)
    if (isRefused(expectedD)) return expectedD
    const n = outcome.length
    let [products, squares] = [0, 0]
    for (let unit = 0; unit < n; unit++) {
      const v = d[unit]! - expectedD.values[unit]!
      products += v * (outcome[unit]! - expectedY.values[unit]!)
      squares += v * v
    }
    if (!(squares > 0)) return refuse('the covariates determine the treatment')
    const estimate = products / squares
    const influence = outcome.map((y, unit) => {
      const v = d[unit]! - expectedD.values[unit]!
      return ((y - expectedY.values[unit]! - estimate * v) * v * n) / squares
    })
    return { estimate, influence, clipped: 0 }
  })
}

/**
 * The interactive model: the effect may differ between units; doubly robust, models fitted without a unit's own fold.
 *
 * As `partiallyLinear`, with the scores of eq. 5.3 for all and 5.4 for the treated, turned round for the others; outcomes are
 * learned within each arm. The treated's share is taken from all units.
 */
export function interactiveModel(
  units: TreatedUnits,
  folds: Folds,
  {
    target = 'ate',
    ...options
  }: DoubleMachineLearningOptions & { readonly target?: 'ate' | 'att' | 'atc' } = {},
): DoubleMachineLearningEffect | Refusal {
  const { n, outcome, outcomeDesign, propensityDesign } = units
  // The effect on the others is less what leaving them as they are would do to them.
  const sign = target === 'atc' ? -1 : 1
  const treatment = target === 'atc' ? units.treatment.map((value) => 1 - value) : units.treatment
  const {
    outcomeLearner = leastSquaresLearner,
    treatmentLearner = logitLearner,
    clip = 0.01,
    ...rest
  } = options
  const d = Float64Array.from(treatment)
  const share = d.reduce((sum, value) => sum + value, 0) / n
  return overSplits(folds, rest, (split) => {
    const propensity = crossFit(treatmentLearner, propensityDesign, d, split)
    if (isRefused(propensity)) return propensity
    const ofControl = crossFit(outcomeLearner, outcomeDesign, outcome, split, (unit) => treatment[unit] === 0)
    if (isRefused(ofControl)) return ofControl
    const ofTreated =
      target === 'ate'
        ? crossFit(outcomeLearner, outcomeDesign, outcome, split, (unit) => treatment[unit] === 1)
        : ofControl
    if (isRefused(ofTreated)) return ofTreated
    let clipped = 0
    const scores = outcome.map((y, unit) => {
      const raw = propensity.values[unit]!
      const e = Math.min(Math.max(raw, clip), 1 - clip)
      if (e !== raw) clipped++
      const [m0, m1] = [ofControl.values[unit]!, ofTreated.values[unit]!]
      const isTreated = treatment[unit] === 1
      if (target === 'ate') return m1 - m0 + (isTreated ? (y - m1) / e : -(y - m0) / (1 - e))
      return (sign * (isTreated ? y - m0 : (-(y - m0) * e) / (1 - e))) / share
    })
    const estimate = scores.reduce((sum, score) => sum + score, 0) / n
    const influence = scores.map(
      (score, unit) => score - (target === 'ate' ? estimate : (estimate * d[unit]!) / share),
    )
    return { estimate, influence, clipped }
  })
}

interface Split {
  readonly estimate: number
  readonly influence: Float64Array
  readonly clipped: number
}

function overSplits(
  folds: Folds,
  options: InferenceOptions,
  run: (split: Uint8Array) => Split | Refusal,
): DoubleMachineLearningEffect | Refusal {
  if (folds.length === 0) return refuse('no split of the units into folds is given')
  const splits: Split[] = []
  for (const split of folds) {
    const result = run(split)
    if (isRefused(result)) return result
    splits.push(result)
  }
  const repetitions = splits.map(({ estimate, influence }) => ({
    estimate,
    stdError: Math.sqrt(influence.reduce((sum, value) => sum + value * value, 0)) / influence.length,
  }))
  const estimate = median(repetitions.map((repetition) => repetition.estimate))
  const variance = median(
    repetitions.map((repetition) => repetition.stdError ** 2 + (repetition.estimate - estimate) ** 2),
  )
  const result = waldInference(estimate, Math.sqrt(variance), Infinity, options)
  if ('refused' in result) return result
  // The influence of the split whose estimate is nearest to the median.
  const nearest = splits.reduce((best, split) =>
    Math.abs(split.estimate - estimate) < Math.abs(best.estimate - estimate) ? split : best,
  )
  return {
    ...result,
    repetitions,
    clipped: Math.max(...splits.map(({ clipped }) => clipped)),
    influence: nearest.influence,
  }
}

/** The middle one, or the mean of the two in the middle. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

/** What is expected of each unit by a model that never saw its fold. */
function crossFit(
  learner: Learner,
  design: Design,
  y: Float64Array,
  split: Uint8Array,
  among: (unit: number) => boolean = () => true,
): { readonly values: Float64Array } | Refusal {
  const count = split.reduce((most, fold) => Math.max(most, fold), 0) + 1
  if (count < 2) return refuse('cross-fitting needs two folds at least')
  const values = new Float64Array(design.n)
  for (let fold = 0; fold < count; fold++) {
    const train = placesWhere(split, (unit) => split[unit] !== fold && among(unit))
    const own = placesWhere(split, (unit) => split[unit] === fold)
    const model = learner(selectRows(design, train), selectValues(y, train))
    if (typeof model !== 'function') return refuse(`without fold ${fold + 1}: ${model.refused}`)
    const expected = model(selectRows(design, own))
    for (const [place, unit] of own.entries()) values[unit] = expected[place]!
  }
  return { values }
}

function placesWhere(split: Uint8Array, holds: (unit: number) => boolean): Int32Array {
  const places = new Int32Array(split.length)
  let size = 0
  for (let unit = 0; unit < split.length; unit++) if (holds(unit)) places[size++] = unit
  return places.slice(0, size)
}
