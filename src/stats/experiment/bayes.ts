import { betaQuantile } from '../distributions/beta.ts'
import { betaKernel, incompleteBeta } from '../distributions/incomplete-beta.ts'
import { inverseIncompleteBetaLogit } from '../distributions/inverse.ts'
import { normalCdf, normalPdf } from '../distributions/normal.ts'
import { checkLevel, criticalValue, defaultCiLevel } from '../inference.ts'
import { type Refusal, refuse } from '../refusal.ts'
import type { PointEstimate } from './confidence-sequence.ts'
import type { Counts } from './proportions.ts'

/** A normal prior of an effect, on the scale of the estimate. */
export interface NormalPrior {
  readonly mean: number
  readonly variance: number
}

/**
 * A prior stated on one scale, on the other: a relative lift of N(m, τ²) is an absolute effect of N(m·c, τ²c²) when the
 * control mean is c.
 *
 * Inputs: the prior and the control mean, in absolute value taken as known. Returns the prior as it is when the scales are
 * the same, which asks no control mean. Refuses a control mean of zero.
 */
export function rescaledPrior(
  prior: NormalPrior,
  from: 'absolute' | 'relative',
  to: 'absolute' | 'relative',
  controlMean: number,
): NormalPrior | Refusal {
  if (from === to) return prior
  const base = Math.abs(controlMean)
  if (!(base > 0 && base < Infinity))
    return refuse('the control mean is zero or no number, so a prior cannot be brought to the other scale')
  const factor = from === 'relative' ? base : 1 / base
  return { mean: prior.mean * factor, variance: prior.variance * factor * factor }
}

/** What is believed of an effect after the data. */
export interface Posterior {
  /** Mean of the posterior. */
  readonly estimate: number
  /** Standard deviation of the posterior. */
  readonly stdError: number
  /** Bounds of the central credible interval. */
  readonly ciLower: number
  readonly ciUpper: number
  readonly ciLevel: number
  /** Probability that treatment is better. */
  readonly chanceToWin: number
  /** Expected loss when treatment is shipped: the mean of max(0, −effect). */
  readonly expectedLossTreatment: number
  /** Expected loss when control is kept: the mean of max(0, effect). */
  readonly expectedLossControl: number
}

/**
 * The posterior of an effect whose estimate is normal, under a normal prior or none (flat).
 *
 * Inputs: an estimate with its standard error, and a prior on the same scale. Refuses a standard error or
 * prior variance that is not positive and a level outside (0, 1). Source: the conjugate normal model (Gelman
 * et al. 2013, section 2.5); expected losses Stucchio (2015), "Bayesian A/B testing at VWO".
 */
export function normalPosterior(
  { estimate, stdError }: PointEstimate,
  options: { readonly prior?: NormalPrior; readonly ciLevel?: number } = {},
): Posterior | Refusal {
  const { prior, ciLevel = defaultCiLevel } = options
  const problem = checkLevel(ciLevel)
  if (problem) return problem
  if (!(stdError > 0 && stdError < Infinity)) return refuse('the standard error is not a positive number')
  if (prior && !(prior.variance > 0)) return refuse('the variance of the prior is not positive')
  const dataPrecision = 1 / (stdError * stdError)
  const priorPrecision = prior ? 1 / prior.variance : 0
  const precision = dataPrecision + priorPrecision
  const mean = (estimate * dataPrecision + (prior ? prior.mean * priorPrecision : 0)) / precision
  const deviation = Math.sqrt(1 / precision)
  const halfWidth = criticalValue(ciLevel) * deviation
  return {
    estimate: mean,
    stdError: deviation,
    ciLower: mean - halfWidth,
    ciUpper: mean + halfWidth,
    ciLevel,
    chanceToWin: normalCdf(mean / deviation),
    ...expectedLosses(mean, deviation),
  }
}

/** Means of the negative and the positive part of N(mean, deviation²). */
export function expectedLosses(
  mean: number,
  deviation: number,
): Pick<Posterior, 'expectedLossTreatment' | 'expectedLossControl'> {
  const k = mean / deviation
  // Both are σ·(φ − |k|·Φ(−|k|)) in the tail; the other adds |mean|, so neither cancels more than it must.
  const tail = deviation * Math.max(0, normalPdf(k) - Math.abs(k) * normalCdf(-Math.abs(k)))
  return mean >= 0
    ? { expectedLossTreatment: tail, expectedLossControl: tail + mean }
    : { expectedLossTreatment: tail - mean, expectedLossControl: tail }
}

