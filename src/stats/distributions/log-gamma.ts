/**
 * The logarithm of the gamma function and what goes with it. Everything in this folder that has a factorial
 * in it rests on these few functions, so they hold full relative precision where it is usually lost: near the
 * zeros at 1 and 2, and for the small difference between log Γ and Stirling's formula.
 */

const eulerGamma = 0.5772156649015329
const halfLogTwoPi = 0.9189385332046728

/** ζ(k) − 1 for k = 2 … 31, the sum of n^−k from 2, its tail from 40 by Euler and Maclaurin's formula. */
const zetaMinusOne = Float64Array.from({ length: 30 }, (_, index) => {
  const k = index + 2
  const from = 40
  let tail = from ** (1 - k) / (k - 1) + from ** -k / 2
  tail += (k * from ** (-k - 1)) / 12 - (k * (k + 1) * (k + 2) * from ** (-k - 3)) / 720
  tail += (k * (k + 1) * (k + 2) * (k + 3) * (k + 4) * from ** (-k - 5)) / 30240
  tail -= (k * (k + 1) * (k + 2) * (k + 3) * (k + 4) * (k + 5) * (k + 6) * from ** (-k - 7)) / 1209600
  for (let n = from - 1; n >= 2; n--) tail += n ** -k
  return tail
})

/** log Γ(2 + z) for |z| ≤ 1/2; Abramowitz and Stegun (1964), 6.1.33, in which the logarithm cancels. */
function logGammaNearTwo(z: number): number {
  let sum = 0
  for (let index = zetaMinusOne.length - 1; index >= 0; index--)
    sum = zetaMinusOne[index]! / (index + 2) - z * sum
  return z * (1 - eulerGamma + z * sum)
}

/**
 * log Γ(1 + z) for z > −1, with full relative precision near z = 0 and z = 1.
 */
export function logGammaOnePlus(z: number): number {
  if (Math.abs(z) <= 0.5) return logGammaNearTwo(z) - Math.log1p(z)
  if (Math.abs(z - 1) <= 0.5) return logGammaNearTwo(z - 1)
  return logGamma(1 + z)
}

/**
 * log Γ(x) for x > 0; infinite at 0 and NaN below.
 *
 * Source: the series at 2 (Abramowitz and Stegun 6.1.33) and the recurrence below 10, Stirling's series
 * above.
 */
export function logGamma(x: number): number {
  if (!(x > 0)) return x === 0 ? Infinity : Number.NaN
  if (x >= 10) return (x - 0.5) * Math.log(x) - x + halfLogTwoPi + stirlingSeries(x)
  if (x < 0.5) return logGammaNearTwo(x) - Math.log1p(x) - Math.log(x)
  if (x < 1.5) return logGammaNearTwo(x - 1) - Math.log(x)
  let product = 1
  let rest = x
  while (rest > 2.5) {
    rest -= 1
    product *= rest
  }
  return Math.log(product) + logGammaNearTwo(rest - 2)
}

/**
 * log Γ(x) − [(x − ½) log x − x + ½ log 2π], the error of Stirling's formula, for x > 0, with relative
 * precision.
 *
 * Between 1 and 10 by its recurrence, error(x) − error(x + 1) = (x + ½) log(1 + 1/x) − 1, whose series in
 * 1/(2x + 1) has no cancellation.
 */
export function stirlingError(x: number): number {
  if (x < 1) return logGamma(x) - (x - 0.5) * Math.log(x) + x - halfLogTwoPi
  let sum = 0
  let at = x
  for (; at < 10; at++) {
    const square = 1 / ((2 * at + 1) * (2 * at + 1))
    let power = square
    for (let k = 3; power > 1e-18; k += 2) {
      sum += power / k
      power *= square
    }
  }
  return sum + stirlingSeries(at)
}

/** Bernoulli numbers over 2k(2k − 1)x^(2k−1); Abramowitz and Stegun 6.1.42. Below 1e-17 off from x = 10. */
function stirlingSeries(x: number): number {
  if (x > 1e8) return 1 / (12 * x)
  const r = 1 / (x * x)
  let sum = -3617 / 122400
  sum = 1 / 156 + r * sum
  sum = -691 / 360360 + r * sum
  sum = 1 / 1188 + r * sum
  sum = -1 / 1680 + r * sum
  sum = 1 / 1260 + r * sum
  sum = -1 / 360 + r * sum
  sum = 1 / 12 + r * sum
  return sum / x
}

/** log B(a, b) for a, b > 0. */
export function logBeta(a: number, b: number): number {
  const small = Math.min(a, b)
  const large = Math.max(a, b)
  if (large < 10) return logGamma(a) + logGamma(b) - logGamma(a + b)
  // log Γ(large) − log Γ(large + small) without subtracting two large numbers.
  const fall = small - small * Math.log(large + small) - (large - 0.5) * Math.log1p(small / large)
  return logGamma(small) + fall + stirlingError(large) - stirlingError(large + small)
}

/** log(1 + u) − u for u > −1, without cancellation near 0. */
export function logOnePlusMinus(u: number): number {
  if (u < -0.6 || u > 1.3) return Math.log1p(u) - u
  const r = u / (2 + u)
  const r2 = r * r
  // log(1 + u) = 2 artanh(r): the first term is taken against u in closed form.
  let term = 2 * r2 * r
  let sum = 0
  for (let k = 3; ; k += 2) {
    const next = sum + term / k
    if (next === sum) break
    sum = next
    term *= r2
  }
  return sum - u * r
}

/**
 * The deviance part x·log(x/m) + m − x of a Poisson mass at x with mean m, both > 0.
 *
 * `excess` is m − x, given apart because the caller often knows it more exactly than the difference of the
 * two. Source: Loader (2000), "Fast and accurate computation of binomial probabilities", with his series
 * replaced by `logOnePlusMinus`.
 */
export function poissonDeviance(x: number, m: number, excess = m - x): number {
  const u = excess / x
  if (u > -0.6 && u < 1.3) return -x * logOnePlusMinus(u)
  return x * Math.log(x / m) + excess
}
