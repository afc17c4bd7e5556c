import { describe, expect, test } from 'vitest'
import {
  type BootstrapInference,
  bootstrapEffect,
  bootstrapMeans,
  bootstrapOutcomes,
  differenceInMeans,
  hashKey,
  isRefused,
  jointMomentsOf,
  makeRandom,
  momentsOf,
  type OutcomeColumns,
  permutationTest,
  poissonPmf,
  prepareBootstrap,
  quantileDifference,
  quantileSampleOf,
  type Random,
  ratioLift,
} from '../../../src/stats/index.ts'
import { drawWeights, slicesAtLeast } from '../../../src/stats/resampling/poisson-weights.ts'
import { accepted } from '../experiment/reference-cases.ts'
import { coverage } from '../experiment/seeded-coverage.ts'

/** Weights of a unit by its key. */
function weightsOf(key: number | string, replicates: number, seed: number): Uint8Array {
  const hash = hashKey(key, 0)
  const weights = new Uint8Array(replicates)
  drawWeights(weights, (hash % 2 ** 32) | 0, Math.floor(hash / 2 ** 32), seed, 0, new Int32Array(8))
  return weights
}

describe('weights', () => {
  test('the table is Poisson with mean 1 to 1/65,536, mean and variance exactly 1', () => {
    let tail = 1
    for (const [index, count] of slicesAtLeast.entries()) {
      tail -= poissonPmf(index, 1)
      expect(Math.abs(count - 65536 * tail)).toBeLessThan(1)
    }
    const sum = slicesAtLeast.reduce((total, count) => total + count, 0)
    const squares = slicesAtLeast.reduce((total, count, index) => total + (2 * index + 1) * count, 0)
    expect([sum, squares]).toEqual([65536, 2 * 65536])
  })

  test('of 2,000 units in 512 replicates come as often as they should, χ² within its 1e-6 quantile', () => {
    const counts = new Array<number>(6).fill(0)
    for (let unit = 0; unit < 2000; unit++)
      for (const weight of weightsOf(unit, 512, 11)) counts[Math.min(weight, 5)]!++
    const total = 2000 * 512
    const shares = slicesAtLeast.map((count) => count / 65536)
    const chiSquare = counts.reduce((sum, count, weight) => {
      const expected =
        total * ((weight === 0 ? 1 : shares[weight - 1]!) - (weight === 5 ? 0 : shares[weight]!))
      return sum + (count - expected) ** 2 / expected
    }, 0)
    expect(chiSquare).toBeLessThan(35.9)
  })

  test('units, replicates and seeds are not correlated', () => {
    const correlation = (a: ArrayLike<number>, b: ArrayLike<number>) => {
      const { covariances } = jointMomentsOf(a, b)
      return covariances[0]![1]! / Math.sqrt(covariances[0]![0]! * covariances[1]![1]!)
    }
    const limit = 4.5 / Math.sqrt(8192)
    const one = weightsOf('a', 8192, 1)
    expect(Math.abs(correlation(one, weightsOf('b', 8192, 1)))).toBeLessThan(limit)
    expect(Math.abs(correlation(one, weightsOf('a', 8192, 2)))).toBeLessThan(limit)
    expect(Math.abs(correlation(one.subarray(1), one.subarray(0, -1)))).toBeLessThan(limit)
    expect(weightsOf('a', 16, 1)).toEqual(one.subarray(0, 16))
  })
})

/** Sums by the definition: weight times value, one by one. */
function plainMeans(
  keys: readonly (number | string)[],
  arm: number[],
  column: number[],
  plan: { replicates: number; seed: number },
) {
  const sums = [new Float64Array(plan.replicates), new Float64Array(plan.replicates)]
  const counts = [new Float64Array(plan.replicates), new Float64Array(plan.replicates)]
  for (const [row, key] of keys.entries()) {
    const weights = weightsOf(key, Math.ceil(plan.replicates / 16) * 16, plan.seed)
    for (let b = 0; b < plan.replicates; b++) {
      sums[arm[row]!]![b]! += weights[b]! * column[row]!
      counts[arm[row]!]![b]! += weights[b]!
    }
  }
  return sums.map((sum, index) => sum.map((value, b) => value / counts[index]![b]!))
}

