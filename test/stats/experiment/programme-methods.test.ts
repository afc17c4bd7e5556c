import { describe, expect, test } from 'vitest'
import {
  type ArmBelief,
  type BanditOptions,
  banditAllocation,
  bestArm,
  cupacMoments,
  cuped,
  designEffect,
  effectByDay,
  effectHeterogeneity,
  effectTrend,
  experimentPower,
  foldMoments,
  foldOf,
  interactionEffect,
  isRefused,
  jointMomentsOf,
  makeRandom,
  metricHistory,
  momentsOf,
  multipleCuped,
  nonInferiority,
  nonInferiorityUnits,
  partialPooling,
  type Random,
  requiredUnits,
  ridgePrediction,
  runTime,
  type SwitchbackPeriod,
  sampleRatioMismatch,
  sequentialInflation,
  simulateBandit,
  switchbackEffect,
} from '../../../src/stats/index.ts'
import { data, expectCase, methodCase } from './methods-reference.ts'
import { accepted } from './reference-cases.ts'
import { coverage } from './seeded-coverage.ts'

const refusal = (words: RegExp) => ({ refused: expect.stringMatching(words) })
const normals = (arms: readonly (readonly [number, number])[]): ArmBelief[] =>
  arms.map(([mean, stdError]) => ({ mean, stdError }))
const betas = (arms: readonly (readonly [number, number])[]): ArmBelief[] => arms.map(([a, b]) => ({ a, b }))

const weightsOf = (beliefs: readonly ArmBelief[], options: BanditOptions): number[] =>
  accepted(banditAllocation(beliefs, options)).map(({ weight }) => weight)

