import { normalCdf, normalPdf } from '../distributions/normal.ts'
import { gaussLegendre } from '../distributions/quadrature.ts'
import { type Refusal, refuse } from './refusal.ts'

/** What is believed of an arm: its mean is N(mean, stdError²). */
export interface ArmBelief {
  readonly mean: number
  readonly stdError: number
}

/** Options of `banditAllocation`. */
export interface BanditOptions {
  /**
   * 'thompson': as often as an arm is the best. 'top_two': half of that and half as often as it is the second best,
   * which learns faster which of the leaders is better (Russo 2020).
   */
  readonly algorithm: 'thompson' | 'top_two'
  /** Least share of an arm; 0 if not given. */
  readonly floor?: number
  /** Which mean is best; 'higher' if not given. */
  readonly better?: 'higher' | 'lower'
}

/** What an arm is given next. */
export interface ArmAllocation {
  readonly probabilityBest: number
  readonly probabilitySecond: number
  readonly weight: number
}

const rule = gaussLegendre(64)
const pieces = 8
/** Standard deviations beyond which nothing is integrated. */
const reach = 9

/**
 * The shares that a bandit gives its arms next, from what is believed of their means; by quadrature and not by sampling.
 *
 * Inputs: independent normal posteriors. Returns probabilities that sum to 1 over the arms, and weights f + (1 − K·f)·w
 * with floor f, which do too. Refuses fewer than two arms, standard errors that are not positive and a floor that the
 * arms cannot all have. Source: Thompson (1933), Biometrika 25; Chapelle and Li (2011), NIPS; Russo (2020), Operations
 * Research 68: P(i best) = ∫ φ_i Π_j Φ_j.
 */
export function banditAllocation(
  arms: readonly ArmBelief[],
  { algorithm, floor = 0, better = 'higher' }: BanditOptions,
): ArmAllocation[] | Refusal {
  if (arms.length < 2) return refuse('a bandit needs at least two arms')
  if (!arms.every(({ mean, stdError }) => Number.isFinite(mean) && stdError > 0 && stdError < Infinity))
    return refuse('the mean of an arm is not known with a positive standard error')
  if (!(floor >= 0 && floor * arms.length <= 1))
    return refuse(`${arms.length} arms cannot have ${floor} each`)
  const sign = better === 'higher' ? 1 : -1
  const signed = arms.map(({ mean, stdError }) => ({ mean: sign * mean, stdError }))
  const best = shares(signed.map((_, arm) => integrate(signed, arm, allBelow)))
  const second = shares(signed.map((_, arm) => integrate(signed, arm, oneAbove)))
  return arms.map((_, arm) => {
    const wanted = algorithm === 'thompson' ? best[arm]! : (best[arm]! + second[arm]!) / 2
    return {
      probabilityBest: best[arm]!,
      probabilitySecond: second[arm]!,
      weight: floor + (1 - arms.length * floor) * wanted,
    }
  })
}

/** Takes away what quadrature has left. */
function shares(values: readonly number[]): number[] {
  const sum = values.reduce((total, value) => total + value, 0)
  return values.map((value) => value / sum)
}

/** The mean over an arm's values of a function of the others' probabilities to lie below. */
function integrate(arms: readonly ArmBelief[], arm: number, f: (below: readonly number[]) => number): number {
  const { mean, stdError } = arms[arm]!
  const others = arms.filter((_, index) => index !== arm)
  // Where another arm is much sharper, its edge has to be met by the points.
  const edges = [
    mean - reach * stdError,
    ...others
      .flatMap((other) => [-6, -2, 0, 2, 6].map((k) => other.mean + k * other.stdError))
      .filter((x) => Math.abs(x - mean) < reach * stdError),
    mean + reach * stdError,
  ].sort((a, b) => a - b)
  let total = 0
  for (let index = 1; index < edges.length; index++) {
    const width = (edges[index]! - edges[index - 1]!) / pieces
    for (let piece = 0; piece < pieces; piece++) {
      const middle = edges[index - 1]! + (piece + 0.5) * width
      for (let at = 0; at < rule.points.length; at++) {
        const x = middle + (rule.points[at]! * width) / 2
        const density = normalPdf((x - mean) / stdError) / stdError
        if (density === 0) continue
        const below = others.map((other) => normalCdf((x - other.mean) / other.stdError))
        total += ((rule.weights[at]! * width) / 2) * density * f(below)
      }
    }
  }
  return total
}

function allBelow(below: readonly number[]): number {
  return below.reduce((product, p) => product * p, 1)
}

/** The probability that exactly one of the others is above. */
function oneAbove(below: readonly number[]): number {
  return below.reduce((sum, p, index) => {
    const rest = below.reduce((product, other, place) => (place === index ? product : product * other), 1)
    return sum + (1 - p) * rest
  }, 0)
}
