import { expect, test } from 'vitest'
import { philoxBlockPair, philoxInteger } from '../../../src/stats/random/philox-block.ts'

// The known answers that the authors publish for philox4x32-10 in Random123 (tests/kat_vectors): counter,
// key, output.
const knownAnswers = [
  ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
  ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
] as const

const words = (text: string) => text.split(' ').map((word) => Number.parseInt(word, 16))
const hex = (out: Int32Array) => [...out].map((word) => (word >>> 0).toString(16).padStart(8, '0'))

function pair(counter: readonly number[], key: readonly number[]): string[] {
  const out = new Int32Array(8)
  const [c0, c1, c2, c3] = counter as [number, number, number, number]
  philoxBlockPair(out, c0, c1, c2, c3, key[0]!, key[1]!)
  return hex(out)
}

test.each(knownAnswers)('counter %s, key %s gives the published output', (counter, key, output) => {
  expect(pair(words(counter), words(key)).slice(0, 4).join(' ')).toBe(output)
})

test.each(knownAnswers)('the single block of counter %s agrees', (counter, key, output) => {
  const [c0, c1, c2, c3] = words(counter) as [number, number, number, number]
  const [k0, k1] = words(key) as [number, number]
  const [first, second] = words(output) as [number, number]
  expect(philoxInteger(c0, c1, c2, c3, k0, k1)).toBe((first >>> 5) * 2 ** 26 + (second >>> 6))
})

test.each([
  [
    [5, 6, 7, 8],
    [6, 6, 7, 8],
  ],
  [
    [0xffffffff, 6, 7, 8],
    [0, 7, 7, 8],
  ],
  [
    [0xffffffff, 0xffffffff, 7, 8],
    [0, 0, 7, 8],
  ],
])('the second block of counter %j is the first of %j', (counter, next) => {
  expect(pair(counter, [1, 2]).slice(4)).toEqual(pair(next, [1, 2]).slice(0, 4))
})
