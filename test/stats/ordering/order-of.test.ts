import fc from 'fast-check'
import { expect, test } from 'vitest'
import { orderOf } from '../../../src/stats/ordering/order-of.ts'

test('numbers are put in the order that comparing them gives, equal ones as they stood', () => {
  const numbers = fc.array(
    fc.oneof(
      fc.double({ noNaN: true }),
      fc.constantFrom(0, -0, 1, -1, Infinity, -Infinity, 5e-324, -5e-324),
      fc.integer({ min: -3, max: 3 }),
    ),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(numbers, (values) => {
      const plainly = [...values.keys()].sort((a, b) =>
        values[a]! < values[b]! ? -1 : values[a]! > values[b]! ? 1 : a - b,
      )
      expect([...orderOf(Float64Array.from(values))]).toEqual(plainly)
    }),
    { numRuns: 500 },
  )
})

test('what is no number stands last', () => {
  expect([...orderOf([Number.NaN, Infinity, 1])]).toEqual([2, 1, 0])
})
