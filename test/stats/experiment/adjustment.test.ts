import { describe, expect, test } from 'vitest'
import {
  type ClusteredRows,
  type ClusterMeans,
  clusterRobustDifference,
  clusterRobustRegression,
  cuped,
  type Inference,
  type JointMoments,
  jointMomentsOf,
  makeRandom,
  momentsOf,
  multipleCuped,
  type Random,
  regressionAdjustment,
  regressionAdjustmentRows,
} from '../../../src/stats/index.ts'
import { data, expectCase } from './methods-reference.ts'
import { accepted } from './reference-cases.ts'
import { coverage } from './seeded-coverage.ts'

const ofArm = (name: string, arm: 0 | 1): number[] =>
  data[name].filter((_: number, index: number) => data.treated[index] === arm)

const jointOf = (arm: 0 | 1, ...names: string[]): JointMoments =>
  jointMomentsOf(...names.map((name) => ofArm(name, arm)))

const numbersOf = ({ estimate, stdError, degreesOfFreedom, pValue, ciLower, ciUpper }: Inference) => ({
  estimate,
  std_error: stdError,
  df: degreesOfFreedom,
  p: pValue,
  ci: [ciLower, ciUpper],
})

describe('CUPED with several covariates', () => {
  const treatment = jointOf(1, 'y', 'x1', 'x2')
  const control = jointOf(0, 'y', 'x1', 'x2')

  test('is analysis of covariance when arms are of equal size', () => {
    const result = accepted(multipleCuped(treatment, control))
    const { estimate, std_error } = numbersOf(result)
    expectCase('ancova', { estimate, thetas: result.thetas })
    // The arms' own variances are not pooled: with equal sizes that is the same sum.
    expectCase('ancova', { std_error })
    expect(result.treatmentMean - result.controlMean).toBeCloseTo(result.estimate, 12)
    expect(result.rank).toBe(2)
  })

  test('relative: the full gradient in six means', () => {
    const { estimate, stdError } = accepted(multipleCuped(treatment, control, { scale: 'relative' }))
    expectCase('cuped_relative', { estimate, std_error: stdError })
  })

  test('ratio of sums with two ratios as covariates', () => {
    const names = ['y', 'd', 'x1', 'xd', 'x2', 'xd']
    const { estimate, stdError, thetas } = accepted(
      multipleCuped(jointOf(1, ...names), jointOf(0, ...names), { outcome: 'ratio' }),
    )
    expectCase('cuped_ratio', { estimate, std_error: stdError, thetas })
  })

  test('with one covariate it is cuped with θ within the arms, but for the estimation of θ', () => {
    const one = accepted(multipleCuped(jointOf(1, 'y', 'x1'), jointOf(0, 'y', 'x1')))
    const t = momentsOf(ofArm('y', 1), ofArm('x1', 1))
    const c = momentsOf(ofArm('y', 0), ofArm('x1', 0))
    const known = accepted(cuped(t, c, { theta: 'within_arms' }))
    expect(one.estimate).toBeCloseTo(known.estimate, 12)
    expect(one.stdError / known.stdError).toBeGreaterThan(Math.sqrt(58 / 57))
    expect(one.stdError / known.stdError).toBeLessThan(1.03)
  })

  test('a covariate given twice, or shifted to a mean of 1e8, changes nothing', () => {
    const twice = ['y', 'x1', 'x2', 'x1']
    const doubled = accepted(multipleCuped(jointOf(1, ...twice), jointOf(0, ...twice)))
    const plain = accepted(multipleCuped(treatment, control))
    expect(doubled.rank).toBe(2)
    expect(doubled.estimate).toBeCloseTo(plain.estimate, 9)
    expect(doubled.stdError).toBeCloseTo(plain.stdError, 9)
    const shifted = (arm: 0 | 1) =>
      jointMomentsOf(
        ofArm('y', arm),
        ofArm('x1', arm).map((x) => x + 1e8),
        ofArm('x2', arm),
      )
    expect(accepted(multipleCuped(shifted(1), shifted(0))).estimate).toBeCloseTo(plain.estimate, 6)
  })
})