describe('which arm is the best', () => {
  test.each(['best_normal_2', 'best_normal_4', 'best_beta_3'])('%s', (name) => {
    const { arms } = methodCase(name)
    const { best, second, expectedLoss } = accepted(
      bestArm(name.includes('beta') ? betas(arms) : normals(arms)),
    )
    expectCase(name, { best, second, expected_loss: expectedLoss }, 1e-8)
    expect(best.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 10)
    expect(second.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 10)
  })

  test('where low is good it is the mirror image', () => {
    const arms = methodCase('best_normal_4').arms as [number, number][]
    const low = accepted(bestArm(normals(arms.map(([mean, sd]) => [-mean, sd])), 'lower'))
    const high = accepted(bestArm(normals(arms)))
    for (const [arm, loss] of high.expectedLoss.entries()) {
      expect(low.best[arm]).toBeCloseTo(high.best[arm]!, 12)
      expect(low.expectedLoss[arm]).toBeCloseTo(loss, 12)
    }
    const shapes = methodCase('best_beta_3').arms as [number, number][]
    const lowRates = accepted(bestArm(betas(shapes.map(([a, b]) => [b, a])), 'lower'))
    const highRates = accepted(bestArm(betas(shapes)))
    for (const [arm, loss] of highRates.expectedLoss.entries())
      expect(lowRates.expectedLoss[arm]).toBeCloseTo(loss, 10)
  })

  test('weights have their floor and sum to 1; the challenger gets what top-two says', () => {
    const beliefs = normals(methodCase('best_normal_2').arms)
    const { best } = accepted(bestArm(beliefs))
    for (const algorithm of ['thompson', 'top_two', 'top_two_resampled'] as const) {
      const weights = weightsOf(beliefs, { algorithm, floor: 0.1 })
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12)
      expect(Math.min(...weights)).toBeGreaterThanOrEqual(0.1)
    }
    for (const [arm, weight] of weightsOf(beliefs, { algorithm: 'thompson' }).entries())
      expect(weight).toBeCloseTo(best[arm]!, 12)
    // Of two arms the challenger is always the other one.
    for (const weight of weightsOf(beliefs, { algorithm: 'top_two_resampled' }))
      expect(weight).toBeCloseTo(0.5, 9)
    const sure = accepted(
      weightsOf(
        normals([
          [0, 1],
          [100, 1],
          [0, 1],
        ]),
        { algorithm: 'top_two_resampled' },
      ),
    )
    expect(sure).toEqual([expect.closeTo(0.25, 9), expect.closeTo(0.5, 9), expect.closeTo(0.25, 9)])
  })

  test('top-two weights are those of its draws', () => {
    const beliefs = [
      [0, 1],
      [0.5, 1],
      [0.8, 0.5],
    ] as const
    const weights = weightsOf(normals(beliefs), { algorithm: 'top_two_resampled' })
    const random = makeRandom(12)
    const draw = () => {
      const values = beliefs.map(([mean, sd]) => mean + sd * random.normal())
      return values.indexOf(Math.max(...values))
    }
    const counts = [0, 0, 0]
    const draws = 40_000
    for (let unit = 0; unit < draws; unit++) {
      const first = draw()
      let chosen = first
      if (random.bernoulli(0.5)) while (chosen === first) chosen = draw()
      counts[chosen]!++
    }
    for (const [arm, weight] of weights.entries())
      expect(Math.abs(counts[arm]! / draws - weight)).toBeLessThan(
        4 * Math.sqrt((weight * (1 - weight)) / draws),
      )
  })

  test('a bandit loses less than equal shares would, the same every time', () => {
    const bandit = {
      algorithm: 'thompson',
      means: [0, 0.1, 0.3],
      sd: 1,
      batches: 20,
      unitsPerBatch: 300,
      seed: 5,
    } as const
    const run = accepted(simulateBandit(bandit))
    expect(run).toEqual(accepted(simulateBandit(bandit)))
    expect(run.units.reduce((sum, n) => sum + n, 0)).toBe(6000)
    const equal = (20 * 300 * (0.3 + 0.2)) / 3
    expect(run.cumulativeRegret.at(-1)).toBeLessThan(equal / 2)
    expect(run.weights[2]).toBeGreaterThan(0.9)
    const floored = accepted(simulateBandit({ ...bandit, floor: 0.2 }))
    expect(floored.cumulativeRegret.at(-1)).toBeGreaterThan(run.cumulativeRegret.at(-1)!)
    expect(Math.min(...floored.units) / 6000).toBeGreaterThan(0.17)
  })

  test('refusals', () => {
    expect(bestArm(normals([[0, 1]]))).toEqual(refusal(/at least 2 are needed/))
    expect(
      bestArm(
        normals([
          [0, 1],
          [0, 0],
        ]),
      ),
    ).toEqual(refusal(/positive standard error/))
    expect(bestArm([...normals([[0, 1]]), ...betas([[1, 1]])])).toEqual(refusal(/different kinds/))
    expect(
      banditAllocation(
        normals([
          [0, 1],
          [0, 1],
        ]),
        { algorithm: 'thompson', floor: 0.6 },
      ),
    ).toEqual(refusal(/cannot have/))
    expect(
      simulateBandit({ algorithm: 'thompson', means: [1], sd: 1, batches: 1, unitsPerBatch: 10, seed: 1 }),
    ).toEqual(refusal(/two arms/))
  })
})

