import { describe, expect, test } from 'vitest'
import { banditAllocation, makeRandom, normalCdf } from '../../../src/stats/index.ts'
import { accepted } from './reference-cases.ts'

describe('the shares of a bandit', () => {
  const three = [
    { mean: 1, stdError: 0.5 },
    { mean: 1.2, stdError: 0.1 },
    { mean: 0.7, stdError: 0.8 },
  ]

  test('of two arms are the chance that their difference is positive', () => {
    const arms = [
      { mean: 1, stdError: 0.3 },
      { mean: 1.5, stdError: 0.4 },
    ]
    const [first, other] = accepted(banditAllocation(arms, { algorithm: 'thompson' }))
    expect(other!.probabilityBest).toBeCloseTo(normalCdf(0.5 / 0.5), 10)
    expect(first!.weight + other!.weight).toBeCloseTo(1, 14)
    const [lower] = accepted(banditAllocation(arms, { algorithm: 'thompson', better: 'lower' }))
    expect(lower!.probabilityBest).toBeCloseTo(normalCdf(1), 10)
  })

  test('are what drawing from the beliefs gives', () => {
    const random = makeRandom(3)
    const draws = 200_000
    const best = [0, 0, 0]
    const second = [0, 0, 0]
    for (let draw = 0; draw < draws; draw++) {
      const order = three
        .map(({ mean, stdError }, arm) => ({ arm, value: mean + stdError * random.normal() }))
        .sort((a, b) => b.value - a.value)
      best[order[0]!.arm]!++
      second[order[1]!.arm]!++
    }
    const found = accepted(banditAllocation(three, { algorithm: 'top_two' }))
    for (const [arm, { probabilityBest, probabilitySecond, weight }] of found.entries()) {
      expect(Math.abs(probabilityBest - best[arm]! / draws)).toBeLessThan(0.005)
      expect(Math.abs(probabilitySecond - second[arm]! / draws)).toBeLessThan(0.005)
      expect(weight).toBeCloseTo((probabilityBest + probabilitySecond) / 2, 14)
    }
  })

  test('leave every arm its floor', () => {
    const hopeless = [
      { mean: 0, stdError: 0.001 },
      { mean: 1, stdError: 0.001 },
      { mean: 0.5, stdError: 0.001 },
    ]
    const weights = accepted(banditAllocation(hopeless, { algorithm: 'thompson', floor: 0.1 }))
    expect(weights.map(({ weight }) => Number(weight.toFixed(9)))).toEqual([0.1, 0.8, 0.1])
  })

  test('are refused where they cannot be', () => {
    expect(banditAllocation(three.slice(1, 2), { algorithm: 'thompson' })).toHaveProperty('refused')
    expect(banditAllocation(three, { algorithm: 'thompson', floor: 0.4 })).toHaveProperty('refused')
    expect(banditAllocation([...three, { mean: 1, stdError: 0 }], { algorithm: 'thompson' })).toHaveProperty(
      'refused',
    )
  })
})
