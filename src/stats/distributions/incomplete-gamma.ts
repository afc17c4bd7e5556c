import { erfc, timesGaussian } from './error-function.ts'
import { logGammaOnePlus, logOnePlusMinus, poissonDeviance, stirlingError } from './log-gamma.ts'

/** A probability and its complement, each computed with relative precision where it is the small one. */
export interface TailPair {
  readonly lower: number
  readonly upper: number
}

const rootTwoPi = 2.5066282746310002
const termLimit = 100_000

/** x^a·exp(−x) / Γ(a), the gamma density times x, for a, x > 0; Loader's (2000) saddle-point form. */
export function gammaKernel(a: number, x: number): number {
  return (Math.sqrt(a) / rootTwoPi) * Math.exp(-poissonDeviance(a, x) - stirlingError(a))
}

/**
 * The regularised incomplete gamma functions P(a, x) and Q(a, x), for a > 0 and x ≥ 0.
 *
 * Four regions, each where its formula neither cancels nor converges slowly: a series for x below a; a
 * continued fraction above; for small a and x a form that keeps Q precise; for a ≥ 20 and x near a the
 * uniform asymptotic expansion, since there the others need √a terms and lose digits.
 */
export function incompleteGamma(a: number, x: number): TailPair {
  if (!(a > 0) || !(x >= 0)) return { lower: Number.NaN, upper: Number.NaN }
  if (x === 0) return { lower: 0, upper: 1 }
  if (x === Infinity) return { lower: 1, upper: 0 }
  if (a >= 20 && Math.abs(x - a) < 0.6 * a) return uniformExpansion(a, x)
  if (a < 1 && x < 1.1) return smallArguments(a, x)
  if (x < a + 1) {
    const lower = (gammaKernel(a, x) / a) * lowerSeries(a, x)
    return { lower, upper: 1 - lower }
  }
  const upper = gammaKernel(a, x) * upperFraction(a, x)
  return { lower: 1 - upper, upper }
}

/** 1 + x/(a+1) + x²/((a+1)(a+2)) + …; DLMF 8.11.4. */
function lowerSeries(a: number, x: number): number {
  let term = 1
  let sum = 1
  for (let n = 1; n < termLimit; n++) {
    term *= x / (a + n)
    sum += term
    if (term < sum * 1e-17) return sum
  }
  return Number.NaN
}

/** The continued fraction DLMF 8.9.2 for Γ(a, x)·e^x / x^a in even form, by Lentz's method (1976). */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a
  let c = 1e300
  let d = 1 / b
  let value = d
  for (let n = 1; n < termLimit; n++) {
    const numerator = n * (a - n)
    b += 2
    d = 1 / nonZero(b + numerator * d)
    c = nonZero(b + numerator / c)
    const factor = c * d
    value *= factor
    if (Math.abs(factor - 1) < 2e-16) return value
  }
  return Number.NaN
}

function nonZero(value: number): number {
  return Math.abs(value) < 1e-300 ? 1e-300 : value
}

/**
 * Q = 1 − x^a/Γ(a+1) − (x^a/Γ(a+1))·aΣ(−x)^n/((a+n)n!), the first two taken together (Gautschi
 * 1979).
 */
function smallArguments(a: number, x: number): TailPair {
  const logLeading = a * Math.log(x) - logGammaOnePlus(a)
  let term = 1
  let sum = 0
  for (let n = 1; n < 40; n++) {
    term *= -x / n
    sum += term / (a + n)
    if (Math.abs(term) < 1e-18) break
  }
  const leading = Math.exp(logLeading)
  return { lower: leading * (1 + a * sum), upper: -Math.expm1(logLeading) - leading * a * sum }
}

/** Coefficients of η/μ in powers of η, where η²/2 = μ − log(1 + μ): 1, −1/3, 1/12, −2/135, … */
const expansion = expansionCoefficients(36)

function expansionCoefficients(count: number): Float64Array {
  // μ = Σ alpha[k] η^k follows from η(1 + μ) = μ·dμ/dη; then its reciprocal series.
  const alpha = new Float64Array(count + 2)
  alpha[1] = 1
  for (let n = 2; n <= count + 1; n++) {
    let sum = alpha[n - 1]!
    for (let j = 2; j < n; j++) sum -= alpha[j]! * (n + 1 - j) * alpha[n + 1 - j]!
    alpha[n] = sum / (n + 1)
  }
  const reciprocal = new Float64Array(count)
  reciprocal[0] = 1
  for (let n = 1; n < count; n++) {
    let sum = 0
    for (let j = 1; j <= n; j++) sum -= alpha[j + 1]! * reciprocal[n - j]!
    reciprocal[n] = sum
  }
  return reciprocal
}

/**
 * Q(a, x) = ½ erfc(η√(a/2)) + R, with the remainder R by backward recursion.
 *
 * Source: Temme (1979), "The asymptotic expansion of the incomplete gamma functions", SIAM J. Math. Anal. 10;
 * the recursion of Gil, Segura, Temme (2012), "Efficient and accurate algorithms for the computation and
 * inversion of the incomplete gamma function ratios", SIAM J. Sci. Comput. 34.
 */
function uniformExpansion(a: number, x: number): TailPair {
  const mu = (x - a) / a
  const eta = Math.sign(mu) * Math.sqrt(-2 * logOnePlusMinus(mu))
  const last = expansion.length - 1
  let beta = 0
  let betaAbove = 0
  let sum = 0
  for (let n = last - 1; n >= 0; n--) {
    const current = expansion[n + 1]! + ((n + 2) * betaAbove) / a
    betaAbove = beta
    beta = current
    sum = sum * eta + current
  }
  // After the loop `betaAbove` is the coefficient of η.
  const gaussian = timesGaussian(1, eta * Math.sqrt(a), 2)
  const remainder = (gaussian * sum) / (rootTwoPi * Math.sqrt(a) * (1 + betaAbove / a))
  const argument = eta * Math.sqrt(a / 2)
  return { lower: 0.5 * erfc(-argument) - remainder, upper: 0.5 * erfc(argument) + remainder }
}