describe('effects of segments', () => {
  const { estimates, std_errors } = methodCase('heterogeneity')
  const segments = estimates.map((estimate: number, index: number) => ({
    estimate,
    stdError: std_errors[index],
  }))

  test("Cochran's test and partial pooling", () => {
    const result = accepted(effectHeterogeneity(segments))
    expectCase('heterogeneity', {
      q: result.q,
      p: result.pValue,
      i2: result.iSquared,
      tau2: result.betweenVariance,
      pooled: result.pooled.estimate,
      pooled_se: result.pooled.stdError,
    })
    const pooled = accepted(partialPooling(segments))
    const two = accepted(partialPooling(segments.slice(0, 2)))
    expectCase(
      'partial_pooling',
      {
        estimates: pooled.map(({ estimate }) => estimate),
        std_errors: pooled.map(({ stdError }) => stdError),
        shrinkages: pooled.map(({ shrinkage }) => shrinkage),
        two_estimates: two.map(({ estimate }) => estimate),
        two_std_errors: two.map(({ stdError }) => stdError),
      },
      1e-6,
    )
  })

  test('alike segments are pooled for the most part, and no spread is taken for known', () => {
    const alike = [0.1, 0.11, 0.1].map((estimate) => ({ estimate, stdError: 0.2 }))
    const result = accepted(effectHeterogeneity(alike))
    expect([result.betweenVariance, result.iSquared]).toEqual([0, 0])
    for (const { estimate, shrinkage, stdError } of accepted(partialPooling(alike))) {
      expect(Math.abs(estimate - result.pooled.estimate)).toBeLessThan(0.005)
      expect(shrinkage).toBeGreaterThan(0.5)
      expect(stdError).toBeGreaterThan(result.pooled.stdError)
      expect(stdError).toBeLessThan(0.2)
    }
  })

  test('of equal effects 5 in 100 are told apart; partial pooling is nearer to true ones that vary (4 MC errors)', () => {
    const random = makeRandom(17)
    let rejected = 0
    let own = 0
    let pooled = 0
    const runs = 3000
    for (let run = 0; run < runs; run++) {
      random.reseed(run)
      const equal = Array.from({ length: 6 }, (_, k) => ({
        estimate: (1 + k / 3) * random.normal(),
        stdError: 1 + k / 3,
      }))
      if (accepted(effectHeterogeneity(equal)).pValue < 0.05) rejected++
      const truth = equal.map(() => 0.5 * random.normal())
      const noisy = equal.map(({ estimate, stdError }, k) => ({ estimate: truth[k]! + estimate, stdError }))
      const drawn = accepted(partialPooling(noisy))
      own += noisy.reduce((sum, { estimate }, k) => sum + (estimate - truth[k]!) ** 2, 0)
      pooled += drawn.reduce((sum, { estimate }, k) => sum + (estimate - truth[k]!) ** 2, 0)
    }
    expect(Math.abs(rejected / runs - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / runs))
    expect(pooled / own).toBeLessThan(0.5)
  })

  test('refusals', () => {
    expect(effectHeterogeneity([{ estimate: 1, stdError: 1 }])).toEqual(refusal(/one group/))
    expect(
      partialPooling([
        { estimate: 1, stdError: 1 },
        { estimate: 1, stdError: 0 },
      ]),
    ).toEqual(refusal(/standard error/))
  })
})

describe('two experiments at once', () => {
  const cell = (a: number, b: number) =>
    momentsOf(data.y.filter((_: number, i: number) => data.treated[i] === a && data.cluster_treated[i] === b))
  const cells = { both: cell(1, 1), first: cell(1, 0), second: cell(0, 1), neither: cell(0, 0) }

  test('absolute and relative', () => {
    const absolute = accepted(interactionEffect(cells))
    expectCase('interaction', { estimate: absolute.estimate, std_error: absolute.stdError })
    const relative = accepted(interactionEffect(cells, { scale: 'relative' }))
    expectCase('interaction_relative', { estimate: relative.estimate, std_error: relative.stdError })
  })

  test('covers with groups of uneven size and spread', () => {
    const draw = (random: Random, n: number, mean: number, sd: number) =>
      momentsOf(Float64Array.from({ length: n }, () => mean + sd * random.normal()))
    const both = coverage(2000, (random) => {
      const groups = {
        both: draw(random, 10, 5, 3),
        first: draw(random, 20, 3, 1),
        second: draw(random, 30, 3, 1),
        neither: draw(random, 15, 2, 2),
      }
      return { absolute: { truth: 1, interval: interactionEffect(groups) } }
    })
    both.expectNominal('absolute')
  })

  test('refusals', () => {
    expect(interactionEffect({ ...cells, both: { n: 1, mean: 1, variance: 0 } })).toEqual(
      refusal(/too few units/),
    )
    const zero = { ...cells, neither: { ...cells.neither, mean: 0 } }
    expect(interactionEffect(zero, { scale: 'relative' })).toEqual(refusal(/control mean is zero/))
  })
})

