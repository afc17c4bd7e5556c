/**
 * Coefficients of (1 + 2x)·exp(x²)·erfc(x) in Chebyshev polynomials of (x − 3.75)/(x + 3.75), for all x ≥ 0;
 * computed to 40 digits. The form is that of Schonfelder (1978), "Chebyshev expansions for the error and
 * related functions", Math. Comp. 32. One expansion with relative precision throughout needs no seams.
 */
const chebyshev = Float64Array.of(
  2.3551578691348034,
  -0.004590054580646477,
  -0.08424913336651792,
  0.05920993999819189,
  -0.026658668435305753,
  0.009074997670705265,
  -0.002413163540417608,
  0.0004907758365258086,
  -0.00006916973302501207,
  4.13902798607301e-6,
  7.74038306619849e-7,
  -2.1886401049234397e-7,
  1.076499946567091e-8,
  4.521959811218287e-9,
  -7.754400208831351e-10,
  -6.318088340886684e-11,
  2.86879501093067e-11,
  1.9455868545777347e-13,
  -9.65469674843344e-13,
  3.25254814814874e-14,
  3.3478119482868056e-14,
  -1.864562880419313e-15,
  -1.2507950530688648e-15,
  7.418235256624044e-17,
  5.068148904796111e-17,
  -2.2370566594359995e-18,
  -2.187342944303018e-18,
)

/** exp(x²)·erfc(x) for x ≥ 0, which neither over- nor underflows. */
export function scaledErfc(x: number): number {
  const t = 2 * ((x - 3.75) / (x + 3.75))
  let next = 0
  let afterNext = 0
  for (let index = chebyshev.length - 1; index > 0; index--) {
    const current = t * next - afterNext + chebyshev[index]!
    afterNext = next
    next = current
  }
  return (0.5 * (t * next + chebyshev[0]!) - afterNext) / (1 + 2 * x)
}

/**
 * factor·exp(−x²/scale) with the square split, so that a large exponent keeps its last digits (Cody 1969),
 * and taken in two halves, so that a result among the subnormal numbers is rounded once.
 */
export function timesGaussian(factor: number, x: number, scale: number): number {
  const head = Math.trunc(x * 16) / 16
  const half = Math.exp((-head * head) / (2 * scale))
  return half * (half * Math.exp((-(x - head) * (x + head)) / scale) * factor)
}

/** The complementary error function, 1 − erf(x), with relative precision in the upper tail. */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x)
  if (x < 0.5) return 1 - erf(x)
  return x > 27.3 ? 0 : timesGaussian(scaledErfc(x), x, 1)
}

/** The error function; Abramowitz and Stegun (1964), 7.1.6, near 0, where its complement would cancel. */
export function erf(x: number): number {
  const size = Math.abs(x)
  if (size >= 0.5) return x < 0 ? erfc(size) - 1 : 1 - erfc(size)
  const square = x * x
  let term = x
  let sum = x
  for (let n = 1; n <= 16; n++) {
    term *= (2 * square) / (2 * n + 1)
    sum += term
  }
  return sum * Math.exp(-square) * 1.1283791670955126
}
