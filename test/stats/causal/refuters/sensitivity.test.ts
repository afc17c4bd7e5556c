import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { partialCorrelationTest } from '../../../../src/stats/causal/partial-correlation.ts'
import { covariateEValues, eValue } from '../../../../src/stats/causal/refuters/e-value.ts'
import { linearSensitivity } from '../../../../src/stats/causal/refuters/linear-sensitivity.ts'
import { negativeControl } from '../../../../src/stats/causal/refuters/negative-control.ts'
import { jointMomentsOf, makeRandom } from '../../../../src/stats/index.ts'
import { waldInference } from '../../../../src/stats/inference.ts'
import { hasReferenceData } from '../../../reference-data.ts'
import { jobTrainings, known, readJobTraining } from '../job-training.ts'

const computedHere = JSON.parse(readFileSync('test/reference/causal_methods.json', 'utf8'))
const names = ['age', 'educ', 'black', 'hisp', 'marr', 'nodegree', 're74', 're75']

describe.runIf(hasReferenceData()).each(jobTrainings)('%s', (name) => {
  const { units, covariates, computed } = readJobTraining(name)
  const moments = jointMomentsOf(units.outcome, units.treatment, ...covariates)
  const controls = covariates.map((_, index) => index + 2)
  const found = known(linearSensitivity(moments, { outcome: 0, treatment: 1, controls }))

  test('has the robustness values of sensemakr', () => {
    expect(found.estimate).toBeCloseTo(computed.ols_adjusted.coef, 6)
    expect(found.stdError).toBeCloseTo(computed.ols_adjusted.se_classical, 6)
    expect(found.partialR2).toBeCloseTo(computed.sensemakr.partial_r2_yd_x, 10)
    expect(found.robustnessValue).toBeCloseTo(computed.sensemakr.rv_q1, 10)
    expect(found.robustnessValueSignificance).toBeCloseTo(computed.sensemakr.rv_q1_alpha05, 10)
  })

  test.runIf(name === 'nsw_dw')('has its bounds by covariates', () => {
    for (const { covariate, times, ...wanted } of computedHere.linear_sensitivity.bounds) {
      const bound = found.benchmarks.find(
        (b) => b.covariate === names.indexOf(covariate) + 2 && b.times === times,
      )!
      for (const [key, value] of Object.entries(wanted))
        expect(bound[key as 'estimate'] / (value as number)).toBeCloseTo(1, 9)
    }
  })

  test('has the E-value that was computed elsewhere', () => {
    const n = units.n
    const mean = units.outcome.reduce((sum, value) => sum + value, 0) / n
    const deviation = Math.sqrt(units.outcome.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n)
    const { estimate, stdError } = {
      estimate: found.estimate / deviation,
      stdError: found.stdError / deviation,
    }
    const result = known(eValue({ scale: 'standardized_difference', estimate, stdError }))
    const wanted = computed.evalue_ols
    expect(result.riskRatio).toBeCloseTo(wanted.rr, 9)
    expect(result.ciLower).toBeCloseTo(wanted.lo, 9)
    expect(result.ciUpper).toBeCloseTo(wanted.hi, 9)
    expect(result.eValue).toBeCloseTo(wanted.evalue_point, 9)
    expect(result.eValueOfInterval).toBeCloseTo(wanted.evalue_ci, 9)
  })
})

describe('E-values', () => {
  test('are those of the article', () => {
    // VanderWeele and Ding (2017): RR 3.9 (1.8, 8.7) has 7.26 and 3.0.
    const { eValue: point, eValueOfInterval } = known(
      eValue({ scale: 'risk_ratio', estimate: 3.9, ciLower: 1.8, ciUpper: 8.7 }),
    )
    expect(point).toBeCloseTo(7.26, 2)
    expect(eValueOfInterval).toBeCloseTo(3.0, 2)
  })

  test('turn ratios below 1 round, and are 1 where the interval holds 1', () => {
    const protective = known(eValue({ scale: 'risk_ratio', estimate: 0.8, ciLower: 0.71, ciUpper: 0.91 }))
    expect(protective.eValue).toBeCloseTo(1.81, 2)
    expect(protective.eValueOfInterval).toBeCloseTo(1.43, 2)
    const unsure = known(eValue({ scale: 'odds_ratio', estimate: 1.44, ciLower: 0.9, ciUpper: 2 }))
    expect(unsure.riskRatio).toBeCloseTo(1.2, 12)
    expect(unsure.eValueOfInterval).toBe(1)
    expect(eValue({ scale: 'hazard_ratio', estimate: -1 })).toEqual({ refused: 'a ratio has to be positive' })
    expect(known(eValue({ scale: 'hazard_ratio', estimate: 1 })).eValue).toBe(1)
  })

  test('of covariates stand from the strongest to the weakest', () => {
    const found = covariateEValues(2, [
      { covariate: 'weak', riskRatio: 2.1 },
      { covariate: 'strong', riskRatio: 1 },
    ])
    expect(found.map(({ covariate }) => covariate)).toEqual(['strong', 'weak'])
    expect(found[0]!.eValue).toBeCloseTo(2 + Math.SQRT2, 12)
  })
})

test('a negative control passes where 0 is in the interval', () => {
  const effect = (estimate: number) => known(waldInference(estimate, 1, Infinity))
  expect(negativeControl('outcome', effect(0.5))).toMatchObject({
    passes: true,
    verdict: 'passes: the effect on what cannot be moved is 0.5, between -1.46 and 2.46, which holds 0',
  })
  expect(negativeControl('exposure', effect(3)).verdict).toBe(
    'fails: the effect of what cannot move it is 3, between 1.04 and 4.96: something else moves it',
  )
})

describe('independences', () => {
  test('are rejected as often as the level says, and found out where they do not hold', () => {
    let [rejected, found] = [0, 0]
    const runs = 1000
    for (let seed = 0; seed < runs; seed++) {
      const random = makeRandom(seed)
      const c = Float64Array.from({ length: 100 }, () => random.normal())
      const a = c.map((value) => value + random.normal())
      const b = c.map((value) => 2 * value + random.normal())
      const moments = jointMomentsOf(a, b, c)
      if (known(partialCorrelationTest(moments, 0, 1, [2])).pValue < 0.05) rejected++
      if (known(partialCorrelationTest(moments, 0, 1)).pValue < 0.05) found++
    }
    expect(Math.abs(rejected / runs - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / runs))
    expect(found).toBeGreaterThan(0.95 * runs)
  })

  test('have the correlation of the residuals', () => {
    const random = makeRandom(1)
    const [a, b] = [0, 1].map(() => Float64Array.from({ length: 50 }, () => random.normal())) as [
      Float64Array,
      Float64Array,
    ]
    const { covariances: s } = jointMomentsOf(a, b)
    const { correlation, ciLower, ciUpper } = known(partialCorrelationTest(jointMomentsOf(a, b), 0, 1))
    expect(correlation).toBeCloseTo(s[0]![1]! / Math.sqrt(s[0]![0]! * s[1]![1]!), 12)
    expect(ciLower).toBeLessThan(correlation)
    expect(ciUpper).toBeGreaterThan(correlation)
    expect(partialCorrelationTest(jointMomentsOf(a, b, a), 0, 1, [2])).toMatchObject({
      refused: 'variable 1 is a combination of the others',
    })
  })
})
