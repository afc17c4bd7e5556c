import { gammaKernel, incompleteGamma } from './incomplete-gamma.ts'
import { inverseIncompleteGamma } from './inverse.ts'

/** Density of the gamma distribution with this shape and scale, at x. */
export function gammaPdf(x: number, shape: number, scale = 1): number {
  if (!(shape > 0 && scale > 0)) return Number.NaN
  if (x < 0) return 0
  if (x === 0) return shape < 1 ? Infinity : shape === 1 ? 1 / scale : 0
  return gammaKernel(shape, x / scale) / x
}

/** P(X ≤ x) of the gamma distribution. */
export function gammaCdf(x: number, shape: number, scale = 1): number {
  return scale > 0 ? incompleteGamma(shape, Math.max(x, 0) / scale).lower : Number.NaN
}

/** P(X > x) of the gamma distribution, with relative precision in the upper tail. */
export function gammaSf(x: number, shape: number, scale = 1): number {
  return scale > 0 ? incompleteGamma(shape, Math.max(x, 0) / scale).upper : Number.NaN
}

/** The x with P(X ≤ x) = p, for p in [0, 1]. */
export function gammaQuantile(p: number, shape: number, scale = 1): number {
  return scale > 0 ? scale * inverseIncompleteGamma(shape, p, 1 - p) : Number.NaN
}

/** Density of the χ² distribution at x. */
export function chiSquarePdf(x: number, degreesOfFreedom: number): number {
  return gammaPdf(x, degreesOfFreedom / 2, 2)
}

/** P(X ≤ x) of the χ² distribution. */
export function chiSquareCdf(x: number, degreesOfFreedom: number): number {
  return gammaCdf(x, degreesOfFreedom / 2, 2)
}

/** P(X > x) of the χ² distribution, with relative precision in the upper tail. */
export function chiSquareSf(x: number, degreesOfFreedom: number): number {
  return gammaSf(x, degreesOfFreedom / 2, 2)
}

/** The x with P(X ≤ x) = p of the χ² distribution, for p in [0, 1]. */
export function chiSquareQuantile(p: number, degreesOfFreedom: number): number {
  return gammaQuantile(p, degreesOfFreedom / 2, 2)
}
