import { describe, expect, test } from 'vitest'
import {
  type ArmMoments,
  asymptoticConfidenceSequence,
  betaBinomialPosterior,
  constantBoundary,
  cuped,
  differenceInMeans,
  fisherExactTest,
  mergeMoments,
  minimumDetectableEffect,
  mixtureTest,
  momentsOf,
  nonInferiority,
  normalPosterior,
  proportionTest,
  quantileMoments,
  ratioLift,
  relativeLift,
  requiredUnits,
  sampleRatioMismatch,
  stratifiedDifference,
} from '../../../src/stats/index.ts'

const arm: ArmMoments = { n: 50, mean: 2, variance: 3, covariateMean: 1, covariateVariance: 2, covariance: 1 }
const without: ArmMoments = { n: 50, mean: 2, variance: 3 }
const counts = { successes: 3, n: 10 }
const ratio = {
  n: 9,
  means: [1, 0],
  covariances: [
    [1, 0],
    [0, 1],
  ],
}

describe('what cannot be trusted is refused, in words', () => {
  const cases: [string, object, RegExp][] = [
    ['one unit', differenceInMeans({ ...arm, n: 1 }, arm), /too few units: the treatment arm has 1/],
    ['an empty arm', relativeLift(arm, { ...arm, n: 0 }), /too few units: the control arm has 0/],
    ['no variance', differenceInMeans({ ...arm, variance: 0 }, { ...arm, variance: 0 }), /zero variance/],
    [
      'a mean that is none',
      differenceInMeans({ ...arm, mean: Number.NaN }, arm),
      /mean of the treatment arm/,
    ],
    [
      'a variance that is none',
      differenceInMeans(arm, { ...arm, variance: Number.NaN }),
      /variance of the control/,
    ],
    ['a level of 95', differenceInMeans(arm, arm, { ciLevel: 95 }), /between 0 and 1/],
    ['a lift over zero', relativeLift(arm, { ...arm, mean: 0 }), /control mean is zero/],
    [
      'a log of a negative mean',
      relativeLift({ ...arm, mean: -1 }, arm, { interval: 'log' }),
      /two positive means/,
    ],
    ['an unbounded interval', relativeLift(arm, { ...arm, mean: 0.1 }, { interval: 'fieller' }), /no bounds/],
    ['no covariate', cuped(without, arm), /covariate moments are missing/],
    [
      'a constant covariate',
      cuped(
        { ...arm, covariateVariance: 0, covariance: 0, covariateMean: 1 },
        { ...arm, covariateVariance: 0, covariance: 0 },
      ),
      /covariate has no variance/,
    ],
    [
      'a covariate that is the outcome',
      cuped(momentsOf([1, 2, 3], [1, 2, 3]), momentsOf([2, 3, 5], [2, 3, 5])),
      /entirely/,
    ],
    [
      'a covariate that is the outcome, for a lift',
      cuped(momentsOf([1, 2, 3], [1, 2, 3]), momentsOf([2, 3, 5], [1, 2, 4]), {
        scale: 'relative',
        theta: 'arm_sum',
      }),
      /entirely/,
    ],
    [
      'a covariate that is the outcome but for rounding',
      cuped(momentsOf([0.1, 0.2, 0.7], [0.3, 0.6, 2.1]), momentsOf([0.2, 0.3, 1.1], [0.6, 0.9, 3.3])),
      /entirely/,
    ],
    ['CUPED lift over zero', cuped(arm, { ...arm, mean: 0 }, { scale: 'relative' }), /control mean is zero/],
    ['impossible counts', proportionTest({ successes: 11, n: 10 }, counts), /counts of the treatment arm/],
    [
      'no successes at all',
      proportionTest({ successes: 0, n: 10 }, { successes: 0, n: 10 }),
      /zero variance/,
    ],
    ['an empty table', fisherExactTest({ successes: 0, n: 0 }, counts), /too few units/],
    ['a single arm', sampleRatioMismatch([5, 0], [1, 0]), /fewer than two arms/],
    ['no units', sampleRatioMismatch([0, 0], [1, 1]), /too few units/],
    ['counts without weights', sampleRatioMismatch([5, 5], [1]), /2 counts but 1 weights/],
    ['half a unit', sampleRatioMismatch([5.5, 5], [1, 1]), /whole number/],
    ['a ratio over zero', ratioLift(ratio, ratio), /denominator/],
    ['no strata', stratifiedDifference([]), /no strata/],
    [
      'a thin stratum',
      stratifiedDifference([{ treatment: arm, control: { ...arm, n: 1 } }]),
      /stratum 1: too few/,
    ],
    [
      'a sequence without error',
      asymptoticConfidenceSequence({ estimate: 1, stdError: 0 }, 5),
      /standard error/,
    ],
    ['a mixture without variance', mixtureTest({ estimate: 1, stdError: 1 }, 0), /mixing variance/],
    ['a posterior without error', normalPosterior({ estimate: 1, stdError: Number.NaN }), /standard error/],
    [
      'a prior without variance',
      normalPosterior({ estimate: 1, stdError: 1 }, { prior: { mean: 0, variance: 0 } }),
      /prior/,
    ],
    ['a beta prior of zero', betaBinomialPosterior(counts, counts, { prior: { a: 0, b: 1 } }), /prior/],
    [
      'equal order statistics',
      quantileMoments({ n: 9, level: 0.5, quantile: 1, lower: 1, upper: 1 }),
      /zero variance/,
    ],
    [
      'a negative margin',
      nonInferiority(arm, arm, { margin: { absolute: -1 }, preferred: 'increase' }),
      /margin/,
    ],
    ['looks out of order', constantBoundary([0.5, 0.4, 1], 0.05) as object, /must increase/],
    ['power below alpha', minimumDetectableEffect({ variance: 1 }, 0.01, 100) as object, /power/],
    ['no effect', requiredUnits({ variance: 1 }, 0, 0.8) as object, /effect of zero/],
    [
      'a lift that no sample finds',
      minimumDetectableEffect({ variance: 100, mean: 1, scale: 'relative' }, 0.8, 40) as object,
      /no effect/,
    ],
  ]

  test.each(cases)('%s', (_, result, reason) => {
    expect(result).toEqual({ refused: expect.stringMatching(reason) })
  })
})

test('merging moments of parts gives the moments of the whole, even on a mean of 1e9', () => {
  const outcome = [4, 7, 13, 16, 2, 9].map((value) => value + 1e9)
  const covariate = [1, 2, 2, 5, 3, 0].map((value) => value - 1e9)
  const whole = momentsOf(outcome, covariate)
  for (const cut of [0, 1, 2, 5, 6]) {
    const first = momentsOf(outcome.slice(0, cut), covariate.slice(0, cut))
    const second = momentsOf(outcome.slice(cut), covariate.slice(cut))
    const merged = mergeMoments(first, second)
    for (const key of ['n', 'mean', 'variance', 'covariateMean', 'covariateVariance', 'covariance'] as const)
      expect(merged[key], `${key} at ${cut}`).toBeCloseTo(whole[key]!, 6)
  }
})
