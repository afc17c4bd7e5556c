import { expect, test } from 'vitest'
import * as d from '../../../src/stats/distributions/index.ts'
import { makeRandom, type Random } from '../../../src/stats/random/philox.ts'

const n = 100_000

/** Kolmogorov's statistic √n·max|F̂ − F|; above 2.2 once in 8,000 under the right distribution. */
function kolmogorov(values: Float64Array, cdf: (x: number) => number): number {
  values.sort()
  let distance = 0
  for (const [index, value] of values.entries()) {
    const p = cdf(value)
    distance = Math.max(distance, p - index / n, (index + 1) / n - p)
  }
  return Math.sqrt(n) * distance
}

const continuous: readonly [string, (random: Random) => number, (x: number) => number][] = [
  ['uniform', (r) => r.uniform(), (x) => x],
  ['normal', (r) => r.normal(), d.normalCdf],
  ['exponential', (r) => r.exponential(), (x) => -Math.expm1(-x)],
  ['lognormal', (r) => r.lognormal(1, 2), (x) => d.normalCdf((Math.log(x) - 1) / 2)],
  ['gamma 0.05', (r) => r.gamma(0.05), (x) => d.gammaCdf(x, 0.05)],
  ['gamma 0.7', (r) => r.gamma(0.7), (x) => d.gammaCdf(x, 0.7)],
  ['gamma 30', (r) => r.gamma(30), (x) => d.gammaCdf(x, 30)],
  ['beta 0.3 0.6', (r) => r.beta(0.3, 0.6), (x) => d.betaCdf(x, 0.3, 0.6)],
  ['beta 0.5 4', (r) => r.beta(0.5, 4), (x) => d.betaCdf(x, 0.5, 4)],
  ['beta 20 7', (r) => r.beta(20, 7), (x) => d.betaCdf(x, 20, 7)],
]

test.each(continuous)('%s follows its distribution function', (_, draw, cdf) => {
  const random = makeRandom(31)
  expect(
    kolmogorov(
      Float64Array.from({ length: n }, () => draw(random)),
      cdf,
    ),
  ).toBeLessThan(2.2)
})

test('normal tails beyond the last layer are drawn as often as they should be', () => {
  const random = makeRandom(32)
  let beyond = 0
  for (let i = 0; i < 2_000_000; i++) if (Math.abs(random.normal()) > 3.7) beyond++
  const expected = 2_000_000 * 2 * d.normalSf(3.7)
  expect(Math.abs(beyond - expected)).toBeLessThan(4 * Math.sqrt(expected))
})

test('exponential draws beyond the last layer have the right number and mean', () => {
  const random = makeRandom(34)
  const tail: number[] = []
  for (let i = 0; i < 2_000_000; i++) {
    const value = random.exponential()
    if (value > 7.7) tail.push(value - 7.7)
  }
  const expected = 2_000_000 * Math.exp(-7.7)
  expect(Math.abs(tail.length - expected)).toBeLessThan(4 * Math.sqrt(expected))
  const mean = tail.reduce((sum, value) => sum + value, 0) / tail.length
  expect(Math.abs(mean - 1)).toBeLessThan(4 / Math.sqrt(expected))
})

const counts: readonly [string, (random: Random) => number, (k: number) => number][] = [
  ['poisson 3', (r) => r.poisson(3), (k) => d.poissonPmf(k, 3)],
  ['poisson 12', (r) => r.poisson(12), (k) => d.poissonPmf(k, 12)],
  ['poisson 80', (r) => r.poisson(80), (k) => d.poissonPmf(k, 80)],
  ['binomial 12 .4', (r) => r.binomial(12, 0.4), (k) => d.binomialPmf(k, 12, 0.4)],
  ['binomial 60 .35', (r) => r.binomial(60, 0.35), (k) => d.binomialPmf(k, 60, 0.35)],
  ['binomial 90 .8', (r) => r.binomial(90, 0.8), (k) => d.binomialPmf(k, 90, 0.8)],
  [
    'negative binomial 2.5 .3',
    (r) => r.negativeBinomial(2.5, 0.3),
    (k) => d.negativeBinomialPmf(k, 2.5, 0.3),
  ],
]

test.each(counts)('%s follows its probabilities', (_, draw, pmf) => {
  const random = makeRandom(33)
  const seen: number[] = []
  for (let i = 0; i < n; i++) {
    const k = draw(random)
    seen[k] = (seen[k] ?? 0) + 1
  }
  let statistic = 0
  let cells = 0
  for (let k = 0; k < seen.length; k++) {
    const expected = n * pmf(k)
    if (expected < 10) continue
    statistic += ((seen[k] ?? 0) - expected) ** 2 / expected
    cells++
  }
  expect(d.chiSquareSf(statistic, cells - 1)).toBeGreaterThan(1e-4)
})
