import { describe, expect, test } from 'vitest'
import { covariateBalance, distributionDistance } from '../../../../src/stats/causal/diagnostics/balance.ts'
import { propensityCalibration } from '../../../../src/stats/causal/diagnostics/calibration.ts'
import { influenceSummary } from '../../../../src/stats/causal/diagnostics/influence.ts'
import { checkOverlap, overlapOf } from '../../../../src/stats/causal/diagnostics/overlap.ts'
import { augmentedWeighting } from '../../../../src/stats/causal/doubly-robust.ts'
import { naiveDifference } from '../../../../src/stats/causal/naive-difference.ts'
import { optimalTrimming, selectUnits, withinBounds } from '../../../../src/stats/causal/trimming.ts'
import { balancingWeight, inverseProbabilityWeighting } from '../../../../src/stats/causal/weighting.ts'
import { makeRandom } from '../../../../src/stats/index.ts'
import { fitBinary } from '../../../../src/stats/regression/binary-regression.ts'
import { hasReferenceData } from '../../../reference-data.ts'
import { jobTrainings, known, readJobTraining } from '../job-training.ts'

describe.runIf(hasReferenceData()).each(jobTrainings)('%s', (name) => {
  const { units, propensity, covariates, computed } = readJobTraining(name)
  const { treatment } = units

  test.each([
    ['smd_unadjusted', undefined],
    ['smd_ipw_ate', 'ate'],
    ['smd_ipw_att', 'att'],
  ] as const)('differences of means are %s', (key, target) => {
    const weights =
      target &&
      propensity.probabilities.map((e, unit) => balancingWeight(target, treatment[unit] === 1, e).weight)
    for (const scale of ['treated', 'pooled'] as const) {
      const found = covariateBalance(treatment, covariates, { scale, ...(weights && { weights }) })
      for (const [index, wanted] of computed[key].entries())
        expect(found[index]!.standardizedDifference).toBeCloseTo(wanted[`std_by_${scale}_sd`], 6)
    }
  })

  test('what weights leave and how well the propensity tells are as computed elsewhere', () => {
    const ate = overlapOf(propensity.probabilities, treatment)
    expect(ate.treated.effectiveSampleSize).toBeCloseTo(computed.ess_treated_ate, 6)
    expect(ate.control.effectiveSampleSize).toBeCloseTo(computed.ess_control_ate, 6)
    const att = overlapOf(propensity.probabilities, treatment, 'att')
    expect(att.control.effectiveSampleSize).toBeCloseTo(computed.ess_control_att, 6)
    expect(Math.min(ate.treated.smallest, ate.control.smallest)).toBeCloseTo(computed.ps_min, 10)
    expect(Math.max(ate.treated.largest, ate.control.largest)).toBeCloseTo(computed.ps_max, 10)
    const calibration = known(propensityCalibration(propensity.probabilities, treatment))
    expect(calibration.areaUnderCurve).toBeCloseTo(computed.ps_auc, 12)
    expect(calibration.bins.reduce((sum, bin) => sum + bin.n, 0)).toBe(units.n)
  })

  test('trimming by the rule of thumb keeps the same units, with the same effect', () => {
    const kept = withinBounds(propensity.probabilities, { lower: 0.1, upper: 0.9 })
    const wanted = computed['crump_trim_0.1_0.9']
    expect(kept.length).toBe(wanted.n_kept)
    // The published figure keeps the propensity of before.
    const left = known(selectUnits(units, kept))
    const of = <T extends Float64Array>(values: T) => Float64Array.from(kept, (unit) => values[unit]!)
    const before = {
      ...propensity,
      probabilities: of(propensity.probabilities),
      slopes: of(propensity.slopes),
      addInfluence: () => {},
    }
    expect(known(inverseProbabilityWeighting(left, before)).estimate).toBeCloseTo(wanted.hajek_ate, 6)
    expect(known(naiveDifference(units)).estimate).toBeCloseTo(computed.naive_diff_means, 6)
  })
})

/** Units whose chance of treatment is a logit of one covariate, however strongly. */
function drawn(strength: number, n = 4000) {
  const random = makeRandom(7)
  const x = Float64Array.from({ length: n }, () => random.normal())
  const e = x.map((value) => 1 / (1 + Math.exp(-strength * value)))
  const treatment = Uint8Array.from(e, (p) => (random.bernoulli(p) ? 1 : 0))
  return { x, e, treatment, random }
}

