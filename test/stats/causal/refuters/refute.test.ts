import { describe, expect, test } from 'vitest'
import { augmentedWeighting } from '../../../../src/stats/causal/doubly-robust.ts'
import { matchedEffect } from '../../../../src/stats/causal/matched-effect.ts'
import { matchNearest } from '../../../../src/stats/causal/matching.ts'
import { naiveDifference } from '../../../../src/stats/causal/naive-difference.ts'
import { regressionAdjustment } from '../../../../src/stats/causal/outcome-regression.ts'
import {
  drawPerturbation,
  perturbedUnits,
  type SimulatedRefuter,
} from '../../../../src/stats/causal/refuters/perturbation.ts'
import { reestimateWith, warmReestimator } from '../../../../src/stats/causal/refuters/reestimate.ts'
import { judgeRefuter, refute, simulateRefuter } from '../../../../src/stats/causal/refuters/refute.ts'
import { simulateUnobserved } from '../../../../src/stats/causal/refuters/unobserved-confounder.ts'
import type { WarmMethod } from '../../../../src/stats/causal/refuters/warm-models.ts'
import { type TreatedUnits, treatedUnits } from '../../../../src/stats/causal/units.ts'
import { inverseProbabilityWeighting } from '../../../../src/stats/causal/weighting.ts'
import { makeRandom } from '../../../../src/stats/index.ts'
import { isRefused, type Refusal, refuse } from '../../../../src/stats/refusal.ts'
import { fitBinary } from '../../../../src/stats/regression/binary-regression.ts'
import { known } from '../job-training.ts'

const refuters: readonly SimulatedRefuter[] = [
  'placebo_treatment',
  'random_common_cause',
  'data_subset',
  'bootstrap',
  'dummy_outcome',
]

/** Units with two causes of treatment and outcome, an effect of 1, and if asked for one that nobody sees. */
function drawn(seed: number, n: number, hidden = 0): TreatedUnits {
  const random = makeRandom(seed)
  const [x, z] = [0, 1].map(() => Float64Array.from({ length: n }, () => random.normal())) as [
    Float64Array,
    Float64Array,
  ]
  const u = Float64Array.from({ length: n }, () => random.normal())
  const treatment = Uint8Array.from(x, (value, unit) =>
    random.bernoulli(1 / (1 + Math.exp(0.5 - 0.7 * value + 0.5 * z[unit]! - hidden * u[unit]!))) ? 1 : 0,
  )
  const outcome = x.map(
    (value, unit) => 2 * value + z[unit]! + treatment[unit]! + hidden * u[unit]! + random.normal(),
  )
  return treatedUnits(treatment, outcome, [x, z])
}

type Estimator = (units: TreatedUnits) => { estimate: number; stdError: number } | Refusal

const estimators: Record<WarmMethod, Estimator> = {
  regression_adjustment: (units) => regressionAdjustment(units),
  ipw: (units) => {
    const propensity = fitBinary(units.propensityDesign, units.treatment)
    return isRefused(propensity) ? propensity : inverseProbabilityWeighting(units, propensity)
  },
  aipw: (units) => {
    const propensity = fitBinary(units.propensityDesign, units.treatment)
    return isRefused(propensity) ? propensity : augmentedWeighting(units, propensity)
  },
}
const methods = Object.keys(estimators) as WarmMethod[]

describe('perturbations', () => {
  const units = drawn(1, 500)
  const count = (values: Uint8Array) => values.reduce((sum, value) => sum + value, 0)

  test('are those of their seed and number alone', () => {
    for (const refuter of refuters) {
      expect(drawPerturbation(refuter, units, 3)).toEqual(drawPerturbation(refuter, units, 3))
      expect(drawPerturbation(refuter, units, 3)).not.toEqual(drawPerturbation(refuter, units, 4))
      expect(drawPerturbation(refuter, units, 3)).not.toEqual(
        drawPerturbation(refuter, units, 3, { seed: 2 }),
      )
    }
  })

  test('keep what they say that they keep', () => {
    const { treatment } = drawPerturbation('placebo_treatment', units, 0)
    expect(count(treatment!)).toBe(count(units.treatment))
    const { outcome } = drawPerturbation('dummy_outcome', units, 0)
    expect(outcome!.toSorted()).toEqual(units.outcome.toSorted())
    const { counts } = drawPerturbation('data_subset', units, 0, { subsetShare: 0.3 })
    expect(counts!.reduce((sum, value) => sum + value, 0)).toBe(150)
    expect(Math.max(...counts!)).toBe(1)
    const drawnCounts = drawPerturbation('bootstrap', units, 0).counts!
    expect(drawnCounts.reduce((sum, value) => sum + value, 0)).toBe(500)
    const again = perturbedUnits(units, { counts: drawnCounts })
    expect(again.n).toBe(500)
    expect(again.outcome.reduce((sum, value) => sum + value, 0)).toBeCloseTo(
      units.outcome.reduce((sum, value, unit) => sum + value * drawnCounts[unit]!, 0),
      8,
    )
  })
})

