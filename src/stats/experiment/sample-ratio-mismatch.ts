import { binomialPmf } from '../distributions/counts.ts'
import { chiSquareSf } from '../distributions/gamma.ts'
import { logGamma } from '../distributions/log-gamma.ts'
import { normalSf } from '../distributions/normal.ts'
import { isRefused, type Refusal, refuse } from '../refusal.ts'

/** How the counts are tested. */
export type SampleRatioMethod = 'chi_square' | 'exact' | 'normal' | 'normal_corrected'

/** Options of `sampleRatioMismatch`. */
export interface SampleRatioOptions {
  /**
   * If not given, χ²; but exact where an expected count is below 5 and the outcomes can be enumerated. The
   * two normal tests, without and with continuity correction, are for two arms.
   */
  readonly method?: SampleRatioMethod
  /** A p-value below this is a mismatch; 0.001 if not given (Fabijan et al. 2019). */
  readonly alpha?: number
}

/** The verdict on the sizes of the arms. */
export interface SampleRatioResult {
  readonly pValue: number
  /** χ² or z; the exact test has none. */
  readonly statistic?: number
  /** Arms with weight, less one. */
  readonly degreesOfFreedom: number
  readonly method: SampleRatioMethod
  /** Whether the p-value is below alpha: then no effect of the experiment should be believed. */
  readonly mismatch: boolean
  /** Expected units per arm, in the order of the counts. */
  readonly expected: readonly number[]
  /** Units found in arms that should have none; they are left out of the test. */
  readonly unitsInZeroWeightArms: number
}

/** Cochran's (1952) rule for the χ² approximation. */
const smallestExpected = 5
const enumerationLimit = 300_000

/**
 * Tests whether the arms have the sizes that their weights promise (sample ratio mismatch).
 *
 * Inputs: units per arm, and as many weights in any scale. Arms of weight 0 are dropped, from the degrees of
 * freedom too. Refuses counts and weights that do not match, negative or fractional counts, fewer than two
 * arms with weight, and no units at all. Source: Pearson's χ²; Fabijan et al. (2019), "Diagnosing sample
 * ratio mismatch in online controlled experiments", KDD. The exact p-value adds up all outcomes that are not
 * more probable than the observed one.
 */
export function sampleRatioMismatch(
  counts: readonly number[],
  expectedWeights: readonly number[],
  options: SampleRatioOptions = {},
): SampleRatioResult | Refusal {
  const problem = checkCounts(counts, expectedWeights)
  if (problem) return problem
  const kept = counts.map((_, index) => index).filter((index) => expectedWeights[index]! > 0)
  if (kept.length < 2) return refuse('fewer than two arms have weight, so there is no ratio to test')
  const observed = kept.map((index) => counts[index]!)
  const total = observed.reduce((sum, count) => sum + count, 0)
  if (total === 0) return refuse('too few units: no arm with weight has any')
  const weightSum = expectedWeights.reduce((sum, weight) => sum + weight, 0)
  const shares = kept.map((index) => expectedWeights[index]! / weightSum)
  const method = options.method ?? chooseMethod(shares, total)
  if (method.startsWith('normal') && kept.length !== 2) return refuse('the normal tests are for two arms')
  if (method === 'exact' && outcomes(total, kept.length) > enumerationLimit)
    return refuse('too many units for the exact test; the χ² test is as good here')
  const { pValue, statistic } = testCounts(method, observed, shares, total)
  return {
    pValue,
    ...(statistic === undefined ? {} : { statistic }),
    degreesOfFreedom: kept.length - 1,
    method,
    mismatch: pValue < (options.alpha ?? 0.001),
    expected: expectedWeights.map((weight) => (total * weight) / weightSum),
    unitsInZeroWeightArms: counts.reduce((sum, count) => sum + count, 0) - total,
  }
}

/** The units per arm of one stratum beside the weights that the arms have there. */
export interface StratumCounts {
  readonly counts: readonly number[]
  readonly weights: readonly number[]
}

/**
 * Tests whether the arms have the sizes that were planned within each stratum, where the plans differ between strata.
 *
 * Inputs: as `sampleRatioMismatch`, stratum by stratum, arms in the same order. χ² and its degrees of freedom are added up over
 * the strata; those without units say nothing. Refuses what that does, and no units at all. Source: sums of independent χ²
 * (Cochran 1954, Biometrics 10).
 */
