import { normalCdf, normalLogCdf } from '../distributions/normal.ts'
import { checkLevel, defaultCiLevel } from '../inference.ts'
import { type Refusal, refuse } from '../refusal.ts'
import type { AlwaysValidInference, PointEstimate } from './confidence-sequence.ts'

/** The result of `mixtureTest`. */
export interface MixtureInference extends AlwaysValidInference {
  /** The mixture likelihood ratio against no effect: the evidence so far. */
  readonly likelihoodRatio: number
}

/**
 * The mixture sequential probability ratio test (mSPRT) of no effect, against effects drawn from N(0,
 * mixingVariance).
 *
 * Inputs: an estimate with its standard error, and the mixing variance on the same scale squared, which must
 * be fixed before the data are seen. Returns the p-value of this look (over looks, take the smallest) and the
 * interval. Refuses a standard error or mixing variance that is not positive and a level outside (0, 1).
 * Source: Robbins (1970); Johari, Pekelis, Walsh (2015), "Always valid inference", arXiv 1512.04922.
 */
export function mixtureTest(
  { estimate, stdError }: PointEstimate,
  mixingVariance: number,
  options: { readonly ciLevel?: number } = {},
): MixtureInference | Refusal {
  const { ciLevel = defaultCiLevel } = options
  const problem = checkLevel(ciLevel)
  if (problem) return problem
  if (!(stdError > 0 && stdError < Infinity)) return refuse('the standard error is not a positive number')
  if (!(mixingVariance > 0 && mixingVariance < Infinity))
    return refuse('the mixing variance is not a positive number')
  const variance = stdError * stdError
  const total = variance + mixingVariance
  const logRatio =
    0.5 * Math.log(variance / total) + (mixingVariance * estimate * estimate) / (2 * variance * total)
  const boundary = -2 * Math.log(1 - ciLevel) + Math.log(total / variance)
  const halfWidth = Math.sqrt(((variance * total) / mixingVariance) * boundary)
  return {
    estimate,
    stdError,
    ciLower: estimate - halfWidth,
    ciUpper: estimate + halfWidth,
    ciLevel,
    pValue: Math.min(1, Math.exp(-logRatio)),
    likelihoodRatio: Math.exp(logRatio),
  }
}

/**
 * The parameter ρ of the normal mixture boundary that is tightest at intrinsic time `v`.
 *
 * Source: Howard, Ramdas, McAuliffe, Sekhon (2021), "Time-uniform, nonparametric, nonasymptotic confidence
 * sequences", Ann. Statist. 49, with the approximation to Lambert's W by one logarithm.
 */
export function mixtureBoundaryRho(v: number, alpha: number): number {
  const twoLog = 2 * Math.log(1 / alpha)
  return v / (twoLog + Math.log1p(twoLog))
}

/**
 * Logarithm of the e-value of a sum `s` with variance `v` under the normal mixture; one-sided for positive
 * sums.
 */
export function mixtureLogEvidence(s: number, v: number, rho: number, sides: 1 | 2 = 2): number {
  const twoSided = 0.5 * Math.log(rho / (v + rho)) + (s * s) / (2 * (v + rho))
  return sides === 2 ? twoSided : twoSided + Math.LN2 + normalLogCdf(s / Math.sqrt(v + rho))
}

/** The sum that the mixture boundary allows at variance `v`: beyond it the e-value exceeds 1/alpha. */
export function mixtureBoundary(v: number, rho: number, alpha: number, sides: 1 | 2 = 2): number {
  const twoSided = Math.sqrt((v + rho) * (Math.log((v + rho) / rho) + 2 * Math.log(1 / alpha)))
  if (sides === 2) return twoSided
  // One-sided evidence lies below the two-sided one plus log 2, which brackets the root from below.
  const target = Math.log(1 / alpha)
  let s = Math.sqrt(Math.max(0, (v + rho) * (Math.log((v + rho) / (4 * rho)) + 2 * target)))
  for (let iteration = 0; iteration < 100; iteration++) {
    const scaled = s / Math.sqrt(v + rho)
    const slope =
      (scaled + Math.exp(-0.5 * scaled * scaled) / (2.5066282746310002 * normalCdf(scaled))) /
      Math.sqrt(v + rho)
    const step = (target - mixtureLogEvidence(s, v, rho, 1)) / slope
    s += step
    if (Math.abs(step) <= 1e-13 * s) break
  }
  return s
}

/**
 * Logarithm of the e-value of a t statistic under a g-prior, for tests that may stop at any time though the
 * variance is unknown.
 *
 * Inputs: the statistic, its degrees of freedom, the units `n`, and the prior's precision `g` in units. The
 * p-value is min(1, exp(−result)). Source: Lindon, Ham, Tingley, Bojinov (2022), "Anytime-valid inference in
 * linear models", arXiv 2210.08589, for one coefficient.
 */
export function anytimeTLogEvidence(t: number, degreesOfFreedom: number, n: number, g: number): number {
  const r = g / (g + n)
  const square = (t * t) / degreesOfFreedom
  return 0.5 * Math.log(r) + 0.5 * (degreesOfFreedom + 1) * (Math.log1p(square) - Math.log1p(r * square))
}