/** Shapes of a beta prior; Jeffreys' is ½, ½. */
export interface BetaPrior {
  readonly a: number
  readonly b: number
}

/** What is believed of two proportions after the data. */
export interface BetaPosterior {
  /** Posterior mean of the difference, treatment minus control. */
  readonly estimate: number
  /** Its posterior standard deviation. */
  readonly stdError: number
  readonly chanceToWin: number
  readonly expectedLossTreatment: number
  readonly expectedLossControl: number
  /** Central credible interval of each arm's proportion. */
  readonly treatmentInterval: readonly [lower: number, upper: number]
  readonly controlInterval: readonly [lower: number, upper: number]
  readonly ciLevel: number
}

/**
 * The posterior of two proportions under beta priors, exactly (by quadrature, not by sampling).
 *
 * Inputs: counts of the arms. Refuses counts that are not whole numbers from 0 to n, priors with a shape that
 * is not positive, and a level outside (0, 1). Source: the conjugate beta-binomial model (Gelman et al. 2013,
 * section 2.4).
 */
export function betaBinomialPosterior(
  treatment: Counts,
  control: Counts,
  options: { readonly prior?: BetaPrior; readonly ciLevel?: number } = {},
): BetaPosterior | Refusal {
  const { prior = { a: 0.5, b: 0.5 }, ciLevel = defaultCiLevel } = options
  const problem = checkLevel(ciLevel)
  if (problem) return problem
  if (!(prior.a > 0 && prior.b > 0)) return refuse('both shapes of the prior must be positive')
  for (const { successes, n } of [treatment, control])
    if (!(Number.isInteger(n) && Number.isInteger(successes) && successes >= 0 && successes <= n))
      return refuse('the counts must be whole numbers, the successes from 0 to n')
  const t = posteriorShapes(treatment, prior)
  const c = posteriorShapes(control, prior)
  return {
    estimate: t.mean - c.mean,
    stdError: Math.sqrt(t.variance + c.variance),
    ...compareBetas(t, c),
    treatmentInterval: credibleInterval(t, ciLevel),
    controlInterval: credibleInterval(c, ciLevel),
    ciLevel,
  }
}

interface Shapes extends BetaPrior {
  readonly mean: number
  readonly variance: number
}

function posteriorShapes({ successes, n }: Counts, prior: BetaPrior): Shapes {
  const a = prior.a + successes
  const b = prior.b + n - successes
  const mean = a / (a + b)
  return { a, b, mean, variance: (mean * (1 - mean)) / (a + b + 1) }
}

function credibleInterval({ a, b }: Shapes, ciLevel: number): [number, number] {
  const tail = (1 - ciLevel) / 2
  return [betaQuantile(tail, a, b), betaQuantile(1 - tail, a, b)]
}

/**
 * P(T > C) and the expected losses by the trapezium rule on the logit scale, where the densities are smooth
 * and vanish at both ends, so that the rule converges geometrically.
 */
function compareBetas(
  t: Shapes,
  c: Shapes,
): Pick<BetaPosterior, 'chanceToWin' | 'expectedLossTreatment' | 'expectedLossControl'> {
  const edges = [t, c].flatMap(({ a, b }) => [
    inverseIncompleteBetaLogit(a, b, 1e-15, 1),
    inverseIncompleteBetaLogit(a, b, 1, 1e-15),
  ])
  const from = Math.min(...edges)
  const width = Math.max(...edges) - from
  const narrowest = Math.min(edges[1]! - edges[0]!, edges[3]! - edges[2]!)
  const steps = Math.ceil(Math.min(200 * (width / narrowest), 20_000))
  const step = width / steps
  let chanceToWin = 0
  let expectedLossTreatment = 0
  let expectedLossControl = 0
  for (let index = 0; index <= steps; index++) {
    const s = from + index * step
    const x = 1 / (1 + Math.exp(-s))
    const y = 1 / (1 + Math.exp(s))
    const cTails = incompleteBeta(c.a, c.b, x, y)
    const tTails = incompleteBeta(t.a, t.b, x, y)
    chanceToWin += betaKernel(t.a, t.b, x, y) * cTails.lower
    expectedLossTreatment += tTails.lower * cTails.upper * x * y
    expectedLossControl += tTails.upper * cTails.lower * x * y
  }
  return {
    chanceToWin: Math.min(1, chanceToWin * step),
    expectedLossTreatment: expectedLossTreatment * step,
    expectedLossControl: expectedLossControl * step,
  }
}
