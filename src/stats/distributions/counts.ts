import { betaKernel, incompleteBeta } from './incomplete-beta.ts'
import { gammaKernel, incompleteGamma, type TailPair } from './incomplete-gamma.ts'
import { normalQuantile } from './normal.ts'

/** P(K = k) of the Poisson distribution with this mean (≥ 0). */
export function poissonPmf(k: number, mean: number): number {
  if (!(mean >= 0)) return Number.NaN
  if (k < 0 || !Number.isInteger(k)) return 0
  if (mean === 0) return k === 0 ? 1 : 0
  return k === 0 ? Math.exp(-mean) : gammaKernel(k, mean) / k
}

/** P(K ≤ k) of the Poisson distribution. */
export function poissonCdf(k: number, mean: number): number {
  return poissonTails(Math.floor(k), mean).lower
}

/** P(K > k) of the Poisson distribution, with relative precision in the upper tail. */
export function poissonSf(k: number, mean: number): number {
  return poissonTails(Math.floor(k), mean).upper
}

function poissonTails(k: number, mean: number): TailPair {
  if (k < 0) return { lower: 0, upper: 1 }
  const { lower, upper } = incompleteGamma(k + 1, mean)
  return { lower: upper, upper: lower }
}

/** The smallest k with P(K ≤ k) ≥ p of the Poisson distribution. */
export function poissonQuantile(p: number, mean: number): number {
  if (!(mean >= 0)) return Number.NaN
  return smallestCount(p, (k) => poissonTails(k, mean), mean, Math.sqrt(mean), Infinity)
}

/** P(K = k) of the binomial distribution: successes in `trials`, each with `probability`. */
export function binomialPmf(k: number, trials: number, probability: number): number {
  if (!(trials >= 0 && probability >= 0 && probability <= 1)) return Number.NaN
  if (k < 0 || k > trials || !Number.isInteger(k)) return 0
  if (k === 0) return probability === 1 ? Number(trials === 0) : Math.exp(trials * Math.log1p(-probability))
  if (k === trials) return probability ** trials
  return (betaKernel(k, trials - k, probability, 1 - probability) * trials) / k / (trials - k)
}

/** P(K ≤ k) of the binomial distribution. */
export function binomialCdf(k: number, trials: number, probability: number): number {
  return binomialTails(Math.floor(k), trials, probability).lower
}

/** P(K > k) of the binomial distribution, with relative precision in the upper tail. */
export function binomialSf(k: number, trials: number, probability: number): number {
  return binomialTails(Math.floor(k), trials, probability).upper
}

function binomialTails(k: number, trials: number, probability: number): TailPair {
  if (k < 0) return { lower: 0, upper: 1 }
  if (k >= trials) return { lower: 1, upper: 0 }
  return incompleteBeta(trials - k, k + 1, 1 - probability, probability)
}

/** The smallest k with P(K ≤ k) ≥ p of the binomial distribution. */
export function binomialQuantile(p: number, trials: number, probability: number): number {
  if (!(trials >= 0 && probability >= 0 && probability <= 1)) return Number.NaN
  const mean = trials * probability
  const spread = Math.sqrt(mean * (1 - probability))
  return smallestCount(p, (k) => binomialTails(k, trials, probability), mean, spread, trials)
}

/**
 * P(K = k) of the negative binomial distribution: failures before the `size`-th success (size > 0, not only
 * whole), each trial succeeding with `probability`.
 */
export function negativeBinomialPmf(k: number, size: number, probability: number): number {
  if (!(size > 0 && probability > 0 && probability <= 1)) return Number.NaN
  if (k < 0 || !Number.isInteger(k)) return 0
  return k === 0 ? probability ** size : betaKernel(size, k, probability, 1 - probability) / k
}

/** P(K ≤ k) of the negative binomial distribution. */
export function negativeBinomialCdf(k: number, size: number, probability: number): number {
  return negativeBinomialTails(Math.floor(k), size, probability).lower
}

/** P(K > k) of the negative binomial distribution, with relative precision in the upper tail. */
export function negativeBinomialSf(k: number, size: number, probability: number): number {
  return negativeBinomialTails(Math.floor(k), size, probability).upper
}

function negativeBinomialTails(k: number, size: number, probability: number): TailPair {
  return k < 0 ? { lower: 0, upper: 1 } : incompleteBeta(size, k + 1, probability, 1 - probability)
}

/** The smallest k with P(K ≤ k) ≥ p of the negative binomial distribution. */
export function negativeBinomialQuantile(p: number, size: number, probability: number): number {
  if (!(size > 0 && probability > 0 && probability <= 1)) return Number.NaN
  const mean = (size * (1 - probability)) / probability
  const spread = Math.sqrt(mean / probability)
  return smallestCount(p, (k) => negativeBinomialTails(k, size, probability), mean, spread, Infinity)
}

/**
 * The smallest count whose lower tail reaches p: a bracket around the normal approximation, widened until it
 * holds, then halved. Above ½ the upper tail is compared too, since only there is 1 − p told apart from 1.
 */
function smallestCount(
  p: number,
  tails: (k: number) => TailPair,
  mean: number,
  spread: number,
  largest: number,
): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN
  if (p === 0) return 0
  if (p === 1) return largest
  const reaches = (k: number) => {
    const { lower, upper } = tails(k)
    return lower >= p || (p > 0.5 && upper <= 1 - p)
  }
  const guess = Math.min(largest, Math.max(0, Math.floor(mean + spread * normalQuantile(p))))
  let width = 1 + Math.floor(spread / 8)
  let high = guess
  while (!reaches(high)) {
    high = Math.min(largest, high + width)
    width *= 2
  }
  let low = guess - 1
  width = 1 + Math.floor(spread / 8)
  while (low >= 0 && reaches(low)) {
    high = low
    low = Math.max(-1, low - width)
    width *= 2
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (reaches(middle)) high = middle
    else low = middle
  }
  return high
}
