import { type Inference, type InferenceOptions, waldInference } from '../../inference.ts'
import { orderOf } from '../../ordering/order-of.ts'
import { isRefused, type Refusal, refuse } from '../../refusal.ts'
import { type Design, withIntercept } from '../../regression/design.ts'
import { fitLeastSquares } from '../../regression/least-squares.ts'

export interface DiscontinuityRows {
  /** What decides on treatment. */
  readonly running: ArrayLike<number>
  readonly outcome: ArrayLike<number>
  /** Treatment at and above it. */
  readonly cutoff: number
  /** Who was treated in fact, where the cutoff only moves the chance: a fuzzy design. */
  readonly treatment?: ArrayLike<number>
}

export interface DiscontinuityOptions extends InferenceOptions {
  /** Units farther from the cutoff count nothing; Imbens and Kalyanaraman's if not given. */
  readonly bandwidth?: number
  /** 'triangular' if not given. */
  readonly kernel?: 'triangular' | 'uniform'
}

export interface DiscontinuityEffect {
  /** The jump of two local lines, as if they were lines: HC0 errors. */
  readonly conventional: Inference
  /**
   * The jump with the curvature's bias taken out and its uncertainty in the error: the interval to report. With one bandwidth for both
   * it is the jump of two local parabolas.
   */
  readonly robust: Inference
  readonly bandwidth: number
  readonly bandwidthRule: 'given' | 'imbens_kalyanaraman'
  readonly nLeft: number
  readonly nRight: number
  /** Fuzzy: the jump of the treated share, which the others are divided by. */
  readonly firstStage?: Inference
}

const fewest = 5

/**
 * Regression discontinuity at a cutoff, sharp or fuzzy: local lines on both sides, weighted by distance.
 *
 * Source: Hahn, Todd, Van der Klaauw (2001); the robust interval Calonico, Cattaneo, Titiunik (2014), Econometrica 82, with the
 * bias bandwidth equal to the main one (their remark 7), HC0 errors; the bandwidth Imbens and Kalyanaraman (2012), Review of
 * Economic Studies 79, section 4.2. A fuzzy effect is the ratio of two jumps, with the delta method. Refuses fewer than
 * 5 units on a side within the bandwidth, and a fuzzy design whose treatment does not jump.
 */
export function regressionDiscontinuity(
  { running, outcome, cutoff, treatment }: DiscontinuityRows,
  { bandwidth, kernel = 'triangular', ...options }: DiscontinuityOptions = {},
): DiscontinuityEffect | Refusal {
  const x = Float64Array.from(running, (value) => value - cutoff)
  const y = Float64Array.from(outcome)
  const h = bandwidth ?? imbensKalyanaraman(x, y)
  if (typeof h !== 'number') return h
  if (!(h > 0)) return refuse('the bandwidth is not a positive number')
  const near = [...x.keys()].filter((unit) =>
    kernel === 'uniform' ? Math.abs(x[unit]!) <= h : Math.abs(x[unit]!) < h,
  )
  const shape: Local = {
    x: Float64Array.from(near, (unit) => x[unit]!),
    weights: Float64Array.from(near, (unit) => (kernel === 'uniform' ? 1 : 1 - Math.abs(x[unit]!) / h)),
    outcomes: [y, ...(treatment ? [Float64Array.from(treatment)] : [])].map((values) =>
      Float64Array.from(near, (unit) => values[unit]!),
    ),
  }
  const nRight = shape.x.filter((value) => value >= 0).length
  const nLeft = near.length - nRight
  if (nLeft < fewest || nRight < fewest)
    return refuse(`too few units near the cutoff: ${nLeft} below and ${nRight} above within ${h}`)
  const [line, parabola] = [jumps(shape, 1), jumps(shape, 2)]
  if (isRefused(line)) return line
  if (isRefused(parabola)) return parabola
  const firstStage = treatment ? inferenceOf(line[1]!, options) : undefined
  if (firstStage && isRefused(firstStage)) return refuse('the treatment does not jump at the cutoff')
  const [conventional, robust] = [ratioOf(line, line, options), ratioOf(line, parabola, options)]
  if (isRefused(conventional)) return conventional
  if (isRefused(robust)) return robust
  return {
    ...{ conventional, robust, bandwidth: h, nLeft, nRight },
    bandwidthRule: bandwidth === undefined ? 'imbens_kalyanaraman' : 'given',
    ...(firstStage && { firstStage }),
  }
}

interface Local {
  readonly x: Float64Array
  readonly weights: Float64Array
  /** Outcome, and for a fuzzy design treatment. */
  readonly outcomes: readonly Float64Array[]
}

interface Jump {
  readonly estimate: number
  /** Of each unit, summing up to the error: √Σ². */
  readonly influence: Float64Array
}

/** The jumps of both outcomes between polynomials fitted on each side. */
function jumps({ x, weights, outcomes }: Local, degree: 1 | 2): Jump[] | Refusal {
  const design: Design = withIntercept(x.length, degree === 1 ? [x] : [x, x.map((value) => value * value)])
  const result: Jump[] = []
  for (const outcome of outcomes) {
    const influence = new Float64Array(x.length)
    let estimate = 0
    for (const sign of [1, -1] as const) {
      const own = weights.map((weight, unit) => (x[unit]! >= 0 === (sign === 1) ? weight : 0))
      const fit = fitLeastSquares(design, outcome, own)
      if (isRefused(fit)) return refuse('the running variable has too few values near the cutoff')
      estimate += sign * fit.coefficients[0]!
      fit.addInfluence(
        influence,
        design.columns.map((_, index) => (index === 0 ? sign / x.length : 0)),
      )
    }
    result.push({ estimate, influence })
  }
  return result
}