describe('replicates', () => {
  const random = makeRandom(4)
  const n = 203
  const keys = Array.from({ length: n }, (_, unit) => (unit % 2 ? unit : `u${unit}`))
  const arm = keys.map(() => random.int(2))
  const columns = [keys.map(() => random.gamma(0.5)), keys.map(() => 3 + random.normal())]
  const plan = { replicates: 150, seed: 9 }

  test('are the weighted means that their definition says', () => {
    const means = bootstrapMeans(prepareBootstrap({ keys, arm, arms: 2, columns }), plan)
    for (const [column, values] of columns.entries())
      for (const [index, expected] of plainMeans(keys, arm, values, plan).entries())
        for (const [b, mean] of expected.entries())
          expect(means.arms[index]![b * 2 + column]).toBeCloseTo(mean, 12)
  })

  test('do not depend on the order of rows, to the last digit', () => {
    const order = keys.map((_, row) => row)
    random.shuffle(order)
    const pick = <T>(values: readonly T[]) => order.map((row) => values[row]!)
    const shuffled = prepareBootstrap({
      keys: pick(keys),
      arm: pick(arm),
      arms: 2,
      columns: columns.map(pick),
    })
    const means = bootstrapMeans(prepareBootstrap({ keys, arm, arms: 2, columns }), plan)
    expect(bootstrapMeans(shuffled, plan)).toEqual(means)
  })

  test('a mean of 1e9 keeps the digits of the spread', () => {
    const far = bootstrapMeans(
      prepareBootstrap({ keys, arm, arms: 2, columns: [columns[1]!.map((y) => y + 1e9)] }),
      plan,
    )
    const near = bootstrapMeans(prepareBootstrap({ keys, arm, arms: 2, columns: [columns[1]!] }), plan)
    for (const [at, value] of near.arms[0]!.entries()) expect(far.arms[0]![at]! - 1e9).toBeCloseTo(value, 5)
  })

  test('no units in an arm, and one unit', () => {
    const empty = bootstrapMeans(prepareBootstrap({ keys: [1], arm: [1], arms: 2, columns: [[7]] }), plan)
    expect(empty.arms[0]!.every(Number.isNaN)).toBe(true)
    expect(empty.arms[1]!.some((mean) => mean === 7)).toBe(true)
  })
})

function effectOf(
  keys: ArrayLike<number | string>,
  arm: ArrayLike<number>,
  outcome: OutcomeColumns,
  options: Parameters<typeof bootstrapEffect>[3] & { replicates?: number } = {},
): BootstrapInference {
  const { units, layouts } = bootstrapOutcomes({ keys, arm, arms: 2 }, [outcome])
  const means = bootstrapMeans(prepareBootstrap(units), { replicates: options.replicates ?? 2000, seed: 5 })
  return accepted(bootstrapEffect(means, layouts[0]!, { treatment: 1, control: 0 }, options))
}

