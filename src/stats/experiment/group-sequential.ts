import { normalCdf, normalQuantile, normalSf } from '../distributions/normal.ts'
import { gaussLegendre } from '../distributions/quadrature.ts'
import { type Refusal, refuse } from '../refusal.ts'

/**
 * Cumulative error that may be spent when a share `information` (0 to 1) of the planned information is in.
 */
export type SpendingFunction = (information: number, alpha: number) => number

/**
 * O'Brien–Fleming type spending, 2[1 − Φ(z_{1−α/2}/√t)]: almost nothing early. Source: Lan and DeMets (1983).
 */
export const obrienFlemingSpending: SpendingFunction = (information, alpha) =>
  information <= 0 ? 0 : 2 * normalSf(-normalQuantile(alpha / 2) / Math.sqrt(Math.min(information, 1)))

/** Pocock type spending, α·ln(1 + (e − 1)t): about evenly. Source: Lan and DeMets (1983). */
export const pocockSpending: SpendingFunction = (information, alpha) =>
  alpha * Math.log1p((Math.E - 1) * Math.min(Math.max(information, 0), 1))

/** Boundaries of a symmetric two-sided group-sequential test. */
export interface SequentialBoundaries {
  /** |Z| that stops the test, per look. */
  readonly z: readonly number[]
  /** Probability, under no effect, of having crossed one side by each look. */
  readonly cumulativeAlpha: readonly number[]
}

/** Sub-density of the score on the continuation region after a look, on quadrature points. */
interface Continuation {
  readonly information: number
  readonly points: Float64Array
  /** Density times quadrature weight. */
  readonly mass: Float64Array
}

/** The standard deviations beyond which nothing is integrated. */
const reach = 9

/**
 * Boundaries that spend a one-sided error `alphaOneSided` on each side according to a spending function.
 *
 * Inputs: increasing shares of information of the looks, the last at most 1. Refuses shares that do not
 * increase and an alpha outside (0, 0.5). Source: Lan and DeMets (1983), "Discrete sequential boundaries for
 * clinical trials", Biometrika 70; recursion of Armitage, McPherson, Rowe (1969) by Gauss–Legendre quadrature
 * on the score scale.
 */
export function spendingBoundaries(
  information: readonly number[],
  alphaOneSided: number,
  spending: SpendingFunction = obrienFlemingSpending,
): SequentialBoundaries | Refusal {
  const problem = checkDesign(information, alphaOneSided)
  if (problem) return problem
  const z: number[] = []
  const cumulativeAlpha: number[] = []
  let state: Continuation | undefined
  let spent = 0
  for (const share of information) {
    const target = spending(share, alphaOneSided)
    const boundary = boundaryFor(state, share, target - spent)
    state = proceed(state, share, boundary, 0)
    spent = target
    z.push(boundary)
    cumulativeAlpha.push(target)
  }
  return { z, cumulativeAlpha }
}

/**
 * The constant |Z| at which a test with these looks has two-sided error `alpha`; with shares k/K, Pocock's
 * (1977).
 *
 * Refuses what `spendingBoundaries` does.
 */
export function constantBoundary(information: readonly number[], alpha: number): number | Refusal {
  const problem = checkDesign(information, alpha / 2)
  if (problem) return problem
  const error = (z: number) =>
    2 *
    sum(
      upperCrossings(
        information,
        information.map(() => z),
        0,
      ),
    )
  return bisect((z) => alpha - error(z), 0.5, 10)
}

/**
 * The two-sided p-value of stopping at each look with this statistic, by the order of looks: earlier is more extreme, and
 * at one look a larger |Z|.
 *
 * Inputs: shares of information, |Z| boundaries and statistics of the looks. It is a p-value for the look at which the
 * test ended. Source: Tsiatis, Rosner, Mehta (1984), Biometrics 40; one recursion for all looks.
 */
export function stagewisePValues(
  information: readonly number[],
  z: readonly number[],
  statistics: readonly number[],
): number[] {
  let state: Continuation | undefined
  let crossedBefore = 0
  return information.map((share, look) => {
    const tail = crossedBefore + upperCrossing(state, share, Math.abs(statistics[look]!), 0)
    crossedBefore += upperCrossing(state, share, z[look]!, 0)
    state = proceed(state, share, z[look]!, 0)
    return Math.min(1, 2 * tail)
  })
}

/** How a group-sequential test behaves under one effect. */
export interface SequentialCharacteristics {
  /** Probability of crossing the boundary on the side of a positive effect. */
  readonly upper: number
  /** Probability of crossing the other one. */
  readonly lower: number
  /** Expected information when it stops, as a share of the planned. */
  readonly expectedInformation: number
}

