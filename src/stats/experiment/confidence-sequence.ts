import { type Alternative, checkLevel, defaultCiLevel } from '../inference.ts'
import { type Refusal, refuse } from '../refusal.ts'

/** A point estimate that is normal in large samples. */
export interface PointEstimate {
  readonly estimate: number
  readonly stdError: number
}

/** An interval and p-value that hold at every look at the data together. */
export interface AlwaysValidInference extends PointEstimate {
  readonly ciLower: number
  readonly ciUpper: number
  readonly ciLevel: number
  /** Valid at every look; a caller who keeps looking may carry on the smallest so far. */
  readonly pValue: number
}

/** Options of `asymptoticConfidenceSequence`. */
export interface ConfidenceSequenceOptions {
  /** The sample size, over both arms, at which the interval shall be tightest; 5000 if not given. */
  readonly tuningUnits?: number
  /** 0.95 if not given. */
  readonly ciLevel?: number
  readonly alternative?: Alternative
}

/**
 * The interval around an estimate that may be looked at as often as one likes.
 *
 * Inputs: an estimate with its standard error from `n` units (of both arms), on any scale. Returns interval
 * and p-value, of which all looks together err with at most 1 − ciLevel, in large samples. Refuses a standard
 * error or number of units that is not positive and a level outside (0, 1). Source: Waudby-Smith, Arbour,
 * Sinha, Kennedy, Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences" (2021,
 * arXiv 2103.06476v7), eq. 9 and 155; one-sided eq. 134. The one-sided p-value inverts the bound with the
 * mixture held fixed.
 */
export function asymptoticConfidenceSequence(
  { estimate, stdError }: PointEstimate,
  n: number,
  options: ConfidenceSequenceOptions = {},
): AlwaysValidInference | Refusal {
  const { tuningUnits = 5000, ciLevel = defaultCiLevel, alternative = 'two-sided' } = options
  const problem = checkLevel(ciLevel)
  if (problem) return problem
  if (!(stdError > 0 && stdError < Infinity)) return refuse('the standard error is not a positive number')
  if (!(n > 0 && tuningUnits > 0)) return refuse('too few units: their number must be positive')
  const alpha = 1 - ciLevel
  const isTwoSided = alternative === 'two-sided'
  const spread = n * mixtureRate(isTwoSided ? alpha : 2 * alpha, tuningUnits)
  const halfWidth = stdError * sequenceMultiplier(spread, alpha, isTwoSided)
  const z = estimate / stdError
  const exponent = (spread * z * z) / (2 * (spread + 1))
  const onRightSide = alternative === 'greater' ? z > 0 : z < 0
  const pOneSided = onRightSide ? Math.sqrt(spread + 1) / (2 * Math.expm1(exponent)) : 1
  const pTwoSided = Math.sqrt(spread + 1) * Math.exp(-exponent)
  return {
    estimate,
    stdError,
    ciLower: alternative === 'less' ? -Infinity : estimate - halfWidth,
    ciUpper: alternative === 'greater' ? Infinity : estimate + halfWidth,
    ciLevel,
    pValue: Math.min(1, isTwoSided ? pTwoSided : pOneSided),
  }
}

/** ρ² of the mixture, which makes the interval tightest at `tuningUnits`. */
function mixtureRate(alpha: number, tuningUnits: number): number {
  const twoLog = -2 * Math.log(alpha)
  return (twoLog + Math.log(1 + twoLog)) / tuningUnits
}

/** The half-width in standard errors, `spread` being n·ρ². */
function sequenceMultiplier(spread: number, alpha: number, isTwoSided: boolean): number {
  const root = Math.sqrt(spread + 1)
  const log = isTwoSided ? Math.log(root / alpha) : Math.log1p(root / (2 * alpha))
  return Math.sqrt((2 * (spread + 1) * log) / spread)
}

/** The critical value of the two-sided sequence at `n` units: its half-width in standard errors. */
export function sequenceCriticalValue(n: number, alpha: number, tuningUnits: number): number {
  return sequenceMultiplier(n * mixtureRate(alpha, tuningUnits), alpha, true)
}
