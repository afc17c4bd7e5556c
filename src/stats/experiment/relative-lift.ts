import {
  checkLevel,
  criticalValue,
  defaultCiLevel,
  type Inference,
  type InferenceOptions,
  waldInference,
} from '../inference.ts'
import { isRefused, type Refusal, refuse } from '../refusal.ts'
import { type ArmMoments, checkArms } from './arm-moments.ts'
import { differenceInMeans, welchDegreesOfFreedom } from './difference-in-means.ts'

/** How the interval of a relative lift is made. */
export type LiftInterval = 'delta' | 'log' | 'fieller'

/** Options of `relativeLift`. */
export interface RelativeLiftOptions extends Omit<InferenceOptions, 'nullValue'> {
  /**
   * - `delta` (the default): symmetric, by the delta method.
   * - `log`: by the delta method on log(mean ratio); never below −100 %, but only for two positive means.
   * - `fieller`: exact for normal means, and the one to take when the control mean is only a few standard
   *   errors from 0.
   */
  readonly interval?: LiftInterval
}

/**
 * The relative lift (mean of treatment − mean of control) / |mean of control|.
 *
 * Inputs: the moments of the arms. Returns the lift as a fraction (0.05 is 5 %). For `delta` the standard
 * error, test and interval go together; for `log` and `fieller` the p-value is that of Welch's test of equal
 * means, which has the same null hypothesis. Degrees of freedom are Welch's from the arms' variances (for
 * `log` from those of the log means). Refuses what `differenceInMeans` does, a control mean of zero,
 * non-positive means for `log`, and for `fieller` a control mean that is not told from zero at this level,
 * where the interval has no bounds. Source: Deng, Knoblich, Lu (2018), "Applying the delta method in metric
 * analytics", KDD; Fieller (1954).
 */
export function relativeLift(
  treatment: ArmMoments,
  control: ArmMoments,
  options: RelativeLiftOptions = {},
): Inference | Refusal {
  const problem = checkArms(treatment, control) ?? checkControlMean(control.mean)
  if (problem) return problem
  const { interval = 'delta' } = options
  if (interval === 'log') return logLift(treatment, control, options)
  if (interval === 'fieller') return fiellerLift(treatment, control, options)
  return deltaLift(treatment, control, options)
}

/** Refuses a lift over nothing. */
export function checkControlMean(mean: number): Refusal | undefined {
  return mean === 0
    ? refuse('the control mean is zero, so there is nothing that a lift could be relative to')
    : undefined
}

function deltaLift(
  treatment: ArmMoments,
  control: ArmMoments,
  options: InferenceOptions,
): Inference | Refusal {
  const base = Math.abs(control.mean)
  const treatmentPart = treatment.variance / treatment.n
  const controlPart = control.variance / control.n
  const ratio = treatment.mean / control.mean
  return waldInference(
    (treatment.mean - control.mean) / base,
    Math.sqrt(treatmentPart + ratio * ratio * controlPart) / base,
    welchDegreesOfFreedom(treatmentPart, treatment.n, controlPart, control.n),
    options,
  )
}

function logLift(
  treatment: ArmMoments,
  control: ArmMoments,
  options: RelativeLiftOptions,
): Inference | Refusal {
  if (!(treatment.mean > 0 && control.mean > 0))
    return refuse('the interval on the log scale needs two positive means')
  const treatmentPart = treatment.variance / treatment.n / treatment.mean ** 2
  const controlPart = control.variance / control.n / control.mean ** 2
  const logRatio = waldInference(
    Math.log(treatment.mean / control.mean),
    Math.sqrt(treatmentPart + controlPart),
    welchDegreesOfFreedom(treatmentPart, treatment.n, controlPart, control.n),
    options,
  )
  if (isRefused(logRatio)) return logRatio
  return withTestOfMeans(treatment, control, options, {
    ciLower: Math.expm1(logRatio.ciLower),
    ciUpper: Math.expm1(logRatio.ciUpper),
    degreesOfFreedom: logRatio.degreesOfFreedom,
  })
}

function fiellerLift(
  treatment: ArmMoments,
  control: ArmMoments,
  options: RelativeLiftOptions,
): Inference | Refusal {
  const { ciLevel = defaultCiLevel, alternative = 'two-sided', reference = 't' } = options
  const problem = checkLevel(ciLevel)
  if (problem) return problem
  const treatmentPart = treatment.variance / treatment.n
  const controlPart = control.variance / control.n
  const welch = welchDegreesOfFreedom(treatmentPart, treatment.n, controlPart, control.n)
  const degreesOfFreedom = reference === 'normal' ? Infinity : welch
  const square = criticalValue(ciLevel, alternative, degreesOfFreedom) ** 2
  // Roots r of (mT − r·mC)² = t²(vT + r²·vC).
  const leading = control.mean ** 2 - square * controlPart
  if (leading <= 0)
    return refuse(
      'the control mean is not told from zero at this level, so the interval of the lift has no bounds',
    )
  const middle = treatment.mean * control.mean
  const last = treatment.mean ** 2 - square * treatmentPart
  const spread = Math.sqrt(middle * middle - leading * last)
  const sign = Math.sign(control.mean)
  const bounds = [(middle - spread) / leading, (middle + spread) / leading].map((r) => sign * (r - 1))
  return withTestOfMeans(treatment, control, options, {
    ciLower: alternative === 'less' ? -Infinity : Math.min(...bounds),
    ciUpper: alternative === 'greater' ? Infinity : Math.max(...bounds),
    degreesOfFreedom,
  })
}

/** The lift with the given interval, tested by Welch's test of the means. */
function withTestOfMeans(
  treatment: ArmMoments,
  control: ArmMoments,
  options: RelativeLiftOptions,
  interval: { ciLower: number; ciUpper: number; degreesOfFreedom: number },
): Inference | Refusal {
  const lift = deltaLift(treatment, control, options)
  const test = differenceInMeans(treatment, control, options)
  if (isRefused(lift) || isRefused(test)) return lift
  return { ...lift, ...interval, pValue: test.pValue, statistic: test.statistic }
}
