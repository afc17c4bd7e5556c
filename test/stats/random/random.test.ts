import { describe, expect, test } from 'vitest'
import { makeAliasTable, makeRandom, type Random } from '../../../src/stats/random/philox.ts'

const draws = (count: number, draw: () => number) => Float64Array.from({ length: count }, draw)

/** Mean, variance and the standard errors that a sample of these theoretical moments would have. */
function moments(values: Float64Array) {
  const n = values.length
  const mean = values.reduce((sum, x) => sum + x, 0) / n
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1)
  const fourth = values.reduce((sum, x) => sum + (x - mean) ** 4, 0) / n
  return {
    mean,
    variance,
    meanError: Math.sqrt(variance / n),
    varianceError: Math.sqrt((fourth - variance ** 2) / n),
  }
}

describe('streams', () => {
  test('the same seed and stream repeat, another of either does not', () => {
    const first = draws(50, makeRandom(7, 3).uniform)
    expect(draws(50, makeRandom(7, 3).uniform)).toEqual(first)
    expect(draws(50, makeRandom(7, 4).uniform)).not.toEqual(first)
    expect(draws(50, makeRandom(8, 3).uniform)).not.toEqual(first)
  })

  test('reseed enters the stream that makeRandom would open, also above 32 bits and below 0', () => {
    const random = makeRandom(7)
    for (const stream of [0, 12, 2 ** 32 + 12, 2 ** 53 - 1, -1]) {
      random.normal()
      random.reseed(stream)
      expect(draws(9, random.uniform)).toEqual(draws(9, makeRandom(7, stream).uniform))
    }
  })

  test('seeds that agree in their lower 32 bits differ', () => {
    expect(makeRandom(2 ** 32 + 5).uniform()).not.toBe(makeRandom(5).uniform())
  })

  test('jump enters the stream at any draw', () => {
    const all = draws(40, makeRandom(7, 3).uniform)
    const random = makeRandom(7, 3)
    for (const draw of [0, 1, 5, 8, 31]) {
      random.jump(draw)
      expect([random.uniform(), random.uniform()]).toEqual([all[draw], all[draw + 1]])
    }
    random.jump(2 ** 35 - 1)
    const beforeTurn = draws(8, random.uniform)
    random.jump(2 ** 35 + 3)
    expect(random.uniform()).toBe(beforeTurn[4])
  })

  test('a seed or stream that is no integer is an error', () => {
    expect(() => makeRandom(0.5)).toThrow(RangeError)
    expect(() => makeRandom(1).reseed(Number.NaN)).toThrow(RangeError)
  })

  test('streams of one seed are uncorrelated', () => {
    const random = makeRandom(11)
    let product = 0
    for (let stream = 0; stream < 40000; stream++) {
      random.reseed(stream)
      const a = random.normal()
      random.reseed(stream + 1)
      product += a * random.normal()
    }
    expect(Math.abs(product / 40000)).toBeLessThan(4.5 / Math.sqrt(40000))
  })
})

const lognormalVariance = Math.exp(0.5) * (Math.exp(0.25) - 1)
const betaVariance = (a: number, b: number) => (a * b) / ((a + b) ** 2 * (a + b + 1))
const cases: readonly [string, (random: Random) => number, number, number][] = [
  ['uniform', (r) => r.uniform(), 0.5, 1 / 12],
  ['int 10', (r) => r.int(10), 4.5, 99 / 12],
  ['int 3·2^51', (r) => r.int(3 * 2 ** 51) / 2 ** 51, 1.5, 9 / 12],
  ['bernoulli .03', (r) => Number(r.bernoulli(0.03)), 0.03, 0.03 * 0.97],
  ['normal', (r) => r.normal(), 0, 1],
  ['lognormal 0.25, 0.5', (r) => r.lognormal(0.25, 0.5), Math.exp(0.375), Math.exp(0.25) * lognormalVariance],
  ['exponential', (r) => r.exponential(), 1, 1],
  ['gamma 0.3', (r) => r.gamma(0.3), 0.3, 0.3],
  ['gamma 4.5', (r) => r.gamma(4.5), 4.5, 4.5],
  ['beta 0.2 0.4', (r) => r.beta(0.2, 0.4), 1 / 3, betaVariance(0.2, 0.4)],
  ['beta 2 5', (r) => r.beta(2, 5), 2 / 7, betaVariance(2, 5)],
  ['poisson 0.7', (r) => r.poisson(0.7), 0.7, 0.7],
  ['poisson 9.9', (r) => r.poisson(9.9), 9.9, 9.9],
  ['poisson 10.1', (r) => r.poisson(10.1), 10.1, 10.1],
  ['poisson 5000', (r) => r.poisson(5000), 5000, 5000],
  ['binomial 30 .1', (r) => r.binomial(30, 0.1), 3, 2.7],
  ['binomial 30 .9', (r) => r.binomial(30, 0.9), 27, 2.7],
  ['binomial 400 .3', (r) => r.binomial(400, 0.3), 120, 84],
  ['negative binomial 1.5 .2', (r) => r.negativeBinomial(1.5, 0.2), 6, 30],
]

