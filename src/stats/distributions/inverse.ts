import { betaKernel, incompleteBeta } from './incomplete-beta.ts'
import { gammaKernel, incompleteGamma, type TailPair } from './incomplete-gamma.ts'
import { logBeta, logGammaOnePlus } from './log-gamma.ts'

/** Below e^−37 one term of the power series is the whole function, to the last digit. */
const leadingTermOnly = -37

/** The two tails at a point of the transformed axis, and the density there. */
interface TailsAt extends TailPair {
  readonly density: number
}

/**
 * The point where a distribution with log-concave density has these tails.
 *
 * Newton's method on the logarithm of the smaller tail: that is a concave function, so the steps converge
 * from anywhere, and neither tail is lost to rounding. A step into a region where the tail underflows is
 * halved.
 */
function solveTails(tailsAt: (s: number) => TailsAt, target: TailPair, start: number): number {
  const useLower = target.lower <= target.upper
  const logTarget = Math.log(useLower ? target.lower : target.upper)
  let s = start
  let step = 0
  for (let iteration = 0; iteration < 500; iteration++) {
    const at = tailsAt(s)
    const tail = useLower ? at.lower : at.upper
    if (!(tail > 0 && at.density > 0)) {
      step = step === 0 ? (useLower ? -1 : 1) : step / 2
      s -= step
      continue
    }
    const slope = (useLower ? at.density : -at.density) / tail
    const next = (logTarget - Math.log(tail)) / slope
    s += next
    step = next
    if (Math.abs(step) < 1e-9) return s
  }
  return Number.NaN
}

/**
 * The x with P(shape, x) = `lower` and Q(shape, x) = `upper`, which sum to 1, for shape > 0.
 *
 * Solved in log x, where the gamma density is log-concave for every shape.
 */
export function inverseIncompleteGamma(shape: number, lower: number, upper: number): number {
  if (!(shape > 0 && lower >= 0 && upper >= 0)) return Number.NaN
  if (lower === 0) return 0
  if (upper === 0) return Infinity
  const leading = (Math.log(lower) + logGammaOnePlus(shape)) / shape
  if (leading < leadingTermOnly) return Math.exp(leading)
  const tailsAt = (s: number): TailsAt => {
    const x = Math.exp(s)
    const { lower, upper } = incompleteGamma(shape, x)
    return { lower, upper, density: gammaKernel(shape, x) }
  }
  const start = shape < 1 ? Math.min(leading, 0) : Math.log(shape)
  return Math.exp(solveTails(tailsAt, { lower, upper }, start))
}

/**
 * log(x / (1 − x)) for the x with I_x(a, b) = `lower` and 1 − I_x(a, b) = `upper`, for a, b > 0.
 *
 * On the logit scale the beta density is log-concave for all a and b, and both x and 1 − x keep their
 * precision.
 */
export function inverseIncompleteBetaLogit(a: number, b: number, lower: number, upper: number): number {
  if (!(a > 0 && b > 0 && lower >= 0 && upper >= 0)) return Number.NaN
  if (lower === 0) return -Infinity
  if (upper === 0) return Infinity
  const logNorm = logBeta(a, b)
  const nearZero = (Math.log(lower) + Math.log(a) + logNorm) / a
  if (nearZero < leadingTermOnly) return nearZero
  const nearOne = (Math.log(upper) + Math.log(b) + logNorm) / b
  if (nearOne < leadingTermOnly) return -nearOne
  const tailsAt = (s: number): TailsAt => {
    const x = 1 / (1 + Math.exp(-s))
    const y = 1 / (1 + Math.exp(s))
    const { lower, upper } = incompleteBeta(a, b, x, y)
    return { lower, upper, density: betaKernel(a, b, x, y) }
  }
  return solveTails(tailsAt, { lower, upper }, Math.log(a / b))
}
