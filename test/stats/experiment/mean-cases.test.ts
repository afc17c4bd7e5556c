import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  cuped,
  cupedTheta,
  differenceInMeans,
  fisherExactTest,
  momentsFromSums,
  momentsOf,
  proportionMoments,
  proportionTest,
  relativeLift,
  sampleRatioMismatch,
} from '../../../src/stats/index.ts'
import { accepted, armOf, expectWithin, referenceCase } from './reference-cases.ts'

test('gb-welch-rel: relative lift, delta interval', () => {
  const reference = referenceCase('gb-welch-rel')
  const { control, treatment } = reference.inputs
  const lift = accepted(relativeLift(armOf(treatment), armOf(control)))
  expectWithin(reference, {
    estimate: lift.estimate,
    ci: [lift.ciLower, lift.ciUpper],
    se: lift.stdError,
    p: lift.pValue,
  })
})

test('gb-prop-rel: relative lift of a proportion with variance p(1 − p)', () => {
  const reference = referenceCase('gb-prop-rel')
  const { control, treatment } = reference.inputs
  const arm = ({ sum, n }: { sum: number; n: number }) => proportionMoments(sum, n, 'population')
  const lift = accepted(relativeLift(arm(treatment), arm(control)))
  expectWithin(reference, {
    estimate: lift.estimate,
    ci: [lift.ciLower, lift.ciUpper],
    se: lift.stdError,
    p: lift.pValue,
  })
})

test('gb-delta-variance: variances of both scales', () => {
  const reference = referenceCase('gb-delta-variance')
  const { varA, meanA, nA, varB, meanB, nB } = reference.inputs
  const a = { n: nA, mean: meanA, variance: varA }
  const b = { n: nB, mean: meanB, variance: varB }
  expectWithin(reference, {
    absolute: accepted(differenceInMeans(b, a)).stdError ** 2,
  })
  const relative = accepted(relativeLift(b, a)).stdError ** 2
  expectWithin(reference, { relative })
})

test('sc-welch: Welch from sums', () => {
  const reference = referenceCase('sc-welch')
  const { control, treatment } = reference.inputs
  const difference = accepted(differenceInMeans(armOf(treatment), armOf(control)))
  expectWithin(reference, {
    difference: difference.estimate,
    ci95: [difference.ciLower, difference.ciUpper],
  })
})

test('r-sleep-welch: Welch from units', () => {
  const reference = referenceCase('r-sleep-welch')
  const { group1, group2 } = reference.inputs
  const result = accepted(differenceInMeans(momentsOf(group1), momentsOf(group2)))
  expectWithin(reference, {
    t: result.statistic,
    df: result.degreesOfFreedom,
    p: result.pValue,
    ci: [result.ciLower, result.ciUpper],
  })
})

test('tt-mean-basic: Welch, and the lift on the log scale', () => {
  const reference = referenceCase('tt-mean-basic')
  const arm = ({
    n,
    sums,
    sum_squares,
  }: {
    n: number
    sums: { orders: number }
    sum_squares: { orders: number }
  }) => momentsFromSums({ n, sum: sums.orders, sumSquares: sum_squares.orders })
  const treatment = arm(reference.inputs.treatment)
  const control = arm(reference.inputs.control)
  const difference = accepted(differenceInMeans(treatment, control))
  const lift = accepted(relativeLift(treatment, control, { interval: 'log' }))
  expectWithin(reference, {
    control: control.mean,
    treatment: treatment.mean,
    effect: difference.estimate,
    effect_ci: [difference.ciLower, difference.ciUpper],
    rel_effect: lift.estimate,
    rel_ci: [lift.ciLower, lift.ciUpper],
    p: lift.pValue,
    statistic: difference.statistic,
  })
})

test('gb-cuped-theta-small: pooled regression coefficient', () => {
  const reference = referenceCase('gb-cuped-theta-small')
  const arm = momentsOf(reference.inputs.post_each_arm, reference.inputs.pre_each_arm)
  expectWithin(reference, { theta: cupedTheta(arm, arm) as number })
})