describe('estimates that start from the fits of the whole data', () => {
  test.each(
    methods.flatMap((method) => (['ate', 'att', 'atc'] as const).map((target) => [method, target] as const)),
  )('%s of the %s are those from nothing', (method, target) => {
    const units = drawn(2, 3000)
    const estimator = (changed: TreatedUnits) => {
      if (method === 'regression_adjustment') return regressionAdjustment(changed, { target })
      const propensity = known(fitBinary(changed.propensityDesign, changed.treatment))
      return method === 'ipw'
        ? inverseProbabilityWeighting(changed, propensity, { target })
        : augmentedWeighting(changed, propensity, { target })
    }
    const { stdError } = known(estimator(units))
    const warm = warmReestimator(units, { method, target })
    if (typeof warm !== 'function') throw new Error(warm.refused)
    const slow = reestimateWith(units, estimator)
    for (const refuter of refuters)
      for (let simulation = 0; simulation < 3; simulation++) {
        const change = drawPerturbation(refuter, units, simulation)
        const [fast, exact] = [warm(change) as number, slow(change) as number]
        expect(Math.abs(fast - exact)).toBeLessThan(1e-3 * stdError)
      }
  })

  test('are still right for few units, and where the start is far off', () => {
    const units = drawn(3, 60)
    const warm = warmReestimator(units, { method: 'aipw' })
    if (typeof warm !== 'function') throw new Error(warm.refused)
    const { stdError } = known(estimators.aipw(units))
    // A covariate that says much of both: as strong as can be drawn.
    const covariate = units.outcome.map((value, unit) => value + 0.8 * units.treatment[unit]! + (unit % 5))
    for (const change of [drawPerturbation('placebo_treatment', units, 1), { covariate }]) {
      const exact = reestimateWith(units, estimators.aipw)(change)
      expect(Math.abs((warm(change) as number) - (exact as number))).toBeLessThan(1e-3 * stdError)
    }
  })
})

