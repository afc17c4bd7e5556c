import { type Inference, type InferenceOptions, waldInference } from '../inference.ts'
import { isRefused, type Refusal, refuse } from '../refusal.ts'
import {
  dot,
  pseudoInverse,
  quadraticForm,
  timesVector,
  weightedSum,
} from '../regression/symmetric-matrix.ts'
import { checkArms } from './arm-moments.ts'
import { type CovariateMoments, covariateMoments, type OutcomeKind } from './covariate-moments.ts'
import { welchDegreesOfFreedom } from './difference-in-means.ts'
import type { JointMoments } from './joint-moments.ts'
import { checkControlMean } from './relative-lift.ts'

/** Options of `multipleCuped`. */
export interface MultipleCupedOptions extends InferenceOptions {
  /** Whether the outcome is a mean (the default) or a ratio of sums, whose covariates then are ratios too. */
  readonly outcome?: OutcomeKind
  /** 'absolute' (the default), or 'relative' for the lift over the unadjusted control mean. */
  readonly scale?: 'absolute' | 'relative'
}

/** What `multipleCuped` adds to an estimate. */
export interface MultipleCupedInference extends Inference {
  /** Regression coefficients of the outcome on the covariates. */
  readonly thetas: readonly number[]
  /** Covariates that say something of their own; below their number when some follow from the others. */
  readonly rank: number
  /** Share of the variance of the plain difference that the covariates took away; negative if they added some. */
  readonly varianceReduction: number
  /** Means of the arms, adjusted to the common covariate means. */
  readonly treatmentMean: number
  readonly controlMean: number
}

/**
 * The effect of treatment, adjusted by one or more covariates from before the experiment (CUPED, or analysis of
 * covariance with unequal variances).
 *
 * Inputs: joint moments of the arms, outcome first (see `OutcomeKind`). Returns (ȲT − ȲC) − θ·(X̄T − X̄C), on the
 * relative scale over |ȲC|; θ = S⁻¹s of the covariances within the arms, weighted by n − 1. The variance is each
 * arm's own, enlarged for estimating θ by (N − 2)/(N − 2 − rank)·(1 + dᵀW⁻¹d/(1/nT + 1/nC)), with d the difference
 * of the covariates' means and W their sums of squares within the arms: with arms of equal size it is that of
 * analysis of covariance by least squares. Degrees of freedom are Welch's, less the same share. Refuses what
 * `differenceInMeans` and `covariateMoments` do, covariates without variance or that explain everything, as many
 * covariates as units, and on the relative scale a control mean of zero. Source: Deng, Xu, Kohavi, Walker (2013),
 * WSDM, section 3.2 with several covariates; the relative scale by the full gradient [1/ȲC, −θ/ȲC,
 * −(ȲT − θX̄T + θX̄C)/ȲC², θ/ȲC] in (ȲT, X̄T, ȲC, X̄C). Covariates are scaled before the inverse is taken.
 */
export function multipleCuped(
  treatment: JointMoments,
  control: JointMoments,
  options: MultipleCupedOptions = {},
): MultipleCupedInference | Refusal {
  const { outcome = 'mean', scale = 'absolute' } = options
  const t = covariateMoments(treatment, outcome)
  if (isRefused(t)) return t
  const c = covariateMoments(control, outcome)
  if (isRefused(c)) return c
  const problem =
    checkArms(t.outcome, c.outcome) ?? (scale === 'relative' ? checkControlMean(c.outcome.mean) : undefined)
  if (problem) return problem
  const fit = fitWithinArms(t, c)
  if (isRefused(fit)) return fit
  const absolute = absoluteParts(t, c, fit.thetas)
  const plain = t.outcome.variance / t.n + c.outcome.variance / c.n
  // What rounding leaves of nothing is no variance.
  if (!(absolute.treatmentPart + absolute.controlPart > 1e-12 * plain))
    return refuse('the covariates explain the outcome entirely: no variance is left')
  const parts = scale === 'relative' ? relativeParts(t, c, fit.thetas) : absolute
  const share = (t.n + c.n - 2 - fit.rank) / (t.n + c.n - 2)
  const welch = welchDegreesOfFreedom(absolute.treatmentPart, t.n, absolute.controlPart, c.n)
  const variance = (parts.treatmentPart + parts.controlPart) * fit.inflation
  const inference = waldInference(parts.estimate, Math.sqrt(variance), welch * share, options)
  if (isRefused(inference)) return inference
  return { ...inference, ...describe(t, c, fit, absolute) }
}

