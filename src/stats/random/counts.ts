import { logGamma } from '../distributions/log-gamma.ts'
import { drawGamma } from './gamma.ts'
import { drawUniform, type WordStream } from './word-stream.ts'

/** Above this mean the rejection methods below are valid and faster than counting up. */
const smallMean = 10

/**
 * A Poisson draw with this mean (≥ 0).
 *
 * Source: inversion by counting up for means below 10; above, transformed rejection with squeeze, Hörmann
 * (1993), "The transformed rejection method for generating Poisson random variables", algorithm PTRS.
 */
export function drawPoisson(source: WordStream, mean: number): number {
  if (!(mean >= 0 && mean < 2 ** 52)) throw new RangeError(`mean must be from 0 to 2^52, and is ${mean}`)
  return mean < smallMean ? countUpPoisson(source, mean) : rejectPoisson(source, mean)
}

function countUpPoisson(source: WordStream, mean: number): number {
  let probability = Math.exp(-mean)
  let rest = drawUniform(source)
  let count = 0
  while (rest >= probability) {
    rest -= probability
    count++
    probability *= mean / count
    // Rounding may leave a rest after the last probability that a double can hold.
    if (probability === 0) return count
  }
  return count
}

function rejectPoisson(source: WordStream, mean: number): number {
  const b = 0.931 + 2.53 * Math.sqrt(mean)
  const a = -0.059 + 0.02483 * b
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
  const squeeze = 0.9277 - 3.6224 / (b - 2)
  for (;;) {
    const u = drawUniform(source) - 0.5
    const v = drawUniform(source)
    const us = 0.5 - Math.abs(u)
    const count = Math.floor(((2 * a) / us + b) * u + mean + 0.43)
    if (us >= 0.07 && v <= squeeze) return count
    if (count < 0 || (us < 0.013 && v > us)) continue
    const logRatio = Math.log((v * inverseAlpha) / (a / (us * us) + b))
    if (logRatio <= count * Math.log(mean) - mean - logGamma(count + 1)) return count
  }
}

/**
 * A negative binomial draw: failures before the `size`-th success, each trial succeeding with `probability`.
 *
 * `size` > 0 need not be whole; 0 < probability ≤ 1; the mean is size·(1 − probability)/probability. Drawn as
 * a Poisson whose mean is gamma distributed (Greenwood and Yule 1920).
 */
export function drawNegativeBinomial(source: WordStream, size: number, probability: number): number {
  if (!(probability > 0 && probability <= 1))
    throw new RangeError(`probability must be above 0 and at most 1, and is ${probability}`)
  return drawPoisson(source, (drawGamma(source, size) * (1 - probability)) / probability)
}

/**
 * A binomial draw: successes in `trials` (an integer ≥ 0), each with `probability` in [0, 1].
 *
 * Source: inversion by counting up when fewer than 10 are expected; above, Hörmann (1993), "The generation of
 * binomial random variates", J. Stat. Comput. Simul. 46, algorithm BTRS.
 */
export function drawBinomial(source: WordStream, trials: number, probability: number): number {
  if (!(trials >= 0 && Number.isSafeInteger(trials)))
    throw new RangeError(`trials must be a whole number of at least 0, and is ${trials}`)
  if (!(probability >= 0 && probability <= 1))
    throw new RangeError(`probability must be from 0 to 1, and is ${probability}`)
  if (probability > 0.5) return trials - drawBinomial(source, trials, 1 - probability)
  return trials * probability < smallMean
    ? countUpBinomial(source, trials, probability)
    : rejectBinomial(source, trials, probability)
}

function countUpBinomial(source: WordStream, trials: number, probability: number): number {
  const odds = probability / (1 - probability)
  let mass = Math.exp(trials * Math.log1p(-probability))
  let rest = drawUniform(source)
  let count = 0
  while (rest >= mass && count < trials) {
    rest -= mass
    mass *= (odds * (trials - count)) / (count + 1)
    count++
  }
  return count
}

function rejectBinomial(source: WordStream, trials: number, probability: number): number {
  const spread = Math.sqrt(trials * probability * (1 - probability))
  const b = 1.15 + 2.53 * spread
  const a = -0.0873 + 0.0248 * b + 0.01 * probability
  const center = trials * probability + 0.5
  const squeeze = 0.92 - 4.2 / b
  const alpha = (2.83 + 5.1 / b) * spread
  const logOdds = Math.log(probability / (1 - probability))
  const mode = Math.floor((trials + 1) * probability)
  const logModeTerms = logGamma(mode + 1) + logGamma(trials - mode + 1)
  for (;;) {
    const u = drawUniform(source) - 0.5
    const v = drawUniform(source)
    const us = 0.5 - Math.abs(u)
    const count = Math.floor(((2 * a) / us + b) * u + center)
    if (us >= 0.07 && v <= squeeze) return count
    if (count < 0 || count > trials) continue
    const logRatio = Math.log((v * alpha) / (a / (us * us) + b))
    const logMass =
      logModeTerms - logGamma(count + 1) - logGamma(trials - count + 1) + (count - mode) * logOdds
    if (logRatio <= logMass) return count
  }
}
