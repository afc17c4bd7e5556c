import { betaKernel, incompleteBeta } from './incomplete-beta.ts'
import { inverseIncompleteBetaLogit } from './inverse.ts'
import { logBeta } from './log-gamma.ts'
import { normalCdf, normalPdf, normalQuantile } from './normal.ts'

/** Above this many degrees of freedom the normal distribution is the same to the last digit. */
const normalFrom = 1e17

/** P(T > t) of Student's t; `degreesOfFreedom` > 0, infinite for the normal distribution. */
export function studentTSf(t: number, degreesOfFreedom: number): number {
  return studentTCdf(-t, degreesOfFreedom)
}

/**
 * P(T ≤ t) of Student's t; `degreesOfFreedom` > 0, infinite for the normal distribution.
 *
 * Source: Abramowitz and Stegun (1964), 26.7.1. Relative precision in the lower tail; near 0 by the
 * complement.
 */
export function studentTCdf(t: number, degreesOfFreedom: number): number {
  if (!(degreesOfFreedom > 0) || Number.isNaN(t)) return Number.NaN
  if (degreesOfFreedom > normalFrom) return normalCdf(t)
  if (Math.abs(t) === Infinity) return t < 0 ? 0 : 1
  if (Math.abs(t) > 1e150) return t < 0 ? farTail(-t, degreesOfFreedom) : 1 - farTail(t, degreesOfFreedom)
  const { x, y } = betaPoint(t, degreesOfFreedom)
  const { lower, upper } = incompleteBeta(degreesOfFreedom / 2, 0.5, x, y)
  if (t < 0) return lower / 2
  return lower < 0.5 ? 1 - lower / 2 : 0.5 + upper / 2
}

/** P(T > t) by the first term of its series in ν/t², where t² would overflow. */
function farTail(t: number, degreesOfFreedom: number): number {
  const half = degreesOfFreedom / 2
  return (
    0.5 *
    Math.exp(half * (Math.log(degreesOfFreedom) - 2 * Math.log(t)) - Math.log(half) - logBeta(half, 0.5))
  )
}

/** x = ν/(ν + t²) and y = 1 − x. */
function betaPoint(t: number, degreesOfFreedom: number): { x: number; y: number } {
  const ratio = (t / degreesOfFreedom) * t
  return ratio === Infinity ? { x: 0, y: 1 } : { x: 1 / (1 + ratio), y: ratio / (1 + ratio) }
}

/** Density of Student's t. */
export function studentTPdf(t: number, degreesOfFreedom: number): number {
  if (!(degreesOfFreedom > 0)) return Number.NaN
  if (degreesOfFreedom > normalFrom) return normalPdf(t)
  const { x, y } = betaPoint(t, degreesOfFreedom)
  const half = degreesOfFreedom / 2
  // The kernel is 0·∞ at t = 0, so there the density comes from a point that is not distinguishable from it.
  if (y < 1e-20) return studentTPdf(Math.sqrt(degreesOfFreedom) * 1e-9, degreesOfFreedom)
  return betaKernel(half, 0.5, x, y) / Math.abs(t)
}

/** The t with P(T ≤ t) = p, for p in [0, 1]. */
export function studentTQuantile(p: number, degreesOfFreedom: number): number {
  if (!(degreesOfFreedom > 0 && p >= 0 && p <= 1)) return Number.NaN
  if (degreesOfFreedom > normalFrom) return normalQuantile(p)
  if (p === 0.5) return 0
  const tail = Math.min(p, 1 - p)
  const logit = inverseIncompleteBetaLogit(degreesOfFreedom / 2, 0.5, 2 * tail, 1 - 2 * tail)
  const size = Math.sqrt(degreesOfFreedom) * Math.exp(-logit / 2)
  return p < 0.5 ? -size : size
}