describe("Lin's regression adjustment", () => {
  const rowsOf = (arm: 0 | 1) => ({
    outcome: ofArm('y', arm),
    covariates: [ofArm('x1', arm), ofArm('x2', arm)],
  })

  test.each(['HC0', 'HC1', 'HC2', 'HC3'] as const)('%s', (correction) => {
    const result = accepted(regressionAdjustmentRows(rowsOf(1), rowsOf(0), { correction }))
    expectCase(`lin_${correction.toLowerCase()}`, numbersOf(result))
  })

  test('from moments', () => {
    const names = ['y', 'x1', 'x2']
    const result = accepted(regressionAdjustment(jointOf(1, ...names), jointOf(0, ...names)))
    const { estimate, std_error, df } = numbersOf(result)
    expectCase('lin_moments', { estimate, std_error, df })
  })

  test('relative, and for the population that the units were drawn from', () => {
    const lift = accepted(regressionAdjustmentRows(rowsOf(1), rowsOf(0), { scale: 'relative' }))
    expectCase('lin_hc2_relative', { estimate: lift.estimate, std_error: lift.stdError })
    const wide = accepted(regressionAdjustmentRows(rowsOf(1), rowsOf(0), { inferenceFor: 'population' }))
    expectCase('lin_hc2_population', { estimate: wide.estimate, std_error: wide.stdError })
  })

  test('rows with the same covariates may be joined', () => {
    const joined = (arm: 0 | 1) => {
      const groups = new Map<number, number[]>()
      for (const [index, x] of ofArm('x1', arm).entries()) {
        // Python rounds halves to even.
        const half = x / 2
        const key = half % 1 === 0.5 ? 2 * Math.round(half / 2) : Math.round(half)
        groups.set(key, [...(groups.get(key) ?? []), ofArm('y', arm)[index]!])
      }
      const moments = [...groups.values()].map((values) => momentsOf(values))
      return {
        outcome: moments.map(({ mean }) => mean),
        covariates: [[...groups.keys()]],
        count: moments.map(({ n }) => n),
        variance: moments.map(({ variance }) => variance),
      }
    }
    expect(joined(1).outcome.length).toBeLessThan(15)
    expectCase('lin_hc2_compressed', numbersOf(accepted(regressionAdjustmentRows(joined(1), joined(0)))))
  })
})

describe('clusters', () => {
  const means = (treated: readonly number[]): ClusterMeans[] => {
    const ids = [...new Set<number>(data.cluster)]
    return ids.map((id) => {
      const cell = (arm: number) => {
        const values = data.y.filter((_: number, i: number) => data.cluster[i] === id && treated[i] === arm)
        return values.length > 0 ? momentsOf(values) : { n: 0, mean: 0 }
      }
      return { treatment: cell(1), control: cell(0) }
    })
  }
  const rows = (treated: readonly number[], covariates: readonly string[]): ClusteredRows => ({
    treated,
    outcome: data.y,
    cluster: data.cluster,
    covariates: covariates.map((name) => data[name]),
  })
  const designs = [
    ['unit', data.treated],
    ['cluster', data.cluster_treated],
  ] as const

  for (const [design, treated] of designs)
    describe(`arms given to ${design}s`, () => {
      test.each(['CR0', 'CR1', 'CR2'] as const)('%s', (correction) => {
        const name = `cluster_${design}_${correction.toLowerCase()}`
        const byMeans = accepted(clusterRobustDifference(means(treated), { correction }))
        const byRows = accepted(clusterRobustRegression(rows(treated, []), { correction }))
        for (const result of [byMeans, byRows]) {
          expectCase(name, {
            estimate: result.estimate,
            std_error: result.stdError,
            clusters: result.clusters,
          })
          if (correction === 'CR2') expectCase(name, { df_satterthwaite: result.degreesOfFreedom })
          else expect(result.degreesOfFreedom).toBe(14)
          if (correction === 'CR1') expectCase(name, { p: result.pValue })
        }
        const adjusted = accepted(clusterRobustRegression(rows(treated, ['x1', 'x2']), { correction }))
        const lin = `cluster_${design}_lin_${correction.toLowerCase()}`
        expectCase(lin, { estimate: adjusted.estimate, std_error: adjusted.stdError })
        if (correction === 'CR2') expectCase(lin, { df_satterthwaite: adjusted.degreesOfFreedom })
      })

      test('relative', () => {
        const lift = accepted(clusterRobustDifference(means(treated), { scale: 'relative' }))
        expectCase(`cluster_${design}_cr2_relative`, {
          estimate: lift.estimate,
          std_error: lift.stdError,
          df_satterthwaite: lift.degreesOfFreedom,
        })
      })
    })

  test('a shift of the outcome by 1e9 keeps the standard error to seven digits', () => {
    const far = means(data.treated).map(({ treatment, control }) => ({
      treatment: { n: treatment.n, mean: treatment.mean + 1e9 },
      control: { n: control.n, mean: control.mean + 1e9 },
    }))
    const near = accepted(clusterRobustDifference(means(data.treated)))
    expect(accepted(clusterRobustDifference(far)).stdError / near.stdError).toBeCloseTo(1, 6)
  })
})

