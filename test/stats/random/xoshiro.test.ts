import { describe, expect, test } from 'vitest'
import { makeSwiftRandom } from '../../../src/stats/random/xoshiro.ts'

const n = 200_000

/** Chi-square of counts that should be alike, in standard deviations of it. */
function surprise(counts: Int32Array): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
  const chi = counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0)
  const df = counts.length - 1
  return (chi - df) / Math.sqrt(2 * df)
}

describe('the swift generator', () => {
  test('gives the same for the same seed and stream, and others otherwise', () => {
    const draws = (seed: number, stream: number) => {
      const random = makeSwiftRandom(seed, stream)
      return Array.from({ length: 5 }, random.uniform)
    }
    expect(draws(1, 2 ** 33)).toEqual(draws(1, 2 ** 33))
    expect(new Set([draws(1, 0), draws(1, 1), draws(2, 0)].map(String)).size).toBe(3)
  })

  test('draws whole numbers, normals and orders as it says', () => {
    const random = makeSwiftRandom(4)
    const counts = new Int32Array(101)
    for (let draw = 0; draw < n; draw++) counts[random.int(101)]!++
    expect(Math.abs(surprise(counts))).toBeLessThan(4)
    let [sum, squares, tail] = [0, 0, 0]
    for (let draw = 0; draw < n; draw++) {
      const value = random.normal()
      sum += value
      squares += value * value
      if (Math.abs(value) > 1.959963984540054) tail++
    }
    expect(Math.abs(sum / Math.sqrt(n))).toBeLessThan(4)
    expect(Math.abs((squares - n) / Math.sqrt(2 * n))).toBeLessThan(4)
    expect(Math.abs(tail - 0.05 * n) / Math.sqrt(0.05 * 0.95 * n)).toBeLessThan(4)
    const orders = new Map<string, number>()
    for (let draw = 0; draw < 24_000; draw++) {
      const items = Int32Array.from([0, 1, 2, 3])
      random.shuffle(items)
      orders.set(String(items), (orders.get(String(items)) ?? 0) + 1)
    }
    expect(orders.size).toBe(24)
    expect(Math.abs(surprise(Int32Array.from(orders.values())))).toBeLessThan(4)
  })

  test('draws multiples of 2⁻⁵³ below 1', () => {
    const random = makeSwiftRandom(9, 3)
    const seen = new Set(Array.from({ length: 10_000 }, random.uniform))
    expect(seen.size).toBe(10_000)
    for (const value of seen)
      expect(value >= 0 && value < 1 && value * 2 ** 53 === Math.floor(value * 2 ** 53)).toBe(true)
  })
})