describe('overlap', () => {
  test('is enough where both kinds occur, and refused where not, with what is possible', () => {
    const good = drawn(1)
    expect(checkOverlap(good.e, good.treatment)).toMatchObject({ extremeShare: 0 })
    const poor = drawn(6)
    expect(checkOverlap(poor.e, poor.treatment)).toMatchObject({
      refused: expect.stringMatching(
        /^no overlap for the effect on all units \(ATE\): \d+ % of its units have a/,
      ),
      possible: ['ato'],
    })
    // Treatment is rare, and certain for nobody: only the treated can be compared.
    const rare = drawn(0)
    const e = rare.x.map((value) => 0.3 / (1 + Math.exp(-4 * (value - 1))) + 1e-4)
    const treatment = Uint8Array.from(e, (p) => (rare.random.bernoulli(p) ? 1 : 0))
    expect(checkOverlap(e, treatment)).toMatchObject({ possible: expect.arrayContaining(['att']) })
    expect(checkOverlap(e, treatment, 'att')).toMatchObject({ extremeShare: 0 })
  })

  test('bounds of the smallest variance are those that trying all finds', () => {
    const { e } = drawn(4, 500)
    const variance = (lower: number) => {
      const kept = e.filter((p) => p >= lower && p <= 1 - lower)
      return kept.reduce((sum, p) => sum + 1 / (p * (1 - p)), 0) / kept.length ** 2
    }
    const { lower, upper } = optimalTrimming(e)
    expect(lower + upper).toBeCloseTo(1, 12)
    const grid = Array.from({ length: 5000 }, (_, index) => index / 10000)
    const best = Math.min(
      ...grid.filter((bound) => e.some((p) => p >= bound && p <= 1 - bound)).map(variance),
    )
    expect(variance(lower)).toBeLessThanOrEqual(best * (1 + 1e-12))
    expect(optimalTrimming(e.map(() => 0.4))).toEqual({ lower: 0, upper: 1 })
    expect(optimalTrimming(e, 'att')).toMatchObject({ lower: 0 })
    expect(optimalTrimming(e, 'atc')).toMatchObject({ upper: 1 })
  })
})

describe('calibration', () => {
  test('holds for true probabilities and not for wrong ones', () => {
    const { e, treatment } = drawn(1.5)
    const right = known(propensityCalibration(e, treatment))
    expect(right.pValue).toBeGreaterThan(0.001)
    expect(right.expectedError).toBeLessThan(0.03)
    const wrong = known(
      propensityCalibration(
        e.map((p) => p / 2),
        treatment,
      ),
    )
    expect(wrong.pValue).toBeLessThan(1e-6)
    expect(wrong.areaUnderCurve).toBe(right.areaUnderCurve)
    expect(
      propensityCalibration(
        e,
        treatment.map(() => 1),
      ),
    ).toEqual({ refused: 'all units are in one group' })
  })

  test('keeps equal propensities in one bin', () => {
    const e = Float64Array.from({ length: 100 }, (_, unit) => (unit < 70 ? 0.3 : 0.6))
    const { bins } = known(
      propensityCalibration(
        e,
        Uint8Array.from(e, (_, unit) => unit % 2),
      ),
    )
    expect(bins.map(({ n }) => n)).toEqual([70, 30])
  })
})

describe('balance', () => {
  test('of distributions is their largest and mean distance', () => {
    const treatment = Uint8Array.from([1, 1, 0, 0])
    const covariate = Float64Array.from([2, 3, 1, 2])
    // Shares at or below 1, 2, 3: 0, ½, 1 of the treated and ½, 1, 1 of the others.
    expect(distributionDistance(treatment, covariate)).toEqual({ largest: 0.5, mean: 1 / 3 })
  })

  test('of a covariate that does not vary is none, and of one that tells all is not known', () => {
    const treatment = Uint8Array.from([1, 1, 0, 0])
    const [same, apart] = covariateBalance(treatment, [
      Float64Array.from([2, 2, 2, 2]),
      Float64Array.from([3, 3, 2, 2]),
    ])
    expect(same!.standardizedDifference).toBe(0)
    expect(apart!.standardizedDifference).toBeNaN()
  })
})

describe('influence', () => {
  test('is about what leaving a unit out changes', () => {
    const { x, treatment, random } = drawn(0.5, 400)
    const outcome = x.map((value, unit) => value + treatment[unit]! + random.normal())
    outcome[17]! += 200
    const of = (keep: (unit: number) => boolean) => {
      const places = Int32Array.from([...x.keys()].filter(keep))
      const columns = [new Float64Array(places.length).fill(1), Float64Array.from(places, (unit) => x[unit]!)]
      const design = { n: places.length, columns }
      const units = {
        n: places.length,
        treatment: Uint8Array.from(places, (unit) => treatment[unit]!),
        outcome: Float64Array.from(places, (unit) => outcome[unit]!),
        propensityDesign: design,
        outcomeDesign: design,
      }
      return known(augmentedWeighting(units, known(fitBinary(design, units.treatment))))
    }
    const all = of(() => true)
    const summary = influenceSummary(all)!
    expect(summary.strongest[0]!.unit).toBe(17)
    const left = all.estimate - of((unit) => unit !== 17).estimate
    expect(Math.abs(summary.strongest[0]!.change / left - 1)).toBeLessThan(0.05)
    expect(summary.largestInErrors).toBeCloseTo(Math.abs(summary.strongest[0]!.change) / all.stdError, 12)
    expect(summary.topPercentShare).toBeGreaterThan(0.9)
  })
})