function inferenceOf({ estimate, influence }: Jump, options: InferenceOptions): Inference | Refusal {
  const stdError = Math.sqrt(influence.reduce((sum, value) => sum + value * value, 0))
  return waldInference(estimate, stdError, Infinity, options)
}

/**
 * The jump, or the ratio of two jumps about that of the lines: without bias r + ((y − y₁) − r·(t − t₁))/t₁, with r = y₁/t₁.
 */
function ratioOf(
  [lineOutcome, lineTreatment]: readonly Jump[],
  [outcome, treatment]: readonly Jump[],
  options: InferenceOptions,
): Inference | Refusal {
  if (!treatment || !lineTreatment) return inferenceOf(outcome!, options)
  const ratio = lineOutcome!.estimate / lineTreatment.estimate
  const estimate = ratio + (outcome!.estimate - ratio * treatment.estimate) / lineTreatment.estimate
  const influence = outcome!.influence.map(
    (value, unit) => (value - ratio * treatment.influence[unit]!) / lineTreatment.estimate,
  )
  return inferenceOf({ estimate, influence }, options)
}

/** Of the triangular kernel at an edge. */
const edgeConstant = 3.4375

/**
 * The bandwidth that makes the jump's expected squared error smallest, by a rule in three steps; x is about the cutoff.
 *
 * Source: Imbens and Kalyanaraman (2012), section 4.2, steps 1 to 3 with the constant of the triangular kernel.
 */
export function imbensKalyanaraman(x: Float64Array, y: Float64Array): number | Refusal {
  const n = x.length
  const order = orderOf(x)
  const isRight = (unit: number) => x[unit]! >= 0
  const right = order.filter(isRight)
  const left = order.filter((unit) => !isRight(unit))
  if (right.length < fewest || left.length < fewest)
    return refuse(`too few units: ${left.length} below and ${right.length} above the cutoff`)
  // Step 1: density and variance at the cutoff.
  const pilot = 1.84 * deviation(x) * n ** -0.2
  const [closeRight, closeLeft] = [right.filter((u) => x[u]! <= pilot), left.filter((u) => x[u]! >= -pilot)]
  if (closeRight.length < 2 || closeLeft.length < 2)
    return refuse('too few units near the cutoff for a bandwidth')
  const density = (closeRight.length + closeLeft.length) / (2 * n * pilot)
  const [varianceRight, varianceLeft] = [closeRight, closeLeft].map((units) =>
    Math.max(deviation(Float64Array.from(units, (unit) => y[unit]!)) ** 2, Number.MIN_VALUE),
  ) as [number, number]
  // Step 2: third derivative of a cubic between the medians, then curvatures on each side.
  const [medianRight, medianLeft] = [middle(right, x), middle(left, x)]
  const inner = order.filter((unit) => x[unit]! >= medianLeft && x[unit]! <= medianRight)
  const cubic = polynomial(inner, x, y, 3, true)
  if (isRefused(cubic)) return cubic
  const third = 6 * cubic.at(-1)!
  const curvature = (units: Int32Array, variance: number): { second: number; penalty: number } | Refusal => {
    const wide = 3.56 * (variance / (density * third * third)) ** (1 / 7) * units.length ** (-1 / 7)
    const own = units.filter((unit) => Math.abs(x[unit]!) <= wide)
    const parabola = polynomial(own, x, y, 2, false)
    if (isRefused(parabola)) return parabola
    return { second: 2 * parabola[2]!, penalty: (2160 * variance) / (own.length * wide ** 4) }
  }
  const [onRight, onLeft] = [curvature(right, varianceRight), curvature(left, varianceLeft)]
  if (isRefused(onRight)) return onRight
  if (isRefused(onLeft)) return onLeft
  // Step 3.
  const difference = (onRight.second - onLeft.second) ** 2 + onRight.penalty + onLeft.penalty
  return edgeConstant * ((varianceRight + varianceLeft) / (density * difference)) ** 0.2 * n ** -0.2
}

function polynomial(
  units: Int32Array,
  x: Float64Array,
  y: Float64Array,
  degree: number,
  withJump: boolean,
): readonly number[] | Refusal {
  const values = Float64Array.from(units, (unit) => x[unit]!)
  const powers = Array.from({ length: degree }, (_, index) => values.map((value) => value ** (index + 1)))
  const jump = withJump ? [values.map((value) => (value >= 0 ? 1 : 0))] : []
  const fit = fitLeastSquares(
    withIntercept(units.length, [...jump, ...powers]),
    Float64Array.from(units, (unit) => y[unit]!),
  )
  return isRefused(fit) ? refuse('the running variable has too few values for a bandwidth') : fit.coefficients
}

function deviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1))
}

/** The median of a side, whose units are in ascending order. */
function middle(units: Int32Array, x: Float64Array): number {
  const half = units.length >> 1
  return units.length % 2 === 1 ? x[units[half]!]! : (x[units[half - 1]!]! + x[units[half]!]!) / 2
}
