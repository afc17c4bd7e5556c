import { type Inference, type InferenceOptions, waldInference } from '../inference.ts'
import { isRefused, type Refusal, refuse } from '../refusal.ts'
import { dot, pseudoInverse, quadraticForm, type Rows, timesVector } from '../regression/symmetric-matrix.ts'
import { checkArms } from './arm-moments.ts'
import { type CovariateMoments, covariateMoments, type OutcomeKind } from './covariate-moments.ts'
import { welchDegreesOfFreedom } from './difference-in-means.ts'
import type { JointMoments } from './joint-moments.ts'
import { checkControlMean } from './relative-lift.ts'

/*
 * Lin's estimator: least squares of the outcome on treatment, centred covariates and their products. It is one
 * regression per arm, read off at the covariate means of both arms together.
 */

/** Options of both forms of the estimator. */
export interface RegressionAdjustmentOptions extends InferenceOptions {
  /** 'absolute' (the default), or 'relative' for the adjusted treatment mean over the adjusted control mean. */
  readonly scale?: 'absolute' | 'relative'
  /**
   * Whom the effect is of: the units at hand ('sample', the default, as in Lin), or those that they were drawn
   * from ('population'), where the covariate means vary too and add (θT − θC)ᵀS(θT − θC)/N.
   */
  readonly inferenceFor?: 'sample' | 'population'
}

/** What regression adjustment adds to an estimate. */
export interface RegressionAdjustmentInference extends Inference {
  /** Coefficients of the covariates in each arm. */
  readonly treatmentThetas: readonly number[]
  readonly controlThetas: readonly number[]
  /** Means of the arms at the common covariate means. */
  readonly treatmentMean: number
  readonly controlMean: number
}

/** One arm's regression. */
interface ArmFit {
  readonly n: number
  /** Covariates that say something of their own. */
  readonly rank: number
  readonly thetas: readonly number[]
  /** Inverse of the covariates' sums of squares about the arm's means. */
  readonly inverse: Rows
  /** Common covariate means less the arm's. */
  readonly shift: readonly number[]
  /** Outcome at the common covariate means. */
  readonly mean: number
}

/**
 * The effect of treatment by regression on covariates with interactions, from moments alone.
 *
 * Inputs: joint moments of the arms, outcome first; a ratio's by its linear form. The variance is that of least
 * squares in each arm with its own residual variance, σ²(1/n + dᵀW⁻¹d): as Lin's robust one in large samples, and
 * unlike HC2 a function of the moments (HC2 needs Σ h·e², products of the fourth order: see
 * `regressionAdjustmentRows`). Degrees of freedom are Welch's with n − 1 − covariates per arm. Refuses what
 * `covariateMoments` does, arms with no more units than coefficients, and on the relative scale an adjusted control
 * mean of zero. Source: Lin (2013), "Agnostic notes on regression adjustments to experimental data", AOAS 7;
 * 'population' Negi and Wooldridge (2021), Econometric Reviews 40.
 */
export function regressionAdjustment(
  treatment: JointMoments,
  control: JointMoments,
  options: RegressionAdjustmentOptions & { readonly outcome?: OutcomeKind } = {},
): RegressionAdjustmentInference | Refusal {
  const { outcome = 'mean' } = options
  const t = covariateMoments(treatment, outcome)
  if (isRefused(t)) return t
  const c = covariateMoments(control, outcome)
  if (isRefused(c)) return c
  const fits = fitArms(t, c)
  if (isRefused(fits)) return fits
  const [fitT, fitC] = fits
  const variance = (fit: ArmFit, { outcome, withOutcome }: CovariateMoments) => {
    const residual = Math.max(0, outcome.variance - dot(fit.thetas, withOutcome)) * (fit.n - 1)
    return (residual / (fit.n - 1 - fit.rank)) * (1 / fit.n + quadraticForm(fit.inverse, fit.shift))
  }
  const varianceT = variance(fitT, t)
  const varianceC = variance(fitC, c)
  const df = welchDegreesOfFreedom(varianceT, fitT.n - fitT.rank, varianceC, fitC.n - fitC.rank)
  return inferFrom([fitT, fitC], [varianceT, varianceC], [t, c], df, options)
}

/** Which residuals the robust variance is made of: e², e²·N/(N − k), e²/(1 − h) or e²/(1 − h)². */
export type HeteroskedasticityCorrection = 'HC0' | 'HC1' | 'HC2' | 'HC3'

