/** Points and weights of a rule on [−1, 1]. */
export interface QuadratureRule {
  readonly points: Float64Array
  readonly weights: Float64Array
}

/**
 * The Gauss–Legendre rule of this order: exact for polynomials of degree 2·order − 1.
 *
 * Source: Newton's method on the Legendre recurrence from Tricomi's estimate of the roots.
 */
export function gaussLegendre(order: number): QuadratureRule {
  const points = new Float64Array(order)
  const weights = new Float64Array(order)
  for (let index = 0; index < order; index++) {
    let x = Math.cos((Math.PI * (index + 0.75)) / (order + 0.5))
    let derivative = 1
    for (let iteration = 0; iteration < 20; iteration++) {
      let previous = 1
      let value = x
      for (let k = 2; k <= order; k++) {
        const next = ((2 * k - 1) * x * value - (k - 1) * previous) / k
        previous = value
        value = next
      }
      derivative = (order * (x * value - previous)) / (x * x - 1)
      const step = value / derivative
      x -= step
      if (Math.abs(step) < 1e-15) break
    }
    points[index] = x
    weights[index] = 2 / ((1 - x * x) * derivative * derivative)
  }
  return { points, weights }
}