test('gb-cuped-mean-rel: CUPED lift with the gradient that its source uses', () => {
  const reference = referenceCase('gb-cuped-mean-rel')
  type Sums = { sum: number; sum_squares: number }
  const arm = ({ n, post, pre, post_pre }: { n: number; post: Sums; pre: Sums; post_pre: number }) =>
    momentsFromSums({
      n,
      sum: post.sum,
      sumSquares: post.sum_squares,
      covariateSum: pre.sum,
      covariateSumSquares: pre.sum_squares,
      sumProducts: post_pre,
    })
  const treatment = arm(reference.inputs.treatment)
  const control = arm(reference.inputs.control)
  const lift = accepted(cuped(treatment, control, { scale: 'relative', gradient: 'leading' }))
  expectWithin(reference, {
    control_mean_unadjusted: control.mean,
    treatment_mean_unadjusted: treatment.mean,
    estimate: lift.estimate,
    p: lift.pValue,
  })
  const exact = accepted(cuped(treatment, control, { scale: 'relative' }))
  expect(exact.estimate).toBe(lift.estimate)
  expect(exact.stdError).not.toBe(lift.stdError)
})

test('sc-two-prop: pooled test, unpooled interval', () => {
  const reference = referenceCase('sc-two-prop')
  const counts = ({ success, n }: { success: number; n: number }) => ({ successes: success, n })
  const treatment = counts(reference.inputs.treatment)
  const control = counts(reference.inputs.control)
  const at95 = accepted(proportionTest(treatment, control))
  const at99 = accepted(proportionTest(treatment, control, { ciLevel: 0.99 }))
  expectWithin(reference, {
    difference: at95.estimate,
    ci95: [at95.ciLower, at95.ciUpper],
    ci99: [at99.ciLower, at99.ciUpper],
    p: at95.pValue,
  })
})

test.each(['gb-srm-1', 'gb-srm-5', 'gb-srm-7'])('%s: sample ratio by χ²', (id) => {
  const reference = referenceCase(id)
  const { observed, weights } = reference.inputs
  expectWithin(reference, { p: accepted(sampleRatioMismatch(observed, weights)).pValue })
})

test('tt-srm: sample ratio, exact and by the normal distribution', () => {
  const reference = referenceCase('tt-srm')
  const p = (method: 'exact' | 'normal' | 'normal_corrected') =>
    accepted(sampleRatioMismatch(reference.inputs.observed, [1, reference.inputs.ratio], { method })).pValue
  expectWithin(reference, {
    exact: p('exact'),
    normal_corrected: p('normal_corrected'),
    normal: p('normal'),
  })
})

test('Cookie Cats: published retention, z tests and sample ratio from the counts of the arms', () => {
  const file = new URL('../../reference/cookie_cats.json', import.meta.url)
  const { python } = JSON.parse(readFileSync(file, 'utf8')).computed
  const counts = (arm: { n: number; ret1: number; ret7: number }, key: 'ret1' | 'ret7') => ({
    n: arm.n,
    successes: Math.round(arm[key] * arm.n),
  })
  for (const [day, key] of [
    ['z_retention_1', 'ret1'],
    ['z_retention_7', 'ret7'],
  ] as const) {
    const treatment = counts(python.gate_40, key)
    const control = counts(python.gate_30, key)
    expect(treatment.successes / treatment.n).toBeCloseTo(python.gate_40[key], 14)
    const result = accepted(proportionTest(treatment, control))
    expect(result.estimate).toBeCloseTo(python[day].diff_40_minus_30, 12)
    expect(result.statistic).toBeCloseTo(python[day].z_pooled, 10)
    expect(result.statistic ** 2).toBeCloseTo(python[day].chi2_no_continuity, 9)
    expect(result.pValue).toBeCloseTo(python[day].p_two_sided, 10)
    expect(result.stdError).toBeCloseTo(python[day].se_unpooled, 12)
  }
  const retained = counts(python.gate_30, 'ret1').successes + counts(python.gate_40, 'ret1').successes
  expect((100 * retained) / python.n).toBeCloseTo(44.52, 2)
  const ratio = accepted(sampleRatioMismatch([python.gate_30.n, python.gate_40.n], [1, 1]))
  expect(ratio.statistic).toBeCloseTo(python.srm_chi2, 10)
  expect(ratio.pValue).toBeCloseTo(python.srm_p, 10)
  expect(ratio.pValue).toBeCloseTo(0.0086, 4)
})

test('Fisher: the lady tasting tea, and the sides', () => {
  const treatment = { successes: 3, n: 4 }
  const control = { successes: 1, n: 4 }
  expect(accepted(fisherExactTest(treatment, control)).pValue).toBeCloseTo(34 / 70, 12)
  expect(accepted(fisherExactTest(treatment, control, { alternative: 'greater' })).pValue).toBeCloseTo(
    17 / 70,
    12,
  )
  expect(accepted(fisherExactTest(treatment, control, { alternative: 'less' })).pValue).toBeCloseTo(
    69 / 70,
    12,
  )
  expect(accepted(fisherExactTest(treatment, control)).oddsRatio).toBe(9)
})
