import { normalCdf, normalLogCdf, normalPdf } from '../distributions/normal.ts'
import { type Refusal, refuse } from '../refusal.ts'
import { addLinear, type Design, linearPredictor, weightedProducts, weightedSums } from './design.ts'
import { invertProducts } from './solve-normal.ts'
import { dot, timesVector } from './symmetric-matrix.ts'

export type BinaryLink = 'logit' | 'probit'

export interface BinaryFit {
  readonly link: BinaryLink
  readonly coefficients: readonly number[]
  /** Inverse of the observed information. */
  readonly covariance: readonly (readonly number[])[]
  /** P(1) for every unit. */
  readonly probabilities: Float64Array
  /** Derivative of the probability by the linear predictor, for every unit. */
  readonly slopes: Float64Array
  readonly logLikelihood: number
  readonly iterations: number
  /** As of least squares: adds n·gradientᵀ·H⁻¹·scoreᵢ to each unit. */
  readonly addInfluence: (into: Float64Array, gradient: readonly number[]) => void
}

const logRootTwoPi = Math.log(2 * Math.PI) / 2
const mostIterations = 50
const mostHalvings = 30
/** So little that estimates agree to ten digits, and more than rounding leaves. */
const smallestGain = 1e-20
/** A step that promises less is taken whole: it converges, and the log likelihood is not known well enough to tell. */
const certainGain = 1e-6
/** Beyond it a fitted probability is 0 or 1 to 13 digits: some combination of columns separates the two groups. */
const separated = 30

/**
 * Maximum likelihood of a yes/no outcome (1 and 0) by Newton's method with step halving, from zero.
 *
 * Refuses collinear columns, outcomes of one kind only, and data that a combination of columns separates, where no
 * maximum exists (Albert and Anderson 1984). Converged when a Newton step promises less than 1e-20 of the log
 * likelihood. Source: McCullagh and Nelder (1989), 4.4; the observed information of the probit from Maddala (1983).
 */
export function fitBinary(
  design: Design,
  outcome: ArrayLike<number>,
  { link = 'logit' }: { link?: BinaryLink } = {},
): BinaryFit | Refusal {
  const ones = Array.from(outcome).reduce((sum, value) => sum + value, 0)
  if (ones === 0 || ones === design.n) return refuse('all units are in one group')
  let coefficients = design.columns.map(() => 0)
  let eta = new Float64Array(design.n)
  let at = derivatives(link, eta, outcome)
  for (let iteration = 1; iteration <= mostIterations; iteration++) {
    const inverse = invertProducts(weightedProducts(design, at.curvatures))
    if ('collinear' in inverse)
      return eta.some((value) => Math.abs(value) > separated / 2)
        ? refuse(separationReason)
        : refuse(`column ${inverse.collinear} is a combination of the others`)
    const gradient = weightedSums(design, at.scores)
    const step = timesVector(inverse, gradient)
    const promised = dot(step, gradient) / 2
    if (promised < smallestGain * (1 + Math.abs(at.logLikelihood)))
      return finish(design, link, coefficients, eta, at, inverse, iteration)
    const moved = linearPredictor(design, step)
    let size = 1
    for (let halving = 0; ; halving++) {
      const next = eta.map((value, index) => value + size * moved[index]!)
      const there = derivatives(link, next, outcome)
      if (promised < certainGain || there.logLikelihood >= at.logLikelihood || halving === mostHalvings) {
        coefficients = coefficients.map((value, index) => value + size * step[index]!)
        eta = next
        at = there
        break
      }
      size /= 2
    }
    if (eta.some((value) => Math.abs(value) > separated)) return refuse(separationReason)
  }
  return refuse(`no convergence after ${mostIterations} steps`)
}

const separationReason =
  'the covariates separate the two groups: for some units the probability is 0 or 1 whatever the data, and no estimate exists'

interface Derivatives {
  readonly logLikelihood: number
  /** First derivatives of each unit's log likelihood by its linear predictor. */
  readonly scores: Float64Array
  /** Second ones, with the sign turned. */
  readonly curvatures: Float64Array
}

function derivatives(link: BinaryLink, eta: Float64Array, outcome: ArrayLike<number>): Derivatives {
  const scores = new Float64Array(eta.length)
  const curvatures = new Float64Array(eta.length)
  let logLikelihood = 0
  for (let index = 0; index < eta.length; index++) {
    const isOne = outcome[index] === 1
    const value = isOne ? eta[index]! : -eta[index]!
    if (link === 'logit') {
      const other = 1 / (1 + Math.exp(value))
      logLikelihood -= value > 0 ? Math.log1p(Math.exp(-value)) : Math.log1p(Math.exp(value)) - value
      scores[index] = isOne ? other : -other
      curvatures[index] = other * (1 - other)
    } else {
      const logShare = normalLogCdf(value)
      // φ/Φ by logarithms, since both vanish in the tail.
      const ratio = Math.exp(-(value * value) / 2 - logRootTwoPi - logShare)
      logLikelihood += logShare
      scores[index] = isOne ? ratio : -ratio
      curvatures[index] = ratio * (ratio + value)
    }
  }
  return { logLikelihood, scores, curvatures }
}

function finish(
  design: Design,
  link: BinaryLink,
  coefficients: readonly number[],
  eta: Float64Array,
  { logLikelihood, scores }: Derivatives,
  covariance: readonly (readonly number[])[],
  iterations: number,
): BinaryFit {
  const probabilities = eta.map((value) => (link === 'logit' ? 1 / (1 + Math.exp(-value)) : normalCdf(value)))
  return {
    link,
    coefficients,
    covariance,
    probabilities,
    slopes:
      link === 'logit'
        ? probabilities.map((value) => value * (1 - value))
        : eta.map((value) => normalPdf(value)),
    logLikelihood,
    iterations,
    addInfluence: (into, gradient) => {
      const direction = timesVector(covariance, gradient).map((value) => value * design.n)
      addLinear(design, direction, into, scores)
    },
  }
}
