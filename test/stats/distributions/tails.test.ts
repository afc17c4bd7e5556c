import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as d from '../../../src/stats/distributions/index.ts'

type Case = [what: 'cdf' | 'sf', distribution: string, parameters: number[], argument: number, value: string]
const file = new URL('../../reference/special_function_tails.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] }

type Call = (x: number, ...parameters: number[]) => number
const functions: Record<string, { cdf: Call; sf: Call }> = {
  normal: { cdf: d.normalCdf, sf: d.normalSf },
  gamma: { cdf: d.gammaCdf as Call, sf: d.gammaSf as Call },
  beta: { cdf: d.betaCdf as Call, sf: d.betaSf as Call },
  t: { cdf: d.studentTCdf as Call, sf: d.studentTSf as Call },
}

test.each(cases)('%s of %s %j at %d is %s', (what, distribution, parameters, argument, value) => {
  const expected = Number(value)
  const got = functions[distribution]![what](argument, ...parameters)
  expect(Math.abs(got - expected)).toBeLessThanOrEqual(1e-11 * expected + 5e-324)
})

// By mpmath's quadrature at 50 digits: t, degrees of freedom, non-centrality, P(T > t).
test.each([
  [2, 3, 1, 0.2563701315923347],
  [1.9, 10, 0.5, 0.10579257716994724],
  [2, 98, 3.1, 0.8630247222426786],
  [1.65, 9998, 2.9, 0.8943422205215862],
  [12, 5, 30, 0.9999873451488015],
  [45, 400, 41, 0.016716276480872823],
  [-1, 2.5, 1, 0.9615363607772169],
])('non-central t: P(T > %d) with %d degrees of freedom and non-centrality %d', (t, df, delta, expected) => {
  expect(d.noncentralTSf(t, df, delta)).toBeCloseTo(expected, 12)
  expect(d.noncentralTCdf(t, df, delta)).toBeCloseTo(1 - expected, 12)
})

test('a central t is a non-central one', () => {
  for (const df of [0.8, 3, 40, 1e5])
    expect(d.noncentralTSf(1.3, df, 0)).toBeCloseTo(d.studentTSf(1.3, df), 12)
})

const families: readonly [string, Call, Call, Call, readonly number[][]][] = [
  ['normal', d.normalQuantile, d.normalCdf, d.normalSf, [[]]],
  ['t', d.studentTQuantile as Call, d.studentTCdf as Call, d.studentTSf as Call, [[0.4], [7.3], [3e6]]],
  ['gamma', d.gammaQuantile as Call, d.gammaCdf as Call, d.gammaSf as Call, [[0.3], [25], [3e5]]],
  ['χ²', d.chiSquareQuantile as Call, d.chiSquareCdf as Call, d.chiSquareSf as Call, [[1], [5000]]],
  [
    'beta',
    d.betaQuantile as Call,
    d.betaCdf as Call,
    d.betaSf as Call,
    [
      [0.3, 7],
      [600, 20],
      [3e4, 4e4],
    ],
  ],
  [
    'F',
    d.fQuantile as Call,
    d.fCdf as Call,
    d.fSf as Call,
    [
      [1, 7],
      [60, 2],
      [3000, 40_000],
    ],
  ],
]

test.each(families)('%s: quantiles undo both tails', (_, quantile, cdf, sf, parameterSets) => {
  for (const parameters of parameterSets)
    for (const p of [1e-80, 1e-30, 1e-9, 0.02, 0.3, 0.5, 0.7, 0.99, 1 - 1e-9]) {
      const x = quantile(p, ...parameters)
      const [back, wanted] = p <= 0.5 ? [cdf(x, ...parameters), p] : [sf(x, ...parameters), 1 - p]
      expect(Math.abs(back / wanted - 1), `${parameters} at ${p}: ${back}`).toBeLessThan(2e-11)
    }
})

const densities: readonly [string, Call, Call, readonly number[], number][] = [
  ['normal', d.normalPdf, d.normalCdf, [], 0.7],
  ['t', d.studentTPdf as Call, d.studentTCdf as Call, [3.5], -1.2],
  ['t at its center', d.studentTPdf as Call, d.studentTCdf as Call, [3.5], 0],
  ['gamma', d.gammaPdf as Call, d.gammaCdf as Call, [2.5, 1.7], 3.1],
  ['χ²', d.chiSquarePdf as Call, d.chiSquareCdf as Call, [4], 2.2],
  ['beta', d.betaPdf as Call, d.betaCdf as Call, [2.5, 4], 0.3],
  ['F', d.fPdf as Call, d.fCdf as Call, [3, 8], 1.4],
]

test.each(densities)(
  '%s: the density is the slope of the distribution function',
  (_, pdf, cdf, parameters, x) => {
    const step = 1e-4
    const slope =
      (8 * (cdf(x + step, ...parameters) - cdf(x - step, ...parameters)) -
        (cdf(x + 2 * step, ...parameters) - cdf(x - 2 * step, ...parameters))) /
      (12 * step)
    expect(pdf(x, ...parameters)).toBeCloseTo(slope, 9)
  },
)

const masses: readonly [string, Call, Call, Call, readonly number[]][] = [
  ['poisson', d.poissonPmf as Call, d.poissonCdf as Call, d.poissonSf as Call, [6.5]],
  ['binomial', d.binomialPmf as Call, d.binomialCdf as Call, d.binomialSf as Call, [14, 0.35]],
  [
    'negative binomial',
    d.negativeBinomialPmf as Call,
    d.negativeBinomialCdf as Call,
    d.negativeBinomialSf as Call,
    [3.5, 0.6],
  ],
]

test.each(masses)('%s: the tails are sums of the probabilities', (_, pmf, cdf, sf, parameters) => {
  let sum = 0
  for (let k = 0; k <= 14; k++) {
    sum += pmf(k, ...parameters)
    expect(cdf(k, ...parameters)).toBeCloseTo(sum, 13)
    expect(sf(k, ...parameters)).toBeCloseTo(1 - sum, 13)
  }
})

test('discrete quantiles are the smallest count that reaches p', () => {
  for (const p of [1e-9, 0.1, 0.5, 0.9, 1 - 1e-9]) {
    const k = d.binomialQuantile(p, 1000, 0.3)
    expect(d.binomialCdf(k, 1000, 0.3)).toBeGreaterThanOrEqual(p)
    expect(d.binomialCdf(k - 1, 1000, 0.3)).toBeLessThan(p)
  }
})

test('the logarithm of the normal distribution function goes on where that underflows', () => {
  expect(d.normalLogCdf(-5)).toBeCloseTo(Math.log(d.normalCdf(-5)), 12)
  expect(d.normalLogCdf(-30.000001)).toBeCloseTo(d.normalLogCdf(-29.999999), 3)
  // −x²/2 − log(x√2π) − 1/x² to first order.
  expect(d.normalLogCdf(-1000)).toBeCloseTo(-500_000 - Math.log(1000 * Math.sqrt(2 * Math.PI)) - 1e-6, 9)
  expect(d.normalLogCdf(8)).toBeCloseTo(-d.normalSf(8), 25)
})

test('arguments outside the domain give NaN, and the ends their limits', () => {
  for (const value of [
    d.gammaCdf(1, -1),
    d.betaCdf(0.5, 0, 1),
    d.studentTCdf(1, 0),
    d.normalQuantile(1.1),
    d.fQuantile(-0.1, 1, 1),
    d.poissonCdf(1, -2),
    d.logGamma(-1),
  ])
    expect(value).toBeNaN()
  expect([d.normalQuantile(0), d.normalQuantile(1)]).toEqual([-Infinity, Infinity])
  expect([d.gammaCdf(-1, 2), d.gammaCdf(Infinity, 2)]).toEqual([0, 1])
  expect([d.betaQuantile(0, 2, 3), d.betaQuantile(1, 2, 3)]).toEqual([0, 1])
  expect([d.studentTCdf(-Infinity, 3), d.studentTCdf(Infinity, 3)]).toEqual([0, 1])
})
