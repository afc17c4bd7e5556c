import { erfc, timesGaussian } from './error-function.ts'

const inverseRootTwoPi = 0.3989422804014327
const rootHalf = Math.SQRT1_2

/** Density of the standard normal distribution at z. */
export function normalPdf(z: number): number {
  return Math.abs(z) > 39 ? 0 : timesGaussian(inverseRootTwoPi, z, 2)
}

/** P(Z ≤ z) of the standard normal distribution, with relative precision in the lower tail. */
export function normalCdf(z: number): number {
  return normalSf(-z)
}

/** P(Z > z) of the standard normal distribution, with relative precision in the upper tail. */
export function normalSf(z: number): number {
  if (!(z > 1)) return 0.5 * erfc(z * rootHalf)
  // z/√2 is rounded and its error multiplied by z² in the exponent: correct for it.
  const x = z * rootHalf
  if (x > 27.5) return 0
  const lost = normalShift(z, x)
  return 0.5 * erfc(x) * (1 - 2 * x * lost)
}

/** z/√2 − x to first order, from z² = 2x² exactly. */
function normalShift(z: number, x: number): number {
  const head = Math.fround(x)
  const zHead = Math.fround(z)
  const square = zHead * zHead - 2 * head * head
  const rest = (z - zHead) * (z + zHead) - 2 * (x - head) * (x + head)
  return (square + rest) / (4 * x)
}

/** log P(Z ≤ z), finite far below where P underflows. */
export function normalLogCdf(z: number): number {
  if (z > -30) return z > 5 ? Math.log1p(-normalSf(z)) : Math.log(normalCdf(z))
  const r = 1 / (z * z)
  const series = 1 - r * (1 - 3 * r * (1 - 5 * r * (1 - 7 * r)))
  return -0.5 * z * z - Math.log(-z) + Math.log(inverseRootTwoPi * series)
}

/**
 * The z with P(Z ≤ z) = p, for p in [0, 1]; infinite at the ends and NaN outside.
 *
 * Source: Wichura (1988), "Algorithm AS 241: the percentage points of the normal distribution", PPND16;
 * relative precision about 1e-16.
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN
  const q = p - 0.5
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q
    return (q * polynomial(centerTop, r)) / polynomial(centerBottom, r)
  }
  const tail = q < 0 ? p : 1 - p
  if (tail === 0) return q < 0 ? -Infinity : Infinity
  const r = Math.sqrt(-Math.log(tail))
  const z =
    r <= 5
      ? polynomial(middleTop, r - 1.6) / polynomial(middleBottom, r - 1.6)
      : polynomial(farTop, r - 5) / polynomial(farBottom, r - 5)
  return q < 0 ? -z : z
}

function polynomial(coefficients: readonly number[], x: number): number {
  let value = 0
  for (let index = coefficients.length - 1; index >= 0; index--) value = value * x + coefficients[index]!
  return value
}

const centerTop = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987,
  67265.7709270087, 33430.57558358813, 2509.0809287301227,
]
const centerBottom = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
  28729.085735721943, 5226.495278852854,
]
const middleTop = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
  0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
]
const middleBottom = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
  0.0005475938084995345, 1.0507500716444169e-9,
]
const farTop = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
  0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
]
const farBottom = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133,
  1.8463183175100548e-5, 1.421511758316446e-7, 2.0442631033899397e-15,
]
