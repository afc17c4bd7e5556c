import { betaQuantile } from '../distributions/beta.ts'
import { findRoot } from '../distributions/find-root.ts'
import { betaKernel, incompleteBeta } from '../distributions/incomplete-beta.ts'
import { inverseIncompleteBetaLogit } from '../distributions/inverse.ts'
import { gaussLegendre } from '../distributions/quadrature.ts'
import { checkLevel, defaultCiLevel } from '../inference.ts'
import { type Refusal, refuse } from '../refusal.ts'
import type { BetaPrior } from './bayes.ts'

/** Options of `betaEffectInterval`. */
export interface BetaEffectOptions {
  /** 'absolute' (the default) for the difference T − C, 'relative' for T/C − 1. */
  readonly scale?: 'absolute' | 'relative'
  readonly ciLevel?: number
}

/** A central credible interval with the posterior's median. */
export interface CredibleInterval {
  readonly median: number
  readonly ciLower: number
  readonly ciUpper: number
  readonly ciLevel: number
}

const rule = gaussLegendre(48)
const pieces = 6

/**
 * The central credible interval of the difference, or the relative lift, of two proportions with independent beta
 * posteriors, by quadrature and not by sampling.
 *
 * Inputs: the shapes of both posteriors (prior's shape and counts added). Returns bounds that are quantiles of the
 * effect's posterior, to some 1e-9. Refuses shapes that are not positive and a level outside (0, 1). Source: the
 * conjugate beta-binomial model; P(T − C ≤ d) = ∫ f_T(x)·P(C ≥ x − d)dx by Gauss–Legendre on the logit scale, split
 * where x − d leaves [0, 1].
 */
export function betaEffectInterval(
  treatment: BetaPrior,
  control: BetaPrior,
  options: BetaEffectOptions = {},
): CredibleInterval | Refusal {
  const { scale = 'absolute', ciLevel = defaultCiLevel } = options
  const problem = checkLevel(ciLevel) ?? checkShapes(treatment) ?? checkShapes(control)
  if (problem) return problem
  const cdf = scale === 'absolute' ? differenceCdf(treatment, control) : logRatioCdf(treatment, control)
  const [from, to] = scale === 'absolute' ? [-1, 1] : logRatioRange(treatment, control)
  const quantile = (p: number): number => {
    const root = findRoot((x) => cdf(x) - p, from, to, 1e-11)
    return scale === 'absolute' ? root : Math.expm1(root)
  }
  const tail = (1 - ciLevel) / 2
  return { median: quantile(0.5), ciLower: quantile(tail), ciUpper: quantile(1 - tail), ciLevel }
}

function checkShapes({ a, b }: BetaPrior): Refusal | undefined {
  return a > 0 && b > 0 && a + b < Infinity
    ? undefined
    : refuse('both shapes of a beta distribution must be positive')
}

/** P(T − C ≤ d) as a function of d. */
function differenceCdf(t: BetaPrior, c: BetaPrior): (d: number) => number {
  return (d) => integrate(t, [d, 1 + d], (x) => upperTail(c, x - d))
}

/** P(log(T/C) ≤ s) as a function of s. */
function logRatioCdf(t: BetaPrior, c: BetaPrior): (s: number) => number {
  return (s) => integrate(t, [Math.exp(s)], (x) => upperTail(c, x * Math.exp(-s)))
}

function logRatioRange(t: BetaPrior, c: BetaPrior): [number, number] {
  const edge = ({ a, b }: BetaPrior, p: number) => Math.log(Math.max(betaQuantile(p, a, b), 1e-300))
  return [edge(t, 1e-14) - edge(c, 1 - 1e-14), edge(t, 1 - 1e-14) - edge(c, 1e-14)]
}

function upperTail({ a, b }: BetaPrior, x: number): number {
  if (x <= 0) return 1
  return x >= 1 ? 0 : incompleteBeta(a, b, x).upper
}

/** The mean of a function of a beta variable that is smooth but at `kinks`. */
function integrate({ a, b }: BetaPrior, kinks: readonly number[], f: (x: number) => number): number {
  const from = inverseIncompleteBetaLogit(a, b, 1e-16, 1)
  const to = inverseIncompleteBetaLogit(a, b, 1, 1e-16)
  const inner = kinks
    .filter((x) => x > 0 && x < 1)
    .map((x) => Math.log(x / (1 - x)))
    .filter((s) => s > from && s < to)
  const edges = [from, ...inner, to]
  let total = 0
  for (let index = 1; index < edges.length; index++) {
    const width = (edges[index]! - edges[index - 1]!) / pieces
    for (let piece = 0; piece < pieces; piece++) {
      const middle = edges[index - 1]! + (piece + 0.5) * width
      for (let at = 0; at < rule.points.length; at++) {
        const s = middle + (rule.points[at]! * width) / 2
        const x = 1 / (1 + Math.exp(-s))
        const density = betaKernel(a, b, x, 1 / (1 + Math.exp(s)))
        if (density > 0) total += rule.weights[at]! * (width / 2) * density * f(x)
      }
    }
  }
  return Math.min(1, total)
}

/**
 * The shortest interval that holds a beta distribution with probability `ciLevel` (highest density).
 *
 * Returns an interval from 0 or to 1 where the density falls from there. Refuses shapes that are not positive, two
 * shapes below 1, where the highest densities lie at both ends, and a level outside (0, 1).
 */
export function betaHighestDensityInterval(
  { a, b }: BetaPrior,
  ciLevel = defaultCiLevel,
): readonly [lower: number, upper: number] | Refusal {
  const problem = checkLevel(ciLevel) ?? checkShapes({ a, b })
  if (problem) return problem
  if (a < 1 && b < 1) return refuse('the density is highest at both ends, so the shortest set is no interval')
  if (a <= 1 && b > a) return [0, betaQuantile(ciLevel, a, b)]
  if (b <= 1 && a > b) return [betaQuantile(1 - ciLevel, a, b), 1]
  const bounds = (p: number) => [betaQuantile(p, a, b), betaQuantile(p + ciLevel, a, b)] as const
  const logDensity = (x: number) => (a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x)
  const tail = findRoot(
    (p) => {
      const [lower, upper] = bounds(p)
      return logDensity(Math.max(lower, 1e-300)) - logDensity(Math.min(upper, 1 - 1e-16))
    },
    1e-12,
    1 - ciLevel - 1e-12,
    1e-12,
  )
  return Number.isNaN(tail) ? bounds((1 - ciLevel) / 2) : bounds(tail)
}