/**
 * The units of one arm, column by column; or groups of units with the same covariates, where `count` and `variance`
 * say how many units are in a row and how their outcomes vary (with count − 1 below), and `outcome` is their mean.
 */
export interface AdjustmentRows {
  readonly outcome: ArrayLike<number>
  readonly covariates: readonly ArrayLike<number>[]
  readonly count?: ArrayLike<number>
  readonly variance?: ArrayLike<number>
}

/**
 * The effect of treatment by regression on covariates with interactions and a robust variance (HC2 if not given).
 *
 * Inputs: rows of each arm, which may be compressed to one per distinct vector of covariates: leverages are alike
 * within them, so that nothing is lost. Degrees of freedom are units less coefficients. Refuses what
 * `regressionAdjustment` does, and a unit whose leverage is 1, which HC2 and HC3 cannot correct. Source: Lin (2013);
 * HC2 MacKinnon and White (1985), J. Econometrics 29; compression Wong, Lewis, Wardrop (2021), arXiv 2102.11297.
 * Two passes: sums about the means, then residuals.
 */
export function regressionAdjustmentRows(
  treatment: AdjustmentRows,
  control: AdjustmentRows,
  options: RegressionAdjustmentOptions & { readonly correction?: HeteroskedasticityCorrection } = {},
): RegressionAdjustmentInference | Refusal {
  const { correction = 'HC2' } = options
  const t = covariateMoments(momentsOfRows(treatment), 'mean')
  if (isRefused(t)) return t
  const c = covariateMoments(momentsOfRows(control), 'mean')
  if (isRefused(c)) return c
  const fits = fitArms(t, c)
  if (isRefused(fits)) return fits
  const [fitT, fitC] = fits
  const n = t.n + c.n
  const df = n - 2 - fitT.rank - fitC.rank
  const varianceT = robustVariance(treatment, t, fitT, correction, n / df)
  const varianceC = robustVariance(control, c, fitC, correction, n / df)
  if (!Number.isFinite(varianceT + varianceC))
    return refuse('a unit alone decides a coefficient (its leverage is 1), so its residual says nothing')
  return inferFrom([fitT, fitC], [varianceT, varianceC], [t, c], df, options)
}

function fitArms(t: CovariateMoments, c: CovariateMoments): readonly [ArmFit, ArmFit] | Refusal {
  const problem = checkArms(t.outcome, c.outcome)
  if (problem) return problem
  const n = t.n + c.n
  const fitArm = (arm: CovariateMoments, other: CovariateMoments): ArmFit => {
    const { inverse, rank } = pseudoInverse(arm.covariances)
    const thetas = timesVector(inverse, arm.withOutcome)
    const shift = arm.means.map((mean, index) => ((other.means[index]! - mean) * other.n) / n)
    const scaled = inverse.map((row) => row.map((value) => value / (arm.n - 1)))
    return { n: arm.n, rank, thetas, inverse: scaled, shift, mean: arm.outcome.mean + dot(thetas, shift) }
  }
  const fits = [fitArm(t, c), fitArm(c, t)] as const
  for (const [name, { n, rank }] of [
    ['treatment', fits[0]],
    ['control', fits[1]],
  ] as const) {
    if (rank === 0)
      return refuse(`the covariates have no variance in the ${name} arm, so they cannot explain the outcome`)
    if (!(n >= rank + 2)) return refuse(`too few units: the ${name} arm has ${n} for ${rank} covariates`)
  }
  return fits
}

function inferFrom(
  [t, c]: readonly [ArmFit, ArmFit],
  [varianceT, varianceC]: readonly [number, number],
  arms: readonly [CovariateMoments, CovariateMoments],
  degreesOfFreedom: number,
  options: RegressionAdjustmentOptions,
): RegressionAdjustmentInference | Refusal {
  const [slopeT, slopeC] = options.scale === 'relative' ? relativeSlopes(t.mean, c.mean) : [1, -1]
  if (options.scale === 'relative') {
    const problem = checkControlMean(c.mean)
    if (problem) return problem
  }
  const plain = arms.map(({ n, outcome }) => outcome.variance / n)
  if (!(varianceT + varianceC > 1e-12 * (plain[0]! + plain[1]!)))
    return refuse('the covariates explain the outcome entirely: no variance is left')
  // Where the covariate means vary, both arms' means move with them.
  const gap = t.thetas.map((theta, index) => slopeT * theta + slopeC * c.thetas[index]!)
  const spread = options.inferenceFor === 'population' ? spreadOf(arms, gap) : 0
  const variance = slopeT * slopeT * varianceT + slopeC * slopeC * varianceC + spread
  const estimate = options.scale === 'relative' ? (t.mean - c.mean) / Math.abs(c.mean) : t.mean - c.mean
  const inference = waldInference(estimate, Math.sqrt(variance), degreesOfFreedom, options)
  if (isRefused(inference)) return inference
  return {
    ...inference,
    treatmentThetas: t.thetas,
    controlThetas: c.thetas,
    treatmentMean: t.mean,
    controlMean: c.mean,
  }
}

