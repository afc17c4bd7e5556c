import { describe, expect, test } from 'vitest'
import {
  type ArmMoments,
  adjustedCiLevel,
  adjustPValues,
  betaEffectInterval,
  betaHighestDensityInterval,
  type Correction,
  differenceInMeans,
  mergeThinStrata,
  momentsOf,
  nonInferiority,
  nonInferiorityOf,
  normalPosterior,
  type QuantileSample,
  quantileDifference,
  quantileSampleOf,
  type Random,
  relativeLift,
  rescaledPrior,
  type Stratum,
  stratifiedDifference,
} from '../../../src/stats/index.ts'
import { data, expectCase, methodCase } from './methods-reference.ts'
import { accepted } from './reference-cases.ts'
import { coverage } from './seeded-coverage.ts'

const ofArm = (name: string, arm: 0 | 1): number[] =>
  data[name].filter((_: number, index: number) => data.treated[index] === arm)

describe('quantiles', () => {
  const sample = (arm: 0 | 1, clustered: boolean): QuantileSample =>
    accepted(quantileSampleOf(ofArm('y', arm), 0.7, clustered ? { units: ofArm('cluster', arm) } : {}))

  test('from rows, with and without clusters', () => {
    for (const [name, arm] of [
      ['treatment', 1],
      ['control', 0],
    ] as const) {
      const { quantile, lower, upper, clusterFactor } = sample(arm, true)
      expectCase('quantile_70', { [name]: [quantile, lower, upper, clusterFactor!] })
    }
    const plain = accepted(quantileDifference(sample(1, false), sample(0, false)))
    expectCase('quantile_70', { estimate: plain.estimate, std_error: plain.stdError })
    const clustered = accepted(quantileDifference(sample(1, true), sample(0, true)))
    expectCase('quantile_70', { estimate: clustered.estimate, std_error_clustered: clustered.stdError })
  })

  test('the order of rows does not matter, and they stay in it', () => {
    const values = [3, 1, 2, 5, 4, 9, 7]
    const sample = accepted(quantileSampleOf(values, 0.5))
    expect(sample.quantile).toBe(4)
    expect(values[0]).toBe(3)
    expect(accepted(quantileSampleOf(values.toReversed(), 0.5))).toEqual(sample)
  })

  test('covers: P90 of skewed values, absolute and relative', () => {
    const arm = (random: Random, scale: number) =>
      quantileSampleOf(
        Float64Array.from({ length: 800 }, () => scale * random.lognormal(0, 1)),
        0.9,
      )
    const p90 = Math.exp(1.2815515655446004)
    const both = coverage(2000, (random) => {
      const t = accepted(arm(random, 1.2))
      const c = accepted(arm(random, 1))
      return {
        absolute: { truth: 0.2 * p90, interval: quantileDifference(t, c) },
        relative: { truth: 0.2, interval: quantileDifference(t, c, { scale: 'relative' }) },
      }
    })
    both.expectNominal('absolute')
    both.expectNominal('relative')
  })

  test('covers the median of events that are alike within units, where the plain interval does not', () => {
    const arm = (random: Random, effect: number) => {
      const values: number[] = []
      const units: number[] = []
      for (let unit = 0; unit < 250; unit++) {
        const level = random.normal()
        for (let event = random.int(9); event >= 0; event--) {
          values.push(effect + level + 0.5 * random.normal())
          units.push(unit)
        }
      }
      const clustered = accepted(quantileSampleOf(values, 0.5, { units }))
      return { clustered, plain: { ...clustered, clusterFactor: 1 } }
    }
    const both = coverage(2000, (random) => {
      const t = arm(random, 0.4)
      const c = arm(random, 0)
      return {
        clustered: { truth: 0.4, interval: quantileDifference(t.clustered, c.clustered) },
        plain: { truth: 0.4, interval: quantileDifference(t.plain, c.plain) },
      }
    })
    both.expectNominal('clustered')
    expect(both.share('plain')).toBeLessThan(0.8)
  })
})

