/**
 * The root of a continuous function between `from` and `to`, where it has different signs; NaN where it has not.
 *
 * Regula falsi in the Illinois form, halving where that is slow; to `tolerance` (1e-13 if not given) of the
 * interval's size or of the root's, whichever is larger. Source: Dowell and Jarratt (1971), BIT 11.
 */
export function findRoot(f: (x: number) => number, from: number, to: number, tolerance = 1e-13): number {
  let a = from
  let b = to
  let fa = f(a)
  let fb = f(b)
  if (fa === 0) return a
  if (fb === 0) return b
  if (!(fa * fb < 0)) return Number.NaN
  const size = Math.max(Math.abs(from), Math.abs(to), Math.abs(to - from))
  for (let iteration = 0; iteration < 200; iteration++) {
    const before = Math.abs(b - a)
    if (before <= tolerance * Math.max(Math.abs(a), Math.abs(b), size * 1e-3)) break
    const secant = b - (fb * (b - a)) / (fb - fa)
    // Every third step halves, so that a flat side cannot hold the search up.
    const x = iteration % 3 === 2 || !Number.isFinite(secant) ? (a + b) / 2 : secant
    const fx = f(x)
    if (fx === 0) return x
    if (fx * fb < 0) {
      a = b
      fa = fb
    } else fa /= 2
    b = x
    fb = fx
    // Halving of the kept value must not flip its sign to nothing.
    if (fa === 0) break
  }
  return b
}