describe('what cannot be trusted is refused', () => {
  const arm = jointMomentsOf([1, 2, 4, 3], [1, 2, 3, 5])
  const flat = jointMomentsOf([1, 2, 4, 3], [2, 2, 2, 2])
  const none = { n: 0, mean: 0 }
  const one = (mean: number) => ({ n: 1, mean })
  const cases: [string, object, RegExp][] = [
    ['no covariates', multipleCuped(jointMomentsOf([1, 2]), jointMomentsOf([1, 2])), /no covariates/],
    ['constant covariates', multipleCuped(flat, flat), /no variance/],
    ['a NaN', multipleCuped(jointMomentsOf([1, Number.NaN], [1, 2]), arm), /finite/],
    ['one unit', multipleCuped(jointMomentsOf([1], [1]), arm), /finite|too few/],
    [
      'as many units as coefficients',
      multipleCuped(jointMomentsOf([1, 2], [1, 3], [5, 1]), jointMomentsOf([1, 2], [1, 4], [2, 2])),
      /too few units: 4 for 2 covariates/,
    ],
    [
      'a covariate that is the outcome',
      multipleCuped(jointMomentsOf([1, 2, 4], [1, 2, 4]), jointMomentsOf([1, 2, 5], [1, 2, 5])),
      /entirely/,
    ],
    [
      'half a ratio',
      multipleCuped(jointMomentsOf([1, 2], [1, 2], [3, 4]), arm, { outcome: 'ratio' }),
      /denominator/,
    ],
    [
      'a lift over zero',
      multipleCuped(arm, jointMomentsOf([-1, 1, 2, -2], [1, 2, 3, 5]), { scale: 'relative' }),
      /control mean is zero/,
    ],
    [
      'as many coefficients as units',
      regressionAdjustment(jointMomentsOf([1, 2], [1, 2]), arm),
      /too few units/,
    ],
    ['constant covariates in an arm', regressionAdjustment(flat, arm), /no variance in the treatment arm/],
    [
      'a unit that decides alone',
      regressionAdjustmentRows(
        { outcome: [1, 2, 4, 9], covariates: [[0, 0, 0, 1]] },
        { outcome: [1, 2, 4, 3], covariates: [[1, 0, 1, 0]] },
      ),
      /leverage/,
    ],
    ['one cluster', clusterRobustDifference([{ treatment: one(1), control: one(2) }]), /too few clusters/],
    [
      'one treated cluster',
      clusterRobustDifference([
        { treatment: one(1), control: none },
        { treatment: none, control: one(2) },
        { treatment: none, control: one(3) },
      ]),
      /too few clusters: 1 with units of the treatment/,
    ],
    [
      'no rows',
      clusterRobustRegression({ treated: [], outcome: [], cluster: [], covariates: [] }),
      /too few units/,
    ],
  ]
  test.each(cases)('%s', (_, result, reason) => {
    expect(result).toEqual({ refused: expect.stringMatching(reason) })
  })
})

