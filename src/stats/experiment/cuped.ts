import { type Inference, type InferenceOptions, waldInference } from '../inference.ts'
import { isRefused, type Refusal, refuse } from '../refusal.ts'
import {
  type ArmMoments,
  type ArmMomentsWithCovariate,
  checkArms,
  hasCovariate,
  mergeMoments,
} from './arm-moments.ts'
import { welchDegreesOfFreedom } from './difference-in-means.ts'
import { checkControlMean } from './relative-lift.ts'

/** Where the regression coefficient θ comes from. */
export type ThetaSource =
  /** Total covariance over total variance of both arms taken as one sample. */
  | 'pooled'
  /** Covariances and variances within the arms, weighted by n − 1: what analysis of covariance uses. */
  | 'within_arms'
  /** Sum of the arms' covariances over the sum of their variances, whatever their sizes. */
  | 'arm_sum'

/** Options of `cuped`. */
export interface CupedOptions extends InferenceOptions {
  /**
   * 'absolute' (the default) for the difference, 'relative' for the lift over the unadjusted control mean.
   */
  readonly scale?: 'absolute' | 'relative'
  /** Source of θ, 'pooled' if not given; or θ itself. */
  readonly theta?: ThetaSource | number
  /**
   * Gradient of the relative lift in the control mean: 'full' (the default), or 'leading' for tools that drop
   * the term θ(control covariate mean − treatment covariate mean), which vanishes only in large samples.
   */
  readonly gradient?: 'full' | 'leading'
}

/** What `cuped` adds to an estimate. */
export interface CupedInference extends Inference {
  /** The regression coefficient. */
  readonly theta: number
  /**
   * Share of the variance of the difference in means that the covariate took away; negative if it added some.
   */
  readonly varianceReduction: number
  /** Mean of the treatment arm, adjusted to the common covariate mean. */
  readonly treatmentMean: number
  /** Mean of the control arm, adjusted to the common covariate mean. */
  readonly controlMean: number
}

/**
 * The effect of treatment, adjusted by a covariate from before the experiment (CUPED).
 *
 * Inputs: arms with covariate moments. Returns (ȲT − ȲC) − θ(X̄T − X̄C), divided by |ȲC| on the relative
 * scale. θ is taken as known, so with few units (below some 50 per arm) intervals are slightly short. Refuses
 * what `differenceInMeans` does, arms without covariate moments, a covariate without variance, a covariate
 * that explains the outcome entirely, and on the relative scale a control mean of zero. Source: Deng, Xu,
 * Kohavi, Walker (2013), "Improving the sensitivity of online controlled experiments by utilizing
 * pre-experiment data", WSDM; the relative scale by the delta method with the full gradient in (ȲT,
 * X̄T, ȲC, X̄C), since the terms in the covariate means matter when these are far from 0.
 */
export function cuped(
  treatment: ArmMoments,
  control: ArmMoments,
  options: CupedOptions = {},
): CupedInference | Refusal {
  const problem = checkArms(treatment, control)
  if (problem) return problem
  if (!hasCovariate(treatment) || !hasCovariate(control))
    return refuse('the covariate moments are missing, so there is nothing to adjust by')
  const theta = cupedTheta(treatment, control, options.theta)
  if (typeof theta !== 'number') return theta
  if (options.scale === 'relative') {
    const problem = checkControlMean(control.mean)
    if (problem) return problem
  }
  const { estimate, treatmentPart, controlPart } =
    options.scale === 'relative'
      ? relativeParts(treatment, control, theta, options.gradient ?? 'full')
      : absoluteParts(treatment, control, theta)
  const absolute = absoluteParts(treatment, control, theta)
  const plain = treatment.variance / treatment.n + control.variance / control.n
  // What rounding leaves of nothing is no variance; a relative difference, too, has its degrees of freedom from here.
  if (!(absolute.treatmentPart + absolute.controlPart > 1e-12 * plain))
    return refuse('the covariate explains the outcome entirely: no variance is left')
  const degreesOfFreedom = welchDegreesOfFreedom(
    absolute.treatmentPart,
    treatment.n,
    absolute.controlPart,
    control.n,
  )
  const inference = waldInference(estimate, Math.sqrt(treatmentPart + controlPart), degreesOfFreedom, options)
  if (isRefused(inference)) return inference
  return { ...inference, ...describeAdjustment(treatment, control, theta) }
}