/**
 * Crossing probabilities and expected information of a symmetric test whose Z at full information has mean
 * `drift`.
 *
 * Inputs: shares of information, |Z| boundaries per look, and the drift in standard errors of the full
 * sample.
 */
export function sequentialCharacteristics(
  information: readonly number[],
  z: readonly number[],
  drift: number,
): SequentialCharacteristics {
  const upper = upperCrossings(information, z, drift)
  const lower = upperCrossings(information, z, -drift)
  const stops = upper.map((up, look) => up + lower[look]!)
  const last = information[information.length - 1]!
  const beforeLast = stops.slice(0, -1)
  const expectedInformation =
    sum(beforeLast.map((stop, look) => stop * information[look]!)) + (1 - sum(beforeLast)) * last
  return { upper: sum(upper), lower: sum(lower), expectedInformation }
}

/**
 * The drift (in standard errors of the full sample) at which the test has this power: the probability of
 * crossing on the side of the effect, since a crossing on the other is no success. Its square over that of a
 * test with one look, (z_{1−α/2} + z_{power})², is the factor by which the largest sample grows.
 */
export function driftForPower(information: readonly number[], z: readonly number[], power: number): number {
  return bisect((drift) => sum(upperCrossings(information, z, drift)) - power, 0, 20)
}

/**
 * The probability of crossing the upper boundary first at each look, when Z at full information has mean
 * `drift`.
 */
function upperCrossings(information: readonly number[], z: readonly number[], drift: number): number[] {
  let state: Continuation | undefined
  return information.map((share, look) => {
    const crossing = upperCrossing(state, share, z[look]!, drift)
    state = proceed(state, share, z[look]!, drift)
    return crossing
  })
}

/**
 * Probability of Z above the boundary now, having continued so far. Scores S = Z·√I have increments
 * N(drift·ΔI, ΔI).
 */
function upperCrossing(state: Continuation | undefined, share: number, z: number, drift: number): number {
  const bound = z * Math.sqrt(share)
  if (!state) return normalSf((bound - drift * share) / Math.sqrt(share))
  const increment = share - state.information
  const deviation = Math.sqrt(increment)
  let total = 0
  for (let index = 0; index < state.points.length; index++)
    total += state.mass[index]! * normalSf((bound - state.points[index]! - drift * increment) / deviation)
  return total
}

/** The sub-density on the continuation region |Z| < z after this look. */
function proceed(state: Continuation | undefined, share: number, z: number, drift: number): Continuation {
  const increment = share - (state?.information ?? 0)
  const deviation = Math.sqrt(increment)
  const bound = Math.min(z, reach + Math.abs(drift) * Math.sqrt(share)) * Math.sqrt(share)
  const order = Math.min(800, Math.max(64, Math.ceil((12 * bound) / deviation)))
  const rule = gaussLegendre(order)
  const points = rule.points.map((point) => point * bound)
  const mass = points.map((point, index) => {
    const shifted = point - drift * increment
    const density = state
      ? convolve(state, shifted, deviation)
      : normalDensity(shifted / deviation) / deviation
    return density * rule.weights[index]! * bound
  })
  return { information: share, points, mass }
}

function convolve(state: Continuation, point: number, deviation: number): number {
  let density = 0
  for (let index = 0; index < state.points.length; index++)
    density += state.mass[index]! * normalDensity((point - state.points[index]!) / deviation)
  return density / deviation
}

function normalDensity(z: number): number {
  return 0.3989422804014327 * Math.exp(-0.5 * z * z)
}

function boundaryFor(state: Continuation | undefined, share: number, spend: number): number {
  if (!(spend > 0)) return Infinity
  return bisect((z) => spend - upperCrossing(state, share, z, 0), 0, 40)
}

function checkDesign(information: readonly number[], alphaOneSided: number): Refusal | undefined {
  const increases = information.every((share, look) => share > (look === 0 ? 0 : information[look - 1]!))
  if (information.length === 0 || !increases || information[information.length - 1]! > 1)
    return refuse('the shares of information must increase, from above 0 to at most 1')
  if (!(alphaOneSided > 0 && alphaOneSided < 0.5))
    return refuse('alpha must be positive and below one half per side')
  return undefined
}

/** The root of an increasing function. */
function bisect(increasing: (x: number) => number, from: number, to: number): number {
  let low = from
  let high = to
  for (let iteration = 0; iteration < 60 && high - low > 1e-13 * high; iteration++) {
    const middle = (low + high) / 2
    if (increasing(middle) < 0) low = middle
    else high = middle
  }
  return (low + high) / 2
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** The two-sided p-value below which a look stops the test, given its boundary. */
export function nominalPValue(z: number): number {
  return 2 * normalCdf(-Math.abs(z))
}