describe('coverage of the truth by 95 % intervals, within 4 Monte-Carlo standard errors', () => {
  const arm = (random: Random, n: number, lift: number, slope: number) => {
    const x1 = Float64Array.from({ length: n }, () => 20 + 3 * random.normal())
    const x2 = Float64Array.from({ length: n }, () => random.gamma(2))
    const y = x1.map((x, i) => lift * 10 + slope * (x - 20) + 0.5 * (x2[i]! - 2) + random.normal())
    return { y, x1, x2, moments: jointMomentsOf(y, x1, x2) }
  }

  test('CUPED with two covariates and 15 units per arm, absolute and relative', () => {
    const both = coverage(3000, (random) => {
      const t = arm(random, 15, 1.1, 0.8).moments
      const c = arm(random, 15, 1, 0.8).moments
      return {
        absolute: { truth: 1, interval: multipleCuped(t, c) },
        relative: { truth: 0.1, interval: multipleCuped(t, c, { scale: 'relative' }) },
      }
    })
    both.expectNominal('absolute')
    both.expectNominal('relative')
  })

  test("Lin's estimator with slopes that differ and arms of unequal size, for the population", () => {
    const both = coverage(3000, (random) => {
      const t = arm(random, 40, 1.1, 1.5)
      const c = arm(random, 80, 1, 0.2)
      const rows = ({ y, x1, x2 }: typeof t) => ({ outcome: y, covariates: [x1, x2] })
      const options = { inferenceFor: 'population' } as const
      return {
        moments: { truth: 1, interval: regressionAdjustment(t.moments, c.moments, options) },
        rows: { truth: 1, interval: regressionAdjustmentRows(rows(t), rows(c), options) },
        relative: {
          truth: 0.1,
          interval: regressionAdjustmentRows(rows(t), rows(c), { ...options, scale: 'relative' }),
        },
      }
    })
    both.expectNominal('moments')
    both.expectNominal('rows')
    both.expectNominal('relative')
  })

  test('CR2 with 12 clusters of uneven size; the plain CR0 does not cover', () => {
    const both = coverage(3000, (random) => {
      const clusters = Array.from({ length: 12 }, (_, index): ClusterMeans => {
        const n = 3 + random.int(6)
        const level = random.normal()
        const draw = (n: number, effect: number) =>
          n === 0 ? { n, mean: 0 } : { n, mean: 5 + effect + level + random.normal() / Math.sqrt(n) }
        const treated = index % 2 === 0
        return { treatment: draw(treated ? n : 0, 1), control: draw(treated ? 0 : n, 0) }
      })
      return {
        cr2: { truth: 1, interval: clusterRobustDifference(clusters) },
        cr0: {
          truth: 1,
          interval: clusterRobustDifference(clusters, { correction: 'CR0', reference: 'normal' }),
        },
      }
    })
    both.expectNominal('cr2')
    expect(both.share('cr0')).toBeLessThan(0.92)
  })
})

test('random rows: CR0 of single units is HC0', () => {
  const random = makeRandom(5)
  const t = { outcome: [] as number[], covariates: [[] as number[]] }
  const c = { outcome: [] as number[], covariates: [[] as number[]] }
  const rows = {
    treated: [] as number[],
    outcome: [] as number[],
    cluster: [] as number[],
    covariates: [[] as number[]],
  }
  for (let unit = 0; unit < 50; unit++) {
    const x = random.normal()
    const y = x + random.normal()
    const side = unit % 3 === 0 ? t : c
    side.outcome.push(y)
    side.covariates[0]!.push(x)
    rows.treated.push(unit % 3 === 0 ? 1 : 0)
    rows.outcome.push(y)
    rows.cluster.push(unit)
    rows.covariates[0]!.push(x)
  }
  const byUnits = accepted(regressionAdjustmentRows(t, c, { correction: 'HC0' }))
  const byClusters = accepted(clusterRobustRegression(rows, { correction: 'CR0' }))
  expect(byClusters.estimate).toBeCloseTo(byUnits.estimate, 12)
  expect(byClusters.stdError).toBeCloseTo(byUnits.stdError, 12)
})
