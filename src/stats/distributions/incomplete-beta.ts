import type { TailPair } from './incomplete-gamma.ts'
import { poissonDeviance, stirlingError } from './log-gamma.ts'

const termLimit = 300_000
const twoPi = 2 * Math.PI

/**
 * x^a·y^b / B(a, b) with y = 1 − x, for a, b > 0: the beta density times x·y.
 *
 * The binomial saddle-point form of Loader (2000), which keeps its precision for large a and b.
 */
export function betaKernel(a: number, b: number, x: number, y: number): number {
  if (x <= 0 || y <= 0) return 0
  const n = a + b
  const excess = b * x - a * y
  const deviance = poissonDeviance(a, n * x, excess) + poissonDeviance(b, n * y, -excess)
  const correction = stirlingError(n) - stirlingError(a) - stirlingError(b)
  return Math.sqrt((a / n) * (b / twoPi)) * Math.exp(correction - deviance)
}

/**
 * The regularised incomplete beta function I_x(a, b) and its complement, for a, b > 0 and x in [0, 1].
 *
 * `y` = 1 − x is given apart, since near x = 1 the caller knows it better than a subtraction would. The
 * continued fraction gives the tail on the side of x away from the mean, and the other by complement, unless
 * that cancels.
 */
export function incompleteBeta(a: number, b: number, x: number, y = 1 - x): TailPair {
  if (!(a > 0 && b > 0 && x >= 0 && y >= 0)) return { lower: Number.NaN, upper: Number.NaN }
  if (x === 0) return { lower: 0, upper: 1 }
  if (y === 0) return { lower: 1, upper: 0 }
  const kernel = betaKernel(a, b, x, y)
  if (b * x <= a * y) {
    const lower = kernel * fraction(a, b, x, y)
    return { lower, upper: complement(lower, () => kernel * fraction(b, a, y, x)) }
  }
  const upper = kernel * fraction(b, a, y, x)
  return { lower: complement(upper, () => kernel * fraction(a, b, x, y)), upper }
}

/** 1 − tail, or where that would lose digits the other tail itself, if its slower fraction converges. */
function complement(tail: number, other: () => number): number {
  const rest = 1 - tail
  if (rest > 0.1) return rest
  const direct = other()
  return Math.abs(direct - rest) < 1e-10 ? direct : rest
}

/**
 * The continued fraction DiDonato and Morris (1992), "Algorithm 708", by Lentz's method (1976), with λ
 * = a·y − b·x. Unlike the usual one it subtracts nothing from 1, so shapes in the millions keep their digits.
 */
function fraction(a: number, b: number, x: number, y: number): number {
  const lambda = a * y - b * x
  let d = (a + 1) / (a * nonZero(lambda + 1))
  let c = 1e300
  let value = d
  for (let n = 1; n < termLimit; n++) {
    const twice = a + 2 * n - 1
    const step = n * (b - n) * x
    const numerator = ((a + n - 1) / twice) * ((a + b + n - 1) / twice) * step * x
    const denominator = n + step / twice + ((a + n) / (twice + 2)) * (lambda + 1 + n * (1 + y))
    d = 1 / nonZero(denominator + numerator * d)
    c = nonZero(denominator + numerator / c)
    const factor = c * d
    value *= factor
    if (Math.abs(factor - 1) < 2e-16) return value
  }
  return Number.NaN
}

function nonZero(value: number): number {
  return Math.abs(value) < 1e-300 ? 1e-300 : value
}
