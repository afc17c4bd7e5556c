import { stirlingError } from './log-gamma.ts'
import { normalSf } from './normal.ts'

/** Points of the trapezium; the integrand is smooth and vanishes at both ends, so few give all digits. */
const steps = 400
const reach = 12

/**
 * P(T > t) of the non-central t distribution, with `degreesOfFreedom` > 0 and this non-centrality: the power
 * of a t test.
 *
 * By integrating P(Z > t·s − noncentrality) over the distribution of s = √(χ²/ν) on the scale of log s, where
 * the trapezium rule converges geometrically; no series, so no limit on the non-centrality. Absolute
 * precision about 1e-13.
 */
export function noncentralTSf(t: number, degreesOfFreedom: number, noncentrality: number): number {
  if (!(degreesOfFreedom > 0)) return Number.NaN
  if (degreesOfFreedom === Infinity) return normalSf(t - noncentrality)
  const half = degreesOfFreedom / 2
  // The density of w = log(χ²/ν) is exp(half·(w − e^w + 1)) up to its constant: about 1/√half wide, with a
  // longer
  // lower tail when there are few degrees of freedom.
  const width = reach / Math.sqrt(half)
  const lowest = -width - 25 / half
  const step = (width - lowest) / steps
  const scale = Math.sqrt(half / (2 * Math.PI)) * Math.exp(-stirlingError(half))
  let sum = 0
  for (let index = 0; index <= steps; index++) {
    const w = lowest + index * step
    const density = Math.exp(half * (w - Math.expm1(w)))
    if (density > 0) sum += density * normalSf(t * Math.exp(w / 2) - noncentrality)
  }
  return Math.min(1, sum * step * scale)
}

/** P(T ≤ t) of the non-central t distribution; see `noncentralTSf`. */
export function noncentralTCdf(t: number, degreesOfFreedom: number, noncentrality: number): number {
  return noncentralTSf(-t, degreesOfFreedom, -noncentrality)
}
