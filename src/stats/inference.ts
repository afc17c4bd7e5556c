import { normalCdf, normalQuantile } from './distributions/normal.ts'
import { studentTCdf, studentTQuantile } from './distributions/student-t.ts'
import { type Refusal, refuse } from './refusal.ts'

/** Which deviation from the null value counts against it. */
export type Alternative = 'two-sided' | 'greater' | 'less'

/** What every interval and test can be told. */
export interface InferenceOptions {
  /** Confidence level of the interval, in (0, 1); 0.95 if not given. */
  readonly ciLevel?: number
  /** 'greater' and 'less' make the test one-sided and leave the interval open on the other side. */
  readonly alternative?: Alternative
  /** The value under the null hypothesis, on the scale of the estimate; 0 if not given. */
  readonly nullValue?: number
  /** Reference distribution: Student's t (the default, where degrees of freedom are known) or the normal. */
  readonly reference?: 't' | 'normal'
}

/** An estimate with its interval and test, flat. */
export interface Inference {
  readonly estimate: number
  readonly stdError: number
  readonly ciLower: number
  readonly ciUpper: number
  readonly ciLevel: number
  readonly pValue: number
  /** (estimate − null value) / stdError. */
  readonly statistic: number
  /** Of the reference distribution; infinite for the normal. */
  readonly degreesOfFreedom: number
}

/** What a method returns: an estimate with its interval and test, or why there is none. */
export type EffectResult = Inference | Refusal

/** The confidence level that holds when none is given. */
export const defaultCiLevel = 0.95

/** P(T ≤ value) for Student's t, or for the normal distribution when the degrees of freedom are infinite. */
export function referenceCdf(value: number, degreesOfFreedom: number): number {
  return degreesOfFreedom === Infinity ? normalCdf(value) : studentTCdf(value, degreesOfFreedom)
}

/** The critical value: the half-width of the interval in standard errors. */
export function criticalValue(
  ciLevel: number,
  alternative: Alternative = 'two-sided',
  degreesOfFreedom = Infinity,
): number {
  const tail = alternative === 'two-sided' ? (1 - ciLevel) / 2 : 1 - ciLevel
  // From the lower tail, whose probability is exact: 1 − tail would round.
  return degreesOfFreedom === Infinity ? -normalQuantile(tail) : -studentTQuantile(tail, degreesOfFreedom)
}

/** The p-value of a statistic. */
export function pValueOf(statistic: number, degreesOfFreedom: number, alternative: Alternative): number {
  if (alternative === 'greater') return referenceCdf(-statistic, degreesOfFreedom)
  if (alternative === 'less') return referenceCdf(statistic, degreesOfFreedom)
  return 2 * referenceCdf(-Math.abs(statistic), degreesOfFreedom)
}

/**
 * Wald's interval and test: estimate ± critical value · standard error.
 *
 * Refuses a confidence level outside (0, 1) and a standard error that is not positive.
 */
export function waldInference(
  estimate: number,
  stdError: number,
  degreesOfFreedom: number,
  options: InferenceOptions = {},
): Inference | Refusal {
  const { ciLevel = defaultCiLevel, alternative = 'two-sided', nullValue = 0, reference = 't' } = options
  const problem = checkLevel(ciLevel)
  if (problem) return problem
  if (!Number.isFinite(estimate)) return refuse('the estimate is not a finite number')
  if (!(stdError > 0 && stdError < Infinity)) return refuse('the standard error is not a positive number')
  const df = reference === 'normal' ? Infinity : degreesOfFreedom
  const halfWidth = criticalValue(ciLevel, alternative, df) * stdError
  const statistic = (estimate - nullValue) / stdError
  return {
    estimate,
    stdError,
    ciLower: alternative === 'less' ? -Infinity : estimate - halfWidth,
    ciUpper: alternative === 'greater' ? Infinity : estimate + halfWidth,
    ciLevel,
    pValue: pValueOf(statistic, df, alternative),
    statistic,
    degreesOfFreedom: df,
  }
}

/** Refuses a confidence level outside (0, 1). */
export function checkLevel(ciLevel: number): Refusal | undefined {
  return ciLevel > 0 && ciLevel < 1
    ? undefined
    : refuse(`the confidence level must be between 0 and 1, and is ${ciLevel}`)
}