describe('verdicts', () => {
  test('of an estimate that nothing speaks against', () => {
    const units = drawn(4, 2000)
    for (const method of methods) {
      const original = known(estimators[method](units))
      const warm = warmReestimator(units, { method })
      if (typeof warm !== 'function') throw new Error(warm.refused)
      for (const refuter of refuters) {
        const found = known(refute(refuter, units, original, warm))
        expect(found).toMatchObject({ passes: true, simulations: 100, refusals: 0 })
        expect(found.verdict).toMatch(/^passes: .*(within noise|as good as)/)
        const isNull = refuter === 'placebo_treatment' || refuter === 'dummy_outcome'
        expect(Math.abs(found.estimate - (isNull ? 0 : original.estimate))).toBeLessThan(original.stdError)
      }
      const bootstrap = known(refute('bootstrap', units, original, warm))
      // A standard deviation of 100 draws is off by 7 % of itself, seldom by 28.
      expect(Math.abs(bootstrap.stdError / original.stdError - 1)).toBeLessThan(0.3)
    }
  })

  test('of any estimator, matched pairs for one', () => {
    const units = drawn(5, 400)
    const matched: Estimator = (changed) => {
      const propensity = fitBinary(changed.propensityDesign, changed.treatment)
      if (isRefused(propensity)) return propensity
      return matchedEffect(changed, matchNearest(propensity.probabilities, changed.treatment))
    }
    const found = refute('placebo_treatment', units, known(matched(units)), reestimateWith(units, matched))
    expect(found).toMatchObject({ passes: true })
  })

  test('of an estimator that finds effects where none are', () => {
    const units = drawn(6, 1000)
    const biased: Estimator = (changed) => {
      const effect = naiveDifference(changed)
      return isRefused(effect) ? effect : { ...effect, estimate: effect.estimate + 2 }
    }
    const found = known(
      refute('placebo_treatment', units, known(biased(units)), reestimateWith(units, biased)),
    )
    expect(found).toMatchObject({
      passes: false,
      verdict: expect.stringMatching(/^fails: placebo effect [12]/),
    })
    expect(found.pValue).toBeCloseTo(2 / 101, 12)
  })

  test('of an estimate that hangs on the sample', () => {
    const effects = Float64Array.from({ length: 100 }, (_, simulation) => 3 + simulation / 100)
    const original = { estimate: 1, stdError: 0.5 }
    expect(judgeRefuter('data_subset', original, effects)).toMatchObject({
      passes: false,
      verdict: 'fails: effect on subsets 3.5, and not the 1 before (0.29 around it)',
    })
    expect(judgeRefuter('random_common_cause', { estimate: 3.52, stdError: 0.5 }, effects)).toMatchObject({
      passes: true,
    })
  })

  test('are none with too few simulations or estimates', () => {
    const original = { estimate: 1, stdError: 1 }
    expect(judgeRefuter('bootstrap', original, new Float64Array(10))).toMatchObject({
      refused: 'too few simulations: 10, and at least 40 are needed',
    })
    // The verdict is there to fail: with one more a placebo effect far from 0 does, with one less nothing could.
    const farOff = (count: number) => Float64Array.from({ length: count }, () => 9)
    expect(judgeRefuter('placebo_treatment', original, farOff(40))).toMatchObject({ passes: false })
    expect(judgeRefuter('placebo_treatment', original, farOff(39))).toMatchObject({
      refused: 'too few simulations: 39, and at least 40 are needed',
    })
    const someMissing = farOff(40).fill(Number.NaN, 38)
    expect(judgeRefuter('placebo_treatment', original, someMissing)).toMatchObject({
      refused: 'too few simulations: 38 of 40 have an estimate, and at least 40 are needed',
    })
    const units = drawn(7, 100)
    expect(simulateRefuter('bootstrap', units, () => refuse('none'), { to: 4 }).every(Number.isNaN)).toBe(
      true,
    )
    expect(refute('bootstrap', units, original, () => refuse('none'), { simulations: 50 })).toEqual({
      refused: 'bootstrap: 50 of 50 simulations have no estimate',
    })
  })

  test('of simulations do not depend on who runs which', () => {
    const units = drawn(8, 300)
    const warm = warmReestimator(units, { method: 'aipw' })
    if (typeof warm !== 'function') throw new Error(warm.refused)
    const all = simulateRefuter('bootstrap', units, warm, { to: 6 })
    const parts = [
      ...simulateRefuter('bootstrap', units, warm, { to: 2 }),
      ...simulateRefuter('bootstrap', units, warm, { from: 2, to: 6 }),
    ]
    expect(parts).toEqual([...all])
  })
})

describe('a confounder that nobody saw', () => {
  const units = drawn(9, 3000)
  const linear: Estimator = (changed) => regressionAdjustment(changed)
  const estimate = known(linear(units)).estimate

  test('takes the more away the stronger it is, and overturns', () => {
    const { effects, overturning } = known(
      simulateUnobserved(units, estimate, reestimateWith(units, linear), { strengths: [0, 0.1, 0.5] }),
    )
    const at = (withTreatment: number, withOutcome: number) =>
      effects.find((e) => e.withTreatment === withTreatment && e.withOutcome === withOutcome)!.estimate
    expect(at(0, 0)).toBeCloseTo(estimate, 1)
    expect(at(0.1, 0.1)).toBeLessThan(at(0, 0) - 0.1)
    expect(at(0.5, 0.5)).toBeLessThan(at(0.1, 0.1))
    expect(overturning).toBe(0.5)
    // The smallest, in whatever order they are tried.
    const turned = simulateUnobserved(units, estimate, reestimateWith(units, linear), {
      strengths: [0.7, 0.5],
    })
    expect(known(turned).overturning).toBe(0.5)
  })
})
