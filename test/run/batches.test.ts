import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Interval, interval, isCovered, normalIntervals } from '../../src/core/intervals.ts'
import { batchSizes, ceiling, cutIntoBatches, isEdge, truncate, wholeBatches } from '../../src/run/batches.ts'

const span = (from: string, to: string): Interval => interval(new Date(from), new Date(to))
const shown = (...args: Parameters<typeof cutIntoBatches>) =>
  cutIntoBatches(...args).map(({ id, start, end }) =>
    [id, start.toISOString().slice(0, 13), end.toISOString().slice(0, 13)].join(' '),
  )

describe('cutIntoBatches', () => {
  test('knows hours, days, months and years', () => {
    expect(shown([span('2026-02-01T15:00Z', '2026-02-01T17:00Z')], 'hour', 'hour')).toEqual([
      '20260201T15 2026-02-01T15 2026-02-01T16',
      '20260201T16 2026-02-01T16 2026-02-01T17',
    ])
    expect(shown([span('2026-01-31', '2026-02-02')], 'day', 'day')).toEqual([
      '20260131 2026-01-31T00 2026-02-01T00',
      '20260201 2026-02-01T00 2026-02-02T00',
    ])
    expect(shown([span('2026-01-01', '2026-03-01')], 'month', 'month')).toEqual([
      '202601 2026-01-01T00 2026-02-01T00',
      '202602 2026-02-01T00 2026-03-01T00',
    ])
    expect(shown([span('2025-01-01', '2027-01-01')], 'year', 'year')).toEqual([
      '2025 2025-01-01T00 2026-01-01T00',
      '2026 2026-01-01T00 2027-01-01T00',
    ])
  })

  test('cuts what is built at once where a longer batch ends', () => {
    expect(shown([span('2026-01-30', '2026-03-02')], 'month', 'day')).toEqual([
      '20260130 2026-01-30T00 2026-02-01T00',
      '20260201 2026-02-01T00 2026-03-01T00',
      '20260301 2026-03-01T00 2026-03-02T00',
    ])
    expect(shown([span('2026-01-30', '2026-03-02')], null, 'day')).toEqual([
      '20260130 2026-01-30T00 2026-03-02T00',
    ])
  })
})

describe('batches', () => {
  const instant = fc.date({ min: new Date('2019-12-01'), max: new Date('2024-04-01'), noInvalidDate: true })
  const times = fc.tuple(instant, instant).map(([a, b]) => (a < b ? interval(a, b) : interval(b, a)))
  const size = fc.constantFrom(...batchSizes)

  test('cover the times that they were cut from, in order, and no others', () => {
    fc.assert(
      fc.property(fc.array(times, { maxLength: 3 }), size, (list, longest) => {
        // Hours of years are many.
        const cut = longest === 'hour' ? 'month' : longest
        const batches = cutIntoBatches(list, cut, 'hour')
        expect(normalIntervals(batches.map(({ start, end }) => interval(start, end)))).toEqual(
          normalIntervals(list),
        )
        batches.forEach(({ start, end }, place) => {
          expect(start < end).toBe(true)
          if (place > 0) expect(batches[place - 1]!.end <= start).toBe(true)
          expect(end <= ceiling(new Date(start.getTime() + 1), cut)).toBe(true)
        })
      }),
      { numRuns: 50 },
    )
  })

  test('are whole: from edge to edge, and no longer than they have to be', () => {
    fc.assert(
      fc.property(times, size, (one, grain) => {
        const whole = wholeBatches([one], grain)
        if (one.from === one.to) {
          expect(whole).toEqual([])
          return
        }
        expect(whole).toHaveLength(1)
        const [from, to] = [new Date(whole[0]!.from), new Date(whole[0]!.to)]
        expect([isEdge(from, grain), isEdge(to, grain)]).toEqual([true, true])
        expect(isCovered(one, whole)).toBe(true)
        expect(truncate(new Date(one.from), grain)).toEqual(from)
        expect(truncate(new Date(to.getTime() - 1), grain) <= new Date(one.to)).toBe(true)
      }),
    )
  })
})
