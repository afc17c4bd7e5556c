import { describe, expect, test } from 'vitest'
import { type BatchesRequest, planBatches } from '../../src/run/batches.ts'
import { maybeTime } from '../../src/run/microbatch-config.ts'

const request: BatchesRequest = {
  size: 'day',
  begin: new Date('2026-01-30T05:00:00Z'),
  lookback: 1,
  isIncremental: false,
  now: new Date('2026-02-01T16:06:00Z'),
}
const shown = (changes: Partial<BatchesRequest>) =>
  planBatches({ ...request, ...changes }).map(({ id, start, end }) =>
    [id, start.toISOString().slice(0, 13), end.toISOString().slice(0, 13)].join(' '),
  )

describe('planBatches', () => {
  test('goes from the beginning to the end of the running batch', () => {
    expect(shown({})).toEqual([
      '20260130 2026-01-30T00 2026-01-31T00',
      '20260131 2026-01-31T00 2026-02-01T00',
      '20260201 2026-02-01T00 2026-02-02T00',
    ])
  })

  test('looks back from the running batch when the table is there', () => {
    expect(shown({ isIncremental: true })).toEqual([
      '20260131 2026-01-31T00 2026-02-01T00',
      '20260201 2026-02-01T00 2026-02-02T00',
    ])
    // On the edge, the batch that just ended is the running one.
    expect(shown({ isIncremental: true, lookback: 0, now: new Date('2026-02-01') })).toEqual([
      '20260131 2026-01-31T00 2026-02-01T00',
    ])
  })

  test('takes times from the command line', () => {
    const from = new Date('2025-12-31T12:00:00Z')
    expect(shown({ from, to: new Date('2026-01-02'), isIncremental: true })).toEqual([
      '20251231 2025-12-31T00 2026-01-01T00',
      '20260101 2026-01-01T00 2026-01-02T00',
    ])
    expect(shown({ from: new Date('2027-01-01') })).toEqual([])
  })

  test('knows hours, months and years', () => {
    expect(shown({ size: 'hour', begin: new Date('2026-02-01T15:00:00Z') })).toEqual([
      '20260201T15 2026-02-01T15 2026-02-01T16',
      '20260201T16 2026-02-01T16 2026-02-01T17',
    ])
    expect(shown({ size: 'month', isIncremental: true })).toEqual([
      '202601 2026-01-01T00 2026-02-01T00',
      '202602 2026-02-01T00 2026-03-01T00',
    ])
    expect(shown({ size: 'year', begin: new Date('2025-06-01') })).toEqual([
      '2025 2025-01-01T00 2026-01-01T00',
      '2026 2026-01-01T00 2027-01-01T00',
    ])
  })
})

test('times without a zone are UTC', () => {
  const times = ['2026-01-02', '2026-01-02 03:04:05', '2026-01-02T03:04:05+01:00', 'soon'].map((text) =>
    maybeTime(text)?.toISOString(),
  )
  expect(times).toEqual([
    '2026-01-02T00:00:00.000Z',
    '2026-01-02T03:04:05.000Z',
    '2026-01-02T02:04:05.000Z',
    undefined,
  ])
})