describe('novelty', () => {
  const { estimates, std_errors } = methodCase('novelty')
  const effects = estimates.map((estimate: number, day: number) => ({
    at: day,
    estimate,
    stdError: std_errors[day],
  }))

  test('slope with independent errors', () => {
    const found = accepted(effectTrend(effects))
    expectCase('novelty', { slope: found.estimate, std_error_independent: found.stdError })
  })

  test('an effect that stays has a slope 5 times in 100 where groups of units are compared', () => {
    const { expectNominal } = coverage(2000, (random) => {
      const points = Array.from({ length: 7 }, (_, at) => {
        const stdError = 0.1 + 0.02 * at
        return { at, estimate: 0.5 + stdError * random.normal(), stdError }
      })
      return { slope: { truth: 0, interval: effectTrend(points) } }
    })
    expectNominal('slope')
  })

  test('refusals', () => {
    expect(effectTrend(effects.slice(0, 2))).toEqual(refusal(/three points/))
    expect(effectTrend(effects.map((one: object) => ({ ...one, at: 3 })))).toEqual(refusal(/one time/))
  })
})

describe('switchback', () => {
  /** Hours of one region; an outcome feels this hour's treatment and half of the one before's. */
  const play = (random: Random, blocks: number, length: number, level = 2): SwitchbackPeriod[] => {
    const periods: SwitchbackPeriod[] = []
    let before = 0
    for (let block = 0; block < blocks; block++) {
      const treated = random.bernoulli(0.5)
      for (let hour = 0; hour < length; hour++) {
        const trend = Math.sin((block * length + hour) / 9)
        const outcome = level + trend + (treated ? 1 : 0) + 0.5 * before + 0.3 * random.normal()
        periods.push({ sequence: 'north', block: String(block), treated, outcome })
        before = treated ? 1 : 0
      }
    }
    return periods
  }

  test('by hand: the means of what is left of four blocks, carry-over of one', () => {
    const periods = [
      ['1', true, 5, 6],
      ['2', false, 4, 3],
      ['3', true, 7, 8],
      ['4', false, 9, 6],
    ].flatMap(([block, treated, a, b]) =>
      [a, b].map((outcome) => ({
        sequence: 's',
        block: block as string,
        treated: treated as boolean,
        outcome: outcome as number,
      })),
    )
    const result = accepted(switchbackEffect(periods, { carryOver: 1 }))
    expect(result).toMatchObject({ estimate: 2.5, blocks: 4, periodsUsed: 4 })
    // Variances of 6, 8 and of 3, 6: 2 and 4.5.
    expect(result.stdError).toBeCloseTo(Math.sqrt(2 / 2 + 4.5 / 2), 12)
  })

  test('burn-in takes the carry-over out: block means cover 1.5 within 4 MC errors, without it they are biased', () => {
    const runs = coverage(1500, (random) => {
      const periods = play(random, 60, 6)
      return {
        burnIn: { truth: 1.5, interval: switchbackEffect(periods, { carryOver: 1 }) },
        none: { truth: 1.5, interval: switchbackEffect(periods, { carryOver: 0 }) },
      }
    })
    // The trend makes neighbouring blocks alike, which random treatment does not mind.
    runs.expectNominal('burnIn')
    expect(runs.share('burnIn')).toBeGreaterThan(runs.share('none'))
  })

  test('refusals', () => {
    const periods = play(makeRandom(1), 6, 2)
    expect(switchbackEffect(periods, { carryOver: -1 })).toEqual(refusal(/carry-over/))
    expect(switchbackEffect(periods, { carryOver: 2 })).toEqual(refusal(/too few blocks/))
    expect(switchbackEffect([], { carryOver: 0 })).toEqual(refusal(/too few blocks/))
    const mixed = periods.map((period, index) => ({ ...period, treated: index % 2 === 0 }))
    expect(switchbackEffect(mixed, { carryOver: 0 })).toEqual(refusal(/treated and not treated/))
  })
})