export function stratifiedSampleRatio(
  strata: readonly StratumCounts[],
  { alpha = 0.001 }: Pick<SampleRatioOptions, 'alpha'> = {},
): SampleRatioResult | Refusal {
  const filled = strata.filter(({ counts }) => counts.some((count) => count > 0))
  const tests = filled.map(({ counts, weights }) =>
    sampleRatioMismatch(counts, weights, { method: 'chi_square' }),
  )
  const refused = tests.find((test): test is Refusal => isRefused(test))
  if (refused) return refused
  const found = tests as SampleRatioResult[]
  const [first] = found
  if (!first) return refuse('too few units: no arm with weight has any')
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  const statistic = sum(found.map((test) => test.statistic!))
  const degreesOfFreedom = sum(found.map((test) => test.degreesOfFreedom))
  const pValue = chiSquareSf(statistic, degreesOfFreedom)
  return {
    pValue,
    statistic,
    degreesOfFreedom,
    method: 'chi_square',
    mismatch: pValue < alpha,
    expected: first.expected.map((_, arm) => sum(found.map(({ expected }) => expected[arm]!))),
    unitsInZeroWeightArms: sum(found.map((test) => test.unitsInZeroWeightArms)),
  }
}

function checkCounts(counts: readonly number[], weights: readonly number[]): Refusal | undefined {
  if (counts.length !== weights.length)
    return refuse(`there are ${counts.length} counts but ${weights.length} weights`)
  if (!counts.every((count) => Number.isInteger(count) && count >= 0))
    return refuse('every count must be a whole number of at least 0')
  if (!weights.every((weight) => weight >= 0 && weight < Infinity))
    return refuse('every weight must be a finite number of at least 0')
  return undefined
}

function chooseMethod(shares: readonly number[], total: number): SampleRatioMethod {
  const isSmall = total * Math.min(...shares) < smallestExpected
  return isSmall && outcomes(total, shares.length) <= enumerationLimit ? 'exact' : 'chi_square'
}

/** The number of ways to spread `total` units over `arms`. */
function outcomes(total: number, arms: number): number {
  let ways = 1
  for (let arm = 1; arm < arms; arm++) ways *= (total + arm) / arm
  return ways
}

function testCounts(
  method: SampleRatioMethod,
  observed: readonly number[],
  shares: readonly number[],
  total: number,
): { pValue: number; statistic?: number } {
  if (method === 'exact') return { pValue: exactPValue(observed, shares, total) }
  if (method === 'chi_square') {
    const statistic = observed.reduce((sum, count, arm) => {
      const expected = total * shares[arm]!
      return sum + ((count - expected) * (count - expected)) / expected
    }, 0)
    return { statistic, pValue: chiSquareSf(statistic, observed.length - 1) }
  }
  const distance = Math.abs(observed[0]! - total * shares[0]!)
  const corrected = method === 'normal_corrected' ? Math.max(0, distance - 0.5) : distance
  const statistic = corrected / Math.sqrt(total * shares[0]! * shares[1]!)
  return { statistic, pValue: Math.min(1, 2 * normalSf(statistic)) }
}

/**
 * Sum of the probabilities of all outcomes at most as probable as the observed one, with room for rounding.
 */
function exactPValue(observed: readonly number[], shares: readonly number[], total: number): number {
  const logProbability = (counts: readonly number[]) =>
    counts.reduce(
      (sum, count, arm) => sum + (count === 0 ? 0 : count * Math.log(shares[arm]!)) - logGamma(count + 1),
      logGamma(total + 1),
    )
  if (observed.length === 2) return exactBinomial(observed[0]!, shares[0]!, total)
  const limit = logProbability(observed) + 1e-7
  let sum = 0
  const spread = (arm: number, left: number, counts: number[]): void => {
    if (arm === observed.length - 1) {
      counts[arm] = left
      const value = logProbability(counts)
      if (value <= limit) sum += Math.exp(value)
      return
    }
    for (let count = 0; count <= left; count++) {
      counts[arm] = count
      spread(arm + 1, left - count, counts)
    }
  }
  spread(0, total, [])
  return Math.min(1, sum)
}

function exactBinomial(count: number, share: number, total: number): number {
  const limit = binomialPmf(count, total, share) * (1 + 1e-7)
  let sum = 0
  for (let other = 0; other <= total; other++) {
    const probability = binomialPmf(other, total, share)
    if (probability <= limit) sum += probability
  }
  return Math.min(1, sum)
}
