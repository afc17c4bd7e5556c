import { describe, expect, test } from 'vitest'
import { effectHeterogeneity, effectTrend, makeRandom } from '../../../src/stats/index.ts'
import { accepted } from './reference-cases.ts'

describe('heterogeneity of effects', () => {
  test('of two groups is the square of the z of their difference', () => {
    const found = accepted(
      effectHeterogeneity([
        { estimate: 1, stdError: 0.3 },
        { estimate: 2, stdError: 0.4 },
      ]),
    )
    expect(found.q).toBeCloseTo((1 / 0.5) ** 2, 12)
    // 2·(1 − Φ(2))
    expect(found.pValue).toBeCloseTo(0.045500263896358, 12)
    expect(found.iSquared).toBeCloseTo(0.75, 12)
  })

  test('is that of a meta-analysis by hand', () => {
    // Weights 4, 1, 4; pooled 8/9·… worked on paper: (4·0 + 1·3 + 4·1)/9 = 7/9.
    const found = accepted(
      effectHeterogeneity([
        { estimate: 0, stdError: 0.5 },
        { estimate: 3, stdError: 1 },
        { estimate: 1, stdError: 0.5 },
      ]),
    )
    expect(found.pooled.estimate).toBeCloseTo(7 / 9, 12)
    expect(found.q).toBeCloseTo(4 * (7 / 9) ** 2 + (3 - 7 / 9) ** 2 + 4 * (2 / 9) ** 2, 12)
    // DerSimonian–Laird: (Q − 2)/(9 − 33/9).
    expect(found.betweenVariance).toBeCloseTo((found.q - 2) / (9 - 33 / 9), 12)
  })

  test('rejects equal effects, and flat ones over time, at its level', () => {
    const random = makeRandom(7)
    let differing = 0
    let trending = 0
    const replications = 4000
    for (let replication = 0; replication < replications; replication++) {
      random.reseed(replication)
      const effects = [0.2, 0.5, 1, 0.3].map((stdError, at) => ({
        at,
        stdError,
        estimate: 1 + stdError * random.normal(),
      }))
      if (accepted(effectHeterogeneity(effects)).pValue < 0.05) differing++
      if (accepted(effectTrend(effects)).pValue < 0.05) trending++
    }
    const limit = 4 * Math.sqrt((0.05 * 0.95) / replications)
    expect(Math.abs(differing / replications - 0.05)).toBeLessThan(limit)
    expect(Math.abs(trending / replications - 0.05)).toBeLessThan(limit)
  })

  test('finds the slope of a line exactly', () => {
    const line = [0, 1, 3].map((at) => ({ at, estimate: 2 - 0.5 * at, stdError: 1 + at }))
    const { estimate, intercept } = accepted(effectTrend(line))
    expect(estimate).toBeCloseTo(-0.5, 12)
    expect(intercept).toBeCloseTo(2, 12)
  })

  test('is refused where nothing can differ', () => {
    expect(effectHeterogeneity([{ estimate: 1, stdError: 1 }])).toHaveProperty('refused')
    expect(effectTrend([0, 1].map((at) => ({ at, estimate: 1, stdError: 1 })))).toHaveProperty('refused')
    expect(effectTrend([1, 1, 1].map((at) => ({ at, estimate: 1, stdError: 1 })))).toHaveProperty('refused')
  })
})
