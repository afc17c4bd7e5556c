import { expect, test } from 'vitest'
import { hashKey, hashUnit } from '../../../src/stats/random/hash-unit.ts'

/** χ² of the counts of 64 equal bins; 63 degrees of freedom, so above 120 once in 20,000. */
function binChiSquare(values: readonly number[]): number {
  const counts = new Array<number>(64).fill(0)
  for (const value of values) counts[Math.floor(value * 64)]!++
  const expected = values.length / 64
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}
const ids = Array.from({ length: 40_000 }, (_, index) => index)

test.each([
  ['numbers', (id: number) => hashUnit(id, 1)],
  ['text', (id: number) => hashUnit(`user-${id}`, 1)],
  ['multiples of 2^32', (id: number) => hashUnit(id * 2 ** 32, 1)],
  ['one key under many salts', (id: number) => hashUnit('same', id)],
])('%s are spread evenly', (_, hash) => {
  expect(binChiSquare(ids.map(hash))).toBeLessThan(120)
})

test('two salts split the same units independently', () => {
  const both = ids.filter((id) => hashUnit(id, 1) < 0.5 && hashUnit(id, 2) < 0.5).length
  expect(Math.abs(both - 10_000)).toBeLessThan(4.5 * Math.sqrt(40_000 * 0.25 * 0.75))
})

test('a whole number and its decimal text are one key; other spellings are not', () => {
  expect(hashKey('42', 9)).toBe(hashKey(42, 9))
  expect(hashKey('-9007199254740991', 9)).toBe(hashKey(-9007199254740991, 9))
  expect(hashKey('042', 9)).not.toBe(hashKey(42, 9))
  expect(hashKey('9007199254740993', 9)).not.toBe(hashKey('9007199254740992', 9))
})

test('no two of 200,000 similar texts share a hash', () => {
  const hashes = new Set(Array.from({ length: 200_000 }, (_, index) => hashKey(`u${index}`, 0)))
  expect(hashes.size).toBe(200_000)
})

test('the hash of a key stays what it is', () => {
  expect(hashKey(42, 7)).toMatchInlineSnapshot(`5570395968333382`)
  expect(hashKey('user-42', 7)).toMatchInlineSnapshot(`7292038367449761`)
})