describe('CUPAC', () => {
  test('ridge', () => {
    const model = accepted(ridgePrediction(jointMomentsOf(data.y, data.x1, data.x2), 0.1))
    expectCase('ridge', { coefficients: model.coefficients })
  })

  const draw = (random: Random, n: number) => {
    const features = Array.from({ length: 8 }, () => Float64Array.from({ length: n }, () => random.normal()))
    const treated = Array.from({ length: n }, () => random.int(2))
    const outcome = treated.map(
      (t, i) => 10 + t + features[0]![i]! + 0.5 * features[1]![i]! - features[2]![i]! + random.normal(),
    )
    const base = random.int(1e9) * 1000
    return { keys: treated.map((_, i) => base + i), treated, outcome, features }
  }

  test('folds go by the key, and no unit is in two', () => {
    const counts = [0, 0, 0, 0, 0]
    for (let key = 0; key < 5000; key++) counts[foldOf(key, 5)]!++
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(4 * Math.sqrt(800))
    const rows = draw(makeRandom(3), 300)
    const folds = foldMoments(rows)
    expect(folds.reduce((sum, { treatment, control }) => sum + treatment.n + control.n, 0)).toBe(300)
  })

  test('takes out about as much variance as regression on all features, and covers on both scales', () => {
    const rows = draw(makeRandom(4), 2000)
    const arms = accepted(cupacMoments(foldMoments(rows)))
    const ofArm = (arm: number) =>
      jointMomentsOf(
        ...[rows.outcome, ...rows.features].map((column) =>
          [...column].filter((_, i) => rows.treated[i] === arm),
        ),
      )
    const byRegression = accepted(multipleCuped(ofArm(1), ofArm(0)))
    const byPrediction = accepted(cuped(arms.treatment, arms.control, { theta: 'within_arms' }))
    expect(byPrediction.varianceReduction).toBeGreaterThan(byRegression.varianceReduction - 0.02)
    const both = coverage(1500, (random) => {
      const { treatment, control } = accepted(cupacMoments(foldMoments(draw(random, 200), 4)))
      return {
        absolute: { truth: 1, interval: cuped(treatment, control) },
        relative: { truth: 0.1, interval: cuped(treatment, control, { scale: 'relative' }) },
      }
    })
    both.expectNominal('absolute')
    both.expectNominal('relative')
  })

  test('refusals', () => {
    expect(cupacMoments([])).toEqual(refusal(/at least 2 folds/))
    expect(ridgePrediction(jointMomentsOf([1, 2, 3]))).toEqual(refusal(/no features/))
    expect(ridgePrediction(jointMomentsOf([1, 2, 3], [1, 1, 1]))).toEqual(refusal(/no variance/))
    expect(ridgePrediction(jointMomentsOf([1, 2], [1, 3]))).toEqual(refusal(/too few units/))
  })
})

