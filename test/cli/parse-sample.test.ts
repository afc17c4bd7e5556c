import { describe, expect, test } from 'vitest'
import { parseSample } from '../../src/cli/parse-sample.ts'

describe('--sample', () => {
  const now = new Date('2024-03-31T16:06:00Z')
  // The starts are those of dbt's offset_timestamp.
  test.each([
    ['1 hour', '2024-03-31T15:06:00.000Z'],
    ['3 days', '2024-03-28T16:06:00.000Z'],
    ['1 month', '2024-02-29T16:06:00.000Z'],
    ['13 months', '2023-02-28T16:06:00.000Z'],
    ['1 YEAR', '2023-03-31T16:06:00.000Z'],
  ])('%s is counted back from now', (text, start) => {
    expect(parseSample(text, now)).toEqual({ start: new Date(start), end: now })
  })

  test('may say both ends', () => {
    expect(parseSample("{start: 2026-01-01, end: '2026-01-08T12:00:00'}", now)).toEqual({
      start: new Date('2026-01-01T00:00:00Z'),
      end: new Date('2026-01-08T12:00:00Z'),
    })
  })

  test.each(['yesterday', '1.5 days', '{start: 2026-01-01}', '{start: x, end: y}', '{'])(
    'refuses %s',
    (text) => {
      expect(() => parseSample(text, now)).toThrow('is no window of time')
    },
  )
})
