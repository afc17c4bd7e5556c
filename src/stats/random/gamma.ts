import { drawExponential } from './exponential.ts'
import { drawNormal } from './normal.ts'
import { drawOpenUniform, drawUniform, type WordStream } from './word-stream.ts'

function requirePositive(name: string, value: number): void {
  if (!(value > 0 && value < Infinity))
    throw new RangeError(`${name} must be positive and finite, and is ${value}`)
}

/**
 * A gamma draw with this shape (> 0) and scale 1.
 *
 * Source: Marsaglia and Tsang (2000), "A simple method for generating gamma variables", ACM TOMS 26(3); below
 * shape 1 their boost G(a) = G(a + 1)·U^(1/a), with the power taken as exp of an exponential draw.
 */
export function drawGamma(source: WordStream, shape: number): number {
  requirePositive('shape', shape)
  if (shape === 1) return drawExponential(source)
  if (shape < 1) return drawAboveOne(source, shape + 1) * Math.exp(-drawExponential(source) / shape)
  return drawAboveOne(source, shape)
}

function drawAboveOne(source: WordStream, shape: number): number {
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const z = drawNormal(source)
    const root = 1 + c * z
    if (root <= 0) continue
    const v = root * root * root
    const u = drawUniform(source)
    const z2 = z * z
    if (u < 1 - 0.0331 * z2 * z2) return d * v
    if (Math.log(u) < 0.5 * z2 + d * (1 - v + Math.log(v))) return d * v
  }
}

/**
 * A beta draw with shapes a, b > 0, as G(a) / (G(a) + G(b)).
 *
 * When both shapes are below 1, Jöhnk's method (1964) on the log scale, since both gammas may underflow to 0.
 */
export function drawBeta(source: WordStream, a: number, b: number): number {
  requirePositive('a', a)
  requirePositive('b', b)
  if (a < 1 && b < 1) return drawSmallBeta(source, a, b)
  const x = drawGamma(source, a)
  return x / (x + drawGamma(source, b))
}

function drawSmallBeta(source: WordStream, a: number, b: number): number {
  for (;;) {
    const logX = Math.log(drawOpenUniform(source)) / a
    const logY = Math.log(drawOpenUniform(source)) / b
    const larger = Math.max(logX, logY)
    const logSum = larger + Math.log(Math.exp(logX - larger) + Math.exp(logY - larger))
    if (logSum <= 0) return Math.exp(logX - logSum)
  }
}