describe('effects', () => {
  const random = makeRandom(8)
  const n = 3000
  const keys = Array.from({ length: n }, (_, unit) => unit)
  const arm = keys.map(() => random.int(2))
  const y = arm.map((treated) => 5 + 0.2 * treated + random.normal())
  const d = arm.map(() => 1 + random.poisson(2))
  const ofArm = (values: readonly number[], which: number) => values.filter((_, row) => arm[row] === which)
  // The standard error of a standard deviation from B replicates is about 1/√(2B): 1.6 % here, four times that is let pass.
  const withinMonteCarlo = (value: number, reference: number) =>
    expect(Math.abs(value / reference - 1)).toBeLessThan(4 / Math.sqrt(2 * 2000))

  test('standard error of a mean is that of Welch', () => {
    const welch = accepted(differenceInMeans(momentsOf(ofArm(y, 1)), momentsOf(ofArm(y, 0))))
    for (const interval of ['percentile', 'normal', 'bca'] as const) {
      const result = effectOf(keys, arm, { kind: 'mean', values: y }, { interval })
      expect(result.estimate).toBeCloseTo(welch.estimate, 12)
      withinMonteCarlo(result.stdError, welch.stdError)
      expect(Math.abs(result.ciLower - welch.ciLower) / welch.stdError).toBeLessThan(0.25)
      expect(Math.abs(result.ciUpper - welch.ciUpper) / welch.stdError).toBeLessThan(0.25)
    }
  })

  test('standard error of the lift of a ratio is that of the delta method', () => {
    const outcome = { kind: 'ratio', numerator: y, denominator: d } as const
    const result = effectOf(keys, arm, outcome, { scale: 'relative' })
    const joint = (which: number) => jointMomentsOf(ofArm(y, which), ofArm(d, which))
    const delta = accepted(ratioLift(joint(1), joint(0)))
    expect(result.estimate).toBeCloseTo(delta.estimate, 12)
    withinMonteCarlo(result.stdError, delta.stdError)
  })

  test('rows of one key are resampled together: a cluster bootstrap', () => {
    const clusters = keys.map((unit) => unit % 100)
    const shared = makeRandom(2)
    const levels = Array.from({ length: 100 }, shared.normal)
    const clusterArm = clusters.map((cluster) => cluster % 2)
    const values = clusters.map((cluster, row) => levels[cluster]! + 0.1 * y[row]!)
    const result = effectOf(clusters, clusterArm, { kind: 'mean', values })
    const means = [0, 1].map((which) =>
      momentsOf(
        Array.from({ length: 50 }, (_, index) => {
          const own = values.filter((_, row) => clusters[row] === 2 * index + which)
          return own.reduce((sum, value) => sum + value, 0) / own.length
        }),
      ),
    )
    const byCluster = accepted(differenceInMeans(means[1]!, means[0]!))
    // Resampling divides by n where the variance between clusters does by n − 1.
    withinMonteCarlo(result.stdError, byCluster.stdError * Math.sqrt(49 / 50))
  })

  test('values that are not known count in nothing', () => {
    const holes = y.map((value, row) => (row % 3 === 0 ? Number.NaN : value))
    const known = keys.filter((row) => row % 3 !== 0)
    const pick = (values: readonly number[]) => known.map((row) => values[row]!)
    const withHoles = effectOf(keys, arm, { kind: 'mean', values: holes })
    const without = effectOf(known, pick(arm), { kind: 'mean', values: pick(y) })
    expect(withHoles.estimate).toBeCloseTo(without.estimate, 12)
    expect(withHoles.stdError).toBeCloseTo(without.stdError, 12)
    expect(withHoles.ciLower).toBeCloseTo(without.ciLower, 12)
  })

  test.each(['percentile', 'normal', 'bca'] as const)(
    '%s: p is below 0.05 exactly when the interval excludes 0',
    (interval) => {
      for (const shift of [-0.12, -0.1, -0.08, 0, 0.1, 0.2, 0.3, 0.35, 0.4]) {
        const values = y.map((value, row) => value - shift * arm[row]!)
        const { pValue, ciLower, ciUpper } = effectOf(
          keys,
          arm,
          { kind: 'mean', values },
          { interval, replicates: 1600 },
        )
        expect(pValue < 0.05, `shift ${shift}, p ${pValue}`).toBe(ciLower > 0 || ciUpper < 0)
      }
    },
  )

  test('a quantile: its standard error is that of the bootstrap', () => {
    // Resampled by hand: weights of the same definition, on sorted values.
    const replicates = 800
    const p90 = (which: number) => {
      const rows = keys.filter((row) => arm[row] === which).sort((a, b) => y[a]! - y[b]!)
      const weights = rows.map((row) => weightsOf(row, replicates, 5))
      return Array.from({ length: replicates }, (_, b) => {
        const total = weights.reduce((sum, weight) => sum + weight[b]!, 0)
        let seen = 0
        for (const [index, row] of rows.entries()) {
          seen += weights[index]![b]!
          if (seen >= 0.9 * total) return y[row]!
        }
        return Number.NaN
      })
    }
    const [control, treatment] = [p90(0), p90(1)]
    const sd = Math.sqrt(momentsOf(treatment.map((value, b) => value - control[b]!)).variance)
    const sample = (which: number) => accepted(quantileSampleOf(ofArm(y, which), 0.9))
    const { stdError } = accepted(quantileDifference(sample(1), sample(0)))
    // Both estimate it: order statistics from one sample to some 5 %, the bootstrap to 2.5 %.
    expect(Math.abs(stdError / sd - 1)).toBeLessThan(0.2)
  })

  test('what cannot be trusted is refused', () => {
    const refused = (values: number[], arms: number[], options: object, replicates = 200) => {
      const { units, layouts } = bootstrapOutcomes(
        { keys: values.map((_, row) => row), arm: arms, arms: 2 },
        [{ kind: 'mean', values }],
      )
      const means = bootstrapMeans(prepareBootstrap(units), { replicates, seed: 1 })
      const result = bootstrapEffect(means, layouts[0]!, { treatment: 1, control: 0 }, options)
      return isRefused(result) ? result.refused : ''
    }
    expect(refused([1, 2, 3], [1, 1, 0], {})).toMatch(/control arm has 1/)
    expect(refused([], [], {})).toMatch(/treatment arm has 0/)
    const half = y.slice(0, 60).map((_, row) => row % 2)
    expect(
      refused(
        half.map(() => 3),
        half,
        {},
      ),
    ).toMatch(/zero variance/)
    expect(refused(y.slice(0, 60), half, {}, 50)).toMatch(/too few replicates/)
    expect(refused(y.slice(0, 60), half, { ciLevel: 95 })).toMatch(/between 0 and 1/)
    expect(
      refused(
        half.map((a) => a),
        half,
        { scale: 'relative' },
      ),
    ).toMatch(/not a finite/)
  })
})