describe('non-inferiority', () => {
  const [t, c] = [momentsOf(ofArm('y', 1)), momentsOf(ofArm('y', 0))]

  test('relative margin of a control mean that is estimated', () => {
    const result = accepted(
      nonInferiority(t, c, { margin: { relative: 0.1 }, preferred: 'increase', controlMean: 'estimated' }),
    )
    expectCase('non_inferiority_estimated', { statistic: result.statistic, p: result.pValue })
    expect(result.ciUpper).toBe(Infinity)
  })

  test('its bound is beyond the margin exactly when the test rejects', () => {
    // As loss of a metric whose decrease is good, and of the mirror image whose increase is.
    for (const sign of [1, -1]) {
      const mirror = (arm: ArmMoments): ArmMoments => ({ ...arm, mean: sign * arm.mean })
      for (const margin of [0.2, 0.3, 0.35, 0.4, 0.5]) {
        const options = {
          margin: { relative: margin },
          preferred: sign === 1 ? 'decrease' : 'increase',
          controlMean: 'estimated',
          reference: 'normal',
        } as const
        const { ciLower, ciUpper, pValue } = accepted(nonInferiority(mirror(t), mirror(c), options))
        expect(pValue < 0.05).toBe(sign === 1 ? ciUpper < margin : ciLower > -margin)
      }
    }
  })

  test('of any estimate: with the margin at 0 it is the one-sided test', () => {
    const difference = accepted(differenceInMeans(t, c))
    const oneSided = accepted(differenceInMeans(t, c, { alternative: 'greater' }))
    expect(accepted(nonInferiorityOf(difference, 0, { preferred: 'increase' })).pValue).toBe(oneSided.pValue)
    const worse = accepted(nonInferiorityOf(difference, 1, { preferred: 'decrease' }))
    expect(worse.pValue).toBeGreaterThan(0.5)
    expect(worse.ciLower).toBe(-Infinity)
    expect(nonInferiorityOf(difference, -1, { preferred: 'increase' })).toEqual({
      refused: expect.stringMatching(/margin/),
    })
  })

  test('a true loss of exactly the margin is let pass 5 times in 100', () => {
    const arm = (random: Random, mean: number) =>
      momentsOf(Float64Array.from({ length: 200 }, () => mean + random.normal()))
    const rates = coverage(4000, (random) => {
      const result = accepted(
        nonInferiority(arm(random, 1.8), arm(random, 2), {
          margin: { relative: 0.1 },
          preferred: 'increase',
          controlMean: 'estimated',
        }),
      )
      return { bound: { truth: -0.1, interval: result } }
    })
    rates.expectNominal('bound')
  })
})

describe('multiplicity', () => {
  const names = [
    'holm',
    'holm_sidak',
    'hochberg',
    'hommel',
    'bonferroni',
    'sidak',
    'benjamini_hochberg',
    'benjamini_yekutieli',
  ] as const

  test.each(names)('%s', (name) => {
    const adjusted = adjustPValues(methodCase('adjusted').p, name as Correction)
    expectCase('adjusted', { [name]: adjusted as number[] })
  })

  test.each(names.filter((name) => name !== 'hommel'))(
    '%s: an interval at the adjusted level excludes 0 exactly when its adjusted p-value rejects',
    (name) => {
      const families = [
        [0.001, 0.011, 0.02, 0.04, 0.3],
        [0.2, 0.5],
        [0.01, 0.01, 0.01],
        [0.04],
        [0.0001, 0.012, 0.013, 0.026, 0.049],
        [0.03, 0.03, 0.6, 0.7],
      ]
      for (const family of families) {
        const level = adjustedCiLevel(family, name) as number
        const adjusted = adjustPValues(family, name) as number[]
        for (const [index, p] of family.entries())
          expect(p <= 1 - level, `${name} of ${family}, ${p}`).toBe(adjusted[index]! <= 0.05)
      }
    },
  )

  test("Hommel's has no level", () => {
    expect(adjustedCiLevel([0.01], 'hommel')).toEqual({ refused: expect.stringMatching(/Hommel/) })
  })
})