interface Fit {
  readonly thetas: readonly number[]
  readonly rank: number
  /** What estimating θ adds to the variance. */
  readonly inflation: number
}

function fitWithinArms(t: CovariateMoments, c: CovariateMoments): Fit | Refusal {
  const within = weightedSum(t.covariances, t.n - 1, c.covariances, c.n - 1)
  const { inverse, rank } = pseudoInverse(within)
  if (rank === 0) return refuse('the covariates have no variance, so they cannot explain the outcome')
  const left = t.n + c.n - 2 - rank
  if (!(left >= 1)) return refuse(`too few units: ${t.n + c.n} for ${rank} covariates`)
  const products = t.withOutcome.map((value, index) => (t.n - 1) * value + (c.n - 1) * c.withOutcome[index]!)
  const gaps = t.means.map((mean, index) => mean - c.means[index]!)
  const imbalance = quadraticForm(inverse, gaps) / (1 / t.n + 1 / c.n)
  return {
    thetas: timesVector(inverse, products),
    rank,
    inflation: ((t.n + c.n - 2) / left) * (1 + imbalance),
  }
}

interface Parts {
  readonly estimate: number
  readonly treatmentPart: number
  readonly controlPart: number
}

/** Variance per unit of slopeY·Y + slopeX·θX, not below 0 by rounding. */
function variancePerUnit(
  arm: CovariateMoments,
  thetas: readonly number[],
  slopeY: number,
  slopeX: number,
): number {
  const variance =
    slopeY * slopeY * arm.outcome.variance +
    slopeX * slopeX * quadraticForm(arm.covariances, thetas) +
    2 * slopeY * slopeX * dot(thetas, arm.withOutcome)
  return Math.max(variance, 0)
}

function absoluteParts(t: CovariateMoments, c: CovariateMoments, thetas: readonly number[]): Parts {
  const shift = t.means.reduce((sum, mean, index) => sum + thetas[index]! * (mean - c.means[index]!), 0)
  return {
    estimate: t.outcome.mean - c.outcome.mean - shift,
    treatmentPart: variancePerUnit(t, thetas, 1, -1) / t.n,
    controlPart: variancePerUnit(c, thetas, 1, -1) / c.n,
  }
}

function relativeParts(t: CovariateMoments, c: CovariateMoments, thetas: readonly number[]): Parts {
  const base = c.outcome.mean
  const { estimate } = absoluteParts(t, c, thetas)
  // ȲT − θX̄T + θX̄C is the control mean and the adjusted effect.
  const controlSlope = -(base + estimate) / (base * base)
  return {
    estimate: estimate / Math.abs(base),
    treatmentPart: variancePerUnit(t, thetas, 1 / base, -1 / base) / t.n,
    controlPart: variancePerUnit(c, thetas, controlSlope, 1 / base) / c.n,
  }
}

function describe(
  t: CovariateMoments,
  c: CovariateMoments,
  { thetas, rank, inflation }: Fit,
  { treatmentPart, controlPart }: Parts,
): Omit<MultipleCupedInference, keyof Inference> {
  const n = t.n + c.n
  const towards = (arm: CovariateMoments, other: CovariateMoments) =>
    arm.means.reduce((sum, mean, i) => sum + thetas[i]! * (other.means[i]! - mean), 0) * (other.n / n)
  const plain = t.outcome.variance / t.n + c.outcome.variance / c.n
  return {
    thetas,
    rank,
    varianceReduction: 1 - ((treatmentPart + controlPart) * inflation) / plain,
    treatmentMean: t.outcome.mean + towards(t, c),
    controlMean: c.outcome.mean + towards(c, t),
  }
}