test('intervals of a skewed mean in small arms cover, within 4 Monte-Carlo standard errors of 0.95', () => {
  const arm = (random: Random, n: number, mean: number) =>
    Array.from({ length: n }, () => mean * random.gamma(2))
  const n = 150
  const keys = Array.from({ length: 2 * n }, (_, unit) => unit)
  const arms = keys.map((unit) => (unit < n ? 1 : 0))
  const both = coverage(600, (random) => {
    const values = [...arm(random, n, 1.1), ...arm(random, n, 1)]
    // Other replicates in each replication: its units have keys of their own.
    const base = random.int(1e9) * 1000
    const own = keys.map((key) => base + key)
    const run = (interval: 'percentile' | 'bca') =>
      effectOf(own, arms, { kind: 'mean', values }, { interval, scale: 'relative', replicates: 400 })
    return {
      percentile: { truth: 0.1, interval: run('percentile') },
      bca: { truth: 0.1, interval: run('bca') },
    }
  })
  both.expectNominal('percentile')
  both.expectNominal('bca')
})

describe('permutation', () => {
  test('of few units agrees with all arrangements', () => {
    const values = [12, 9, 14, 11, 8, 7, 10, 6]
    const treated = [1, 1, 1, 1, 0, 0, 0, 0]
    // All 70 ways to choose four of eight.
    let count = 0
    for (let mask = 0; mask < 256; mask++) {
      const chosen = values.filter((_, unit) => mask & (1 << unit))
      if (chosen.length === 4 && chosen.reduce((sum, value) => sum + value, 0) >= 46) count++
    }
    const result = accepted(
      permutationTest(values, treated, {
        seed: 1,
        permutations: 20_000,
        statistic: 'difference',
        alternative: 'greater',
      }),
    )
    expect(result.estimate).toBeCloseTo(46 / 4 - 31 / 4, 12)
    expect(Math.abs(result.pValue - count / 70)).toBeLessThan(4 * result.pValueError)
  })

  test('rejects a true null at its level though the spreads differ, and finds an effect', () => {
    const random = makeRandom(6)
    let rejected = 0
    const runs = 600
    for (let run = 0; run < runs; run++) {
      random.reseed(run)
      const treated = Array.from({ length: 60 }, (_, unit) => (unit < 15 ? 1 : 0))
      const values = treated.map((t) => (t ? 3 : 1) * random.normal())
      if (accepted(permutationTest(values, treated, { seed: run, permutations: 199 })).pValue <= 0.05)
        rejected++
    }
    expect(Math.abs(rejected / runs - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / runs))
    const values = Array.from({ length: 60 }, (_, unit) => (unit < 30 ? 1.5 : 0) + random.normal())
    const treated = values.map((_, unit) => unit < 30)
    expect(accepted(permutationTest(values, treated, { seed: 1 })).pValue).toBeLessThan(0.001)
    expect(
      accepted(permutationTest(values, treated, { seed: 1, alternative: 'less' })).pValue,
    ).toBeGreaterThan(0.99)
    expect(permutationTest(values, treated, { seed: 1 })).toEqual(
      permutationTest(values, treated, { seed: 1 }),
    )
  })

  test('refuses what it cannot compare', () => {
    expect(permutationTest([1, 2, 3], [1, 0, 0], { seed: 1 })).toEqual({
      refused: expect.stringMatching(/too few/),
    })
    expect(permutationTest([1, 1, 1, 1], [1, 1, 0, 0], { seed: 1 })).toEqual({
      refused: expect.stringMatching(/zero/),
    })
    expect(permutationTest([1, Number.NaN, 1, 1], [1, 1, 0, 0], { seed: 1 })).toEqual({
      refused: expect.stringMatching(/finite/),
    })
  })
})