describe('Bayes', () => {
  test.each(['small', 'large'])('quantiles of the effect on two proportions, %s counts', (size) => {
    for (const scale of ['absolute', 'relative'] as const) {
      const name = `beta_${size}_${scale}`
      const [at, bt, ac, bc] = methodCase(name).shapes
      const { ciLower, median, ciUpper } = accepted(
        betaEffectInterval({ a: at, b: bt }, { a: ac, b: bc }, { scale }),
      )
      expectCase(name, { quantiles: [ciLower, median, ciUpper] }, 1e-8)
    }
  })

  test('the shortest interval of a proportion', () => {
    const interval = betaHighestDensityInterval({ a: 3.5, b: 8.5 }, 0.9) as [number, number]
    // The minimiser of the reference finds the place of a flat minimum to half of the digits.
    expectCase('beta_hdi', { interval }, 1e-6)
    expect(betaHighestDensityInterval({ a: 0.5, b: 20 })).toEqual([0, expect.closeTo(0.0923, 3)])
    expect(betaHighestDensityInterval({ a: 0.5, b: 0.5 })).toEqual({
      refused: expect.stringMatching(/both ends/),
    })
  })

  test('a prior on the relative scale and its absolute form lead to the same belief', () => {
    const [t, c] = [momentsOf(ofArm('y', 1)), momentsOf(ofArm('y', 0))]
    const relative = { mean: 0.02, variance: 0.01 }
    const absolute = accepted(rescaledPrior(relative, 'relative', 'absolute', c.mean))
    expect(absolute.mean).toBeCloseTo(0.02 * c.mean, 12)
    expect(accepted(rescaledPrior(absolute, 'absolute', 'relative', c.mean)).variance).toBeCloseTo(0.01, 14)
    const difference = accepted(differenceInMeans(t, c))
    // The same estimate on both scales, the control mean as known: then beliefs differ by the scale alone.
    const lift = { estimate: difference.estimate / c.mean, stdError: difference.stdError / c.mean }
    const onAbsolute = accepted(normalPosterior(difference, { prior: absolute }))
    const onRelative = accepted(normalPosterior(lift, { prior: relative }))
    expect(onAbsolute.chanceToWin).toBeCloseTo(onRelative.chanceToWin, 12)
    expect(onAbsolute.estimate / c.mean).toBeCloseTo(onRelative.estimate, 12)
    expect(rescaledPrior(relative, 'relative', 'absolute', 0)).toEqual({
      refused: expect.stringMatching(/zero/),
    })
  })
})

describe('strata', () => {
  const arm = (n: number, mean: number, variance = 1): ArmMoments => ({ n, mean, variance })
  const stratum = (nT: number, nC: number, effect = 1): Stratum => ({
    treatment: arm(nT, 5 + effect),
    control: arm(nC, 5),
  })

  test('thin ones are joined, empty ones left out', () => {
    const { strata, merged } = mergeThinStrata([
      stratum(10, 12),
      stratum(1, 9),
      stratum(0, 0),
      stratum(4, 1),
      stratum(30, 30),
    ])
    expect(merged).toBe(2)
    expect(strata.map(({ treatment, control }) => [treatment.n, control.n])).toEqual([
      [10, 12],
      [30, 30],
      [5, 10],
    ])
  })

  test('what is still thin is joined with the smallest of the others', () => {
    const { strata, merged } = mergeThinStrata([stratum(30, 30), stratum(8, 8), stratum(1, 0)])
    expect(merged).toBe(2)
    expect(strata.map(({ treatment, control }) => [treatment.n, control.n])).toEqual([
      [30, 30],
      [9, 8],
    ])
  })

  test('a stratum in which nobody converts counts with its effect of 0', () => {
    const flat = { treatment: arm(50, 0, 0), control: arm(50, 0, 0) }
    const result = accepted(stratifiedDifference([stratum(25, 25), flat]))
    expect(result.estimate).toBeCloseTo(1 / 3, 12)
    expect(result.stdError).toBeCloseTo(Math.sqrt(2 / 25) / 3, 12)
  })

  test('weights of all arms together are those of the strata', () => {
    const strata = [
      { ...stratum(10, 10, 1), weight: 300 },
      { ...stratum(90, 90, 3), weight: 100 },
    ]
    expect(accepted(stratifiedDifference(strata)).estimate).toBeCloseTo(1.5, 12)
    expect(stratifiedDifference([strata[0]!, stratum(9, 9)])).toEqual({
      refused: expect.stringMatching(/only some/),
    })
  })

  test('one stratum is the plain comparison, absolute and relative', () => {
    const one = [stratum(40, 60)]
    const plain = accepted(differenceInMeans(one[0]!.treatment, one[0]!.control, { reference: 'normal' }))
    const normal = { reference: 'normal' } as const
    expect(accepted(stratifiedDifference(one, normal)).stdError).toBeCloseTo(plain.stdError, 14)
    const lift = accepted(relativeLift(one[0]!.treatment, one[0]!.control, normal))
    expect(accepted(stratifiedDifference(one, { ...normal, scale: 'relative' })).stdError).toBeCloseTo(
      lift.stdError,
      14,
    )
  })
})