/** The gradient of the lift in the two adjusted means. */
function relativeSlopes(treatmentMean: number, controlMean: number): readonly [number, number] {
  const base = Math.abs(controlMean)
  return [1 / base, -treatmentMean / controlMean / base]
}

/** gapᵀS·gap/N, with S the covariances within the arms. */
function spreadOf([t, c]: readonly [CovariateMoments, CovariateMoments], gap: readonly number[]): number {
  const n = t.n + c.n
  const within = (arm: CovariateMoments) => (arm.n - 1) * quadraticForm(arm.covariances, gap)
  return (within(t) + within(c)) / (n - 2) / n
}

/** The joint moments of rows that may stand for several units, by two passes. */
function momentsOfRows({ outcome, covariates, count, variance }: AdjustmentRows): JointMoments {
  const columns = [outcome, ...covariates]
  const weight = (index: number) => (count ? count[index]! : 1)
  let n = 0
  for (let index = 0; index < outcome.length; index++) n += weight(index)
  const means = columns.map((values) => {
    let sum = 0
    for (let index = 0; index < outcome.length; index++) sum += weight(index) * values[index]!
    return sum / n
  })
  const covariances = columns.map((a, i) =>
    columns.map((b, j) => {
      let sum = 0
      for (let index = 0; index < outcome.length; index++)
        sum += weight(index) * (a[index]! - means[i]!) * (b[index]! - means[j]!)
      if (i === 0 && j === 0) sum += withinRows(count, variance)
      return sum / (n - 1)
    }),
  )
  return { n, means, covariances }
}

/** Sum of squares of the outcome about the means of their rows. */
function withinRows(count: AdjustmentRows['count'], variance: AdjustmentRows['variance']): number {
  if (!count || !variance) return 0
  let sum = 0
  for (let index = 0; index < count.length; index++)
    if (count[index]! > 1) sum += (count[index]! - 1) * variance[index]!
  return sum
}

/**
 * Σ c²e²/(1 − h): c is what a unit weighs in the arm's adjusted mean, 1/n + dᵀW⁻¹(x − x̄), and h its leverage,
 * 1/n + (x − x̄)ᵀW⁻¹(x − x̄).
 */
function robustVariance(
  rows: AdjustmentRows,
  arm: CovariateMoments,
  fit: ArmFit,
  correction: HeteroskedasticityCorrection,
  hc1: number,
): number {
  const { outcome, covariates, count, variance } = rows
  const direction = timesVector(fit.inverse, fit.shift)
  const gaps = new Array<number>(covariates.length)
  let total = 0
  for (let index = 0; index < outcome.length; index++) {
    for (let k = 0; k < gaps.length; k++) gaps[k] = covariates[k]![index]! - arm.means[k]!
    const residual = outcome[index]! - arm.outcome.mean - dot(fit.thetas, gaps)
    const units = count ? count[index]! : 1
    const within = units > 1 ? (units - 1) * (variance?.[index] ?? 0) : 0
    const weight = 1 / fit.n + dot(direction, gaps)
    const leverage = 1 / fit.n + quadraticForm(fit.inverse, gaps)
    const squares = units * residual * residual + within
    total += weight * weight * squares * correctionFactor(correction, leverage, hc1)
  }
  return total
}

function correctionFactor(correction: HeteroskedasticityCorrection, leverage: number, hc1: number): number {
  if (correction === 'HC0') return 1
  if (correction === 'HC1') return hc1
  const left = 1 - leverage
  if (!(left > 1e-10)) return Number.NaN
  return correction === 'HC2' ? 1 / left : 1 / (left * left)
}