/**
 * The regression coefficient θ of outcome on covariate, from two arms.
 *
 * Refuses a covariate that is missing or has no variance.
 */
export function cupedTheta(
  treatment: ArmMoments,
  control: ArmMoments,
  source: ThetaSource | number = 'pooled',
): number | Refusal {
  if (typeof source === 'number') return source
  if (!hasCovariate(treatment) || !hasCovariate(control)) return refuse('the covariate moments are missing')
  const { covariance, covariateVariance } = thetaMoments(treatment, control, source)
  if (!(covariateVariance > 0))
    return refuse('the covariate has no variance, so it cannot explain the outcome')
  return covariance / covariateVariance
}

function thetaMoments(
  treatment: ArmMomentsWithCovariate,
  control: ArmMomentsWithCovariate,
  source: ThetaSource,
): { covariance: number; covariateVariance: number } {
  if (source === 'pooled') {
    const { covariance = 0, covariateVariance = 0 } = mergeMoments(treatment, control)
    return { covariance, covariateVariance }
  }
  const treatmentWeight = source === 'arm_sum' ? 1 : treatment.n - 1
  const controlWeight = source === 'arm_sum' ? 1 : control.n - 1
  const sum = (key: 'covariance' | 'covariateVariance') =>
    treatmentWeight * treatment[key] + controlWeight * control[key]
  return { covariance: sum('covariance'), covariateVariance: sum('covariateVariance') }
}

/** Variance per unit of slopeY·Y + slopeX·X, not below 0 by rounding. */
function combinedVariance(arm: ArmMomentsWithCovariate, slopeY: number, slopeX: number): number {
  const variance =
    slopeY * slopeY * arm.variance +
    slopeX * slopeX * arm.covariateVariance +
    2 * slopeY * slopeX * arm.covariance
  return Math.max(variance, 0)
}

interface EstimateParts {
  readonly estimate: number
  /** The arms' shares of the estimate's variance. */
  readonly treatmentPart: number
  readonly controlPart: number
}

function absoluteParts(
  treatment: ArmMomentsWithCovariate,
  control: ArmMomentsWithCovariate,
  theta: number,
): EstimateParts {
  return {
    estimate: treatment.mean - control.mean - theta * (treatment.covariateMean - control.covariateMean),
    treatmentPart: combinedVariance(treatment, 1, -theta) / treatment.n,
    controlPart: combinedVariance(control, 1, -theta) / control.n,
  }
}

function relativeParts(
  treatment: ArmMomentsWithCovariate,
  control: ArmMomentsWithCovariate,
  theta: number,
  gradient: 'full' | 'leading',
): EstimateParts {
  const base = control.mean
  const covariateShift = gradient === 'full' ? theta * (treatment.covariateMean - control.covariateMean) : 0
  const controlSlope = -(treatment.mean - covariateShift) / (base * base)
  const { estimate } = absoluteParts(treatment, control, theta)
  return {
    estimate: estimate / Math.abs(base),
    treatmentPart: combinedVariance(treatment, 1 / base, -theta / base) / treatment.n,
    controlPart: combinedVariance(control, controlSlope, theta / base) / control.n,
  }
}

function describeAdjustment(
  treatment: ArmMomentsWithCovariate,
  control: ArmMomentsWithCovariate,
  theta: number,
): Pick<CupedInference, 'theta' | 'varianceReduction' | 'treatmentMean' | 'controlMean'> {
  const common =
    (treatment.n * treatment.covariateMean + control.n * control.covariateMean) / (treatment.n + control.n)
  const { treatmentPart, controlPart } = absoluteParts(treatment, control, theta)
  const unadjusted = treatment.variance / treatment.n + control.variance / control.n
  return {
    theta,
    varianceReduction: 1 - (treatmentPart + controlPart) / unadjusted,
    treatmentMean: treatment.mean - theta * (treatment.covariateMean - common),
    controlMean: control.mean - theta * (control.covariateMean - common),
  }
}