describe('moments', () => {
  test.each(cases)('%s', (_, draw, mean, variance) => {
    const random = makeRandom(2024, 1)
    const sample = moments(draws(200_000, () => draw(random)))
    expect(Math.abs(sample.mean - mean)).toBeLessThan(4.5 * sample.meanError)
    expect(Math.abs(sample.variance - variance)).toBeLessThan(4.5 * sample.varianceError)
  })
})

test('integers are drawn again where the range does not divide 2^32, which is what makes them unbiased', () => {
  // 2^32 mod 3·2^19 is 2^20, so one draw in 4,096 is thrown away; then the stream is that much further on.
  const bound = 3 * 2 ** 19
  const random = makeRandom(1)
  let largest = 0
  for (let i = 0; i < 100_000; i++) largest = Math.max(largest, random.int(bound))
  expect(largest).toBeLessThan(bound)
  const next = random.uniform()
  const further = Array.from({ length: 60 }, (_, extra) => {
    random.jump(100_000 + extra)
    return random.uniform()
  })
  const thrownAway = further.indexOf(next)
  expect(thrownAway).toBeGreaterThan(24 - 4.5 * Math.sqrt(24))
  expect(thrownAway).toBeLessThan(24 + 4.5 * Math.sqrt(24))
})

test('shuffle gives each order alike and keeps the items', () => {
  const random = makeRandom(5)
  const seen = new Map<string, number>()
  for (let round = 0; round < 12_000; round++) {
    const items = ['a', 'b', 'c']
    random.shuffle(items)
    seen.set(items.join(''), (seen.get(items.join('')) ?? 0) + 1)
  }
  expect([...seen.keys()].sort()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba'])
  for (const count of seen.values())
    expect(Math.abs(count - 2000)).toBeLessThan(4.5 * Math.sqrt((12000 * 5) / 36))
})

test('an alias table draws by weight and never the impossible', () => {
  const weights = [0, 1, 2.5, 0, 0.001, 6]
  const table = makeAliasTable(weights)
  const random = makeRandom(5)
  const counts = weights.map(() => 0)
  for (let i = 0; i < 200_000; i++) counts[table.draw(random)]!++
  for (const [index, weight] of weights.entries()) {
    const expected = (weight / 9.501) * 200_000
    expect(Math.abs(counts[index]! - expected)).toBeLessThanOrEqual(4.5 * Math.sqrt(expected))
  }
  expect(() => makeAliasTable([0, 0])).toThrow(RangeError)
  expect(() => makeAliasTable([1, -1])).toThrow(RangeError)
})

test('parameters outside their range are errors, not NaN', () => {
  const random = makeRandom(1)
  expect(() => random.gamma(0)).toThrow(RangeError)
  expect(() => random.beta(1, Number.NaN)).toThrow(RangeError)
  expect(() => random.poisson(-1)).toThrow(RangeError)
  expect(() => random.int(0)).toThrow(RangeError)
  expect(() => random.int(2.5)).toThrow(RangeError)
  expect(() => random.binomial(3, 1.1)).toThrow(RangeError)
  expect(() => random.negativeBinomial(1, 0)).toThrow(RangeError)
})