describe('before and during an experiment', () => {
  test('power and units of other software', () => {
    const { t_n1, z_n1 } = methodCase('power')
    const uneven = requiredUnits({ variance: 1, reference: 't', ratio: 0.5 }, 0.3, 0.8) as number
    // The reference's second group is twice the first; ours is whole, counting both.
    expect(Math.abs(uneven - 3 * t_n1)).toBeLessThanOrEqual(1)
    const oneSided = requiredUnits({ variance: 1, alpha: 0.025, alternative: 'greater' }, 0.25, 0.9) as number
    expect(Math.abs(oneSided - 2 * z_n1)).toBeLessThanOrEqual(1)
    const power = experimentPower({ variance: 1, reference: 't', ratio: 1.5 }, 0.4, 150) as number
    expectCase('power', { t_power: power })
  })

  test('history with covariates leaves 1 − R²', () => {
    const history = accepted(metricHistory(jointMomentsOf(data.y, data.x1, data.x2)))
    expectCase('history', { rsquared: history.explained, variance: history.variance })
    expect(accepted(metricHistory(jointMomentsOf(data.y))).explained).toBe(0)
    const ratio = accepted(metricHistory(jointMomentsOf(data.y, data.d), 'ratio'))
    expect(ratio.mean).toBeCloseTo(momentsOf(data.y).mean / momentsOf(data.d).mean, 12)
    expect(metricHistory(jointMomentsOf([1, 1, 1]))).toEqual(refusal(/zero variance/))
    expect(metricHistory(jointMomentsOf([1, 2, 3], [1, 2, 3]))).toEqual(refusal(/nothing is left/))
  })

  test('designs in clusters and with several looks', () => {
    expect(designEffect(20, 0.05)).toBeCloseTo(1.95, 12)
    expect(designEffect(20, 0.05, 0.5)).toBeCloseTo(2.2, 12)
    expect(designEffect(0.5, 0.1)).toEqual(refusal(/at least one unit/))
    expect(designEffect(5, 2)).toEqual(refusal(/correlation/))
    // One look is no inflation; several Pocock looks cost more than O'Brien–Fleming's.
    expect(sequentialInflation([1], { spending: 'pocock' })).toBeCloseTo(1, 9)
    const looks = [0.2, 0.4, 0.6, 0.8, 1]
    const pocock = sequentialInflation(looks, { spending: 'pocock' }) as number
    const obrien = sequentialInflation(looks, { spending: 'obrien_fleming' }) as number
    expect(obrien).toBeGreaterThan(1.01)
    expect(obrien).toBeLessThan(1.05)
    expect(pocock).toBeGreaterThan(1.15)
    expect(sequentialInflation([0.5], { spending: 'pocock' })).toEqual(refusal(/last look/))
  })

  test('units for non-inferiority pass the test with the wanted power (4 MC errors)', () => {
    const design = { variance: 1, mean: 5, scale: 'relative', alpha: 0.05 } as const
    const n = nonInferiorityUnits(design, 0.06, 0.8) as number
    const random = makeRandom(9)
    let passed = 0
    const runs = 2000
    for (let run = 0; run < runs; run++) {
      random.reseed(run)
      const arm = () => momentsOf(Float64Array.from({ length: n / 2 }, () => 5 + random.normal()))
      const options = { margin: { relative: 0.06 }, preferred: 'increase' } as const
      if (accepted(nonInferiority(arm(), arm(), options)).pValue < 0.05) passed++
    }
    expect(Math.abs(passed / runs - 0.8)).toBeLessThan(4 * Math.sqrt((0.8 * 0.2) / runs))
    expect(nonInferiorityUnits(design, 0.06, 0.8, -0.07)).toEqual(refusal(/nothing tells/))
  })

  test('days until there are enough units', () => {
    const traffic = { newUnits: [100, 50, 40, 30, 30, 30, 30, 20], share: 0.5 }
    expect(runTime(traffic, 90)).toEqual({ days: 3, units: 95, isExtrapolated: false })
    // 165 by day 8; then 230 / 7 · 0.5 a day.
    const later = accepted(runTime(traffic, 200))
    expect(later.days).toBe(8 + Math.ceil(35 / (230 / 14)))
    expect(later.isExtrapolated).toBe(true)
    expect(runTime({ newUnits: [10, 0, 0, 0, 0, 0, 0, 0] }, 50)).toEqual(refusal(/never/))
    expect(runTime({ newUnits: [] }, 50)).toEqual(refusal(/no history/))
    expect(runTime({ newUnits: [5], share: 2 }, 50)).toEqual(refusal(/share/))
  })

  test('the effect that is found shrinks day by day', () => {
    const effects = accepted(effectByDay({ variance: 4 }, 0.8, { newUnits: [2, 500, 300, 200] }))
    expect(isRefused(effects[0] as object)).toBe(true)
    expect(effects[1]! > effects[2]! && effects[2]! > effects[3]!).toBe(true)
    expect(effects[3]).toBeCloseTo((1.959963984540054 + 0.8416212335729143) * 2 * Math.sqrt(4 / 1002), 4)
  })
})

test('sample ratio of few units in three arms: exact', () => {
  const { observed, weights } = methodCase('srm_exact')
  const result = accepted(sampleRatioMismatch(observed, weights))
  expect(result.method).toBe('exact')
  expectCase('srm_exact', { p: result.pValue })
  const withIdleArm = accepted(sampleRatioMismatch([...observed, 0], [...weights, 0]))
  expect(withIdleArm.pValue).toBeCloseTo(result.pValue, 14)
})
