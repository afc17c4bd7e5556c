import { betaKernel, incompleteBeta } from '../distributions/incomplete-beta.ts'
import { inverseIncompleteBetaLogit } from '../distributions/inverse.ts'
import { normalCdf, normalPdf } from '../distributions/normal.ts'
import { gaussLegendre } from '../distributions/quadrature.ts'
import { type Refusal, refuse } from '../refusal.ts'
import type { BetaPrior } from './bayes.ts'

/** What is believed of an arm: its mean is N(mean, stdError²). */
export interface NormalBelief {
  readonly mean: number
  readonly stdError: number
}

/** What is believed of one arm's mean: normal, or for a proportion the shapes of a beta distribution. */
export type ArmBelief = NormalBelief | BetaPrior

const isNormal = (belief: ArmBelief): belief is NormalBelief => 'mean' in belief

/** Which arms are the best, in view of all beliefs. */
export interface BestArm {
  /** Probability that each arm is the best; they sum to 1. */
  readonly best: readonly number[]
  /** Probability that each arm is the second best. */
  readonly second: readonly number[]
  /** What is expected to be lost by taking this arm instead of the best: E[max] − E[arm]. */
  readonly expectedLoss: readonly number[]
}

/** A belief on an axis where its density is smooth: the mean itself, or a proportion's logit. */
interface Axis {
  /** Points where the density begins, bends and ends. */
  readonly knots: readonly number[]
  /** Density per unit of the axis. */
  density(point: number): number
  cdf(point: number): number
  /** The mean that a point of the axis stands for. */
  value(point: number): number
}

const rule = gaussLegendre(20)
const normalKnots = [-9, -6, -4, -2.5, -1, 0, 1, 2.5, 4, 6, 9]

/**
 * The probabilities of being best and second best, and expected losses, of any number of arms with independent beliefs.
 *
 * Inputs: beliefs of one kind; `better` says whether a high or a low mean is good. By quadrature to some 1e-10, and not by
 * sampling: P(best_i) = ∫ f_i Π_{j≠i} F_j, in pieces between the places where any of the densities bends, so that a sharp belief
 * among wide ones is not overlooked. Refuses fewer than two arms, different kinds, and beliefs that are no distributions.
 * Source: Thompson (1933), Biometrika 25; Chapelle and Li (2011), NIPS.
 */
export function bestArm(
  beliefs: readonly ArmBelief[],
  better: 'higher' | 'lower' = 'higher',
): BestArm | Refusal {
  if (beliefs.length < 2) return refuse(`too few arms: ${beliefs.length}, and at least 2 are needed`)
  if (beliefs.some((belief) => isNormal(belief) !== isNormal(beliefs[0]!)))
    return refuse('the arms have beliefs of different kinds')
  if (!beliefs.every(isDistribution))
    return refuse('the mean of an arm is not known with a positive standard error, or as a beta distribution')
  const axes = beliefs.map((belief) => axisOf(better === 'higher' ? belief : mirrored(belief)))
  const all = axes.flatMap(({ knots }) => knots).sort((a, b) => a - b)
  const best = new Array<number>(axes.length).fill(0)
  const second = new Array<number>(axes.length).fill(0)
  let expectedMax = 0
  for (const [arm, axis] of axes.entries()) {
    const others = axes.filter((_, index) => index !== arm)
    integrate(all, axis.knots, (point, weight) => {
      const mass = weight * axis.density(point)
      if (mass === 0) return
      const below = others.map((other) => other.cdf(point))
      const product = below.reduce((total, value) => total * value, 1)
      best[arm]! += mass * product
      expectedMax += mass * product * axis.value(point)
      second[arm]! += mass * oneAbove(below)
    })
  }
  const means = beliefs.map(meanOf).map((mean) => (better === 'higher' ? mean : -mean))
  // Of a proportion that shall be low the mirror image 1 − p was compared.
  const shift = better === 'lower' && !isNormal(beliefs[0]!) ? 1 : 0
  return { best, second, expectedLoss: means.map((mean) => Math.max(0, expectedMax - shift - mean)) }
}

function isDistribution(belief: ArmBelief): boolean {
  return isNormal(belief)
    ? Number.isFinite(belief.mean) && belief.stdError > 0 && belief.stdError < Infinity
    : belief.a > 0 && belief.b > 0 && belief.a + belief.b < Infinity
}

function mirrored(belief: ArmBelief): ArmBelief {
  return isNormal(belief) ? { ...belief, mean: -belief.mean } : { ...belief, a: belief.b, b: belief.a }
}

function meanOf(belief: ArmBelief): number {
  return isNormal(belief) ? belief.mean : belief.a / (belief.a + belief.b)
}

function axisOf(belief: ArmBelief): Axis {
  if (isNormal(belief)) {
    const { mean, stdError: sd } = belief
    return {
      knots: normalKnots.map((z) => mean + z * sd),
      density: (x) => normalPdf((x - mean) / sd) / sd,
      cdf: (x) => normalCdf((x - mean) / sd),
      value: (x) => x,
    }
  }
  const { a, b } = belief
  const tails = [1e-17, 1e-9, 1e-5, 0.006, 0.16, 0.5]
  const at = (lower: number, upper: number) => inverseIncompleteBetaLogit(a, b, lower, upper)
  const up = (s: number) => 1 / (1 + Math.exp(-s))
  return {
    knots: [
      ...tails.map((p) => at(p, 1 - p)),
      ...tails
        .slice(0, -1)
        .reverse()
        .map((p) => at(1 - p, p)),
    ],
    density: (s) => betaKernel(a, b, up(s), up(-s)),
    cdf: (s) => incompleteBeta(a, b, up(s), up(-s)).lower,
    value: up,
  }
}

/** Visits the points of a rule, with their weights, on every piece between knots within an arm's own range. */
function integrate(
  all: readonly number[],
  own: readonly number[],
  visit: (point: number, weight: number) => void,
): void {
  const from = own[0]!
  const to = own[own.length - 1]!
  const edges = [from, ...all.filter((knot) => knot > from && knot < to), to]
  for (let index = 1; index < edges.length; index++) {
    const half = (edges[index]! - edges[index - 1]!) / 2
    // Knots that coincide but for rounding.
    if (!(half > 1e-14 * Math.abs(edges[index]!))) continue
    const middle = (edges[index]! + edges[index - 1]!) / 2
    for (let at = 0; at < rule.points.length; at++)
      visit(middle + rule.points[at]! * half, rule.weights[at]! * half)
  }
}

/** The probability that exactly one of some variables is above, each being below with its probability. */
function oneAbove(below: readonly number[]): number {
  let none = 1
  let one = 0
  for (const probability of below) {
    one = one * probability + none * (1 - probability)
    none *= probability
  }
  return one
}
