import { describe, expect, test } from 'vitest'
import { type BuiltInterval, type Interval, interval } from '../../../src/core/intervals.ts'
import {
  hasLaterRows,
  type IntervalsRequest,
  isAllRebuilt,
  planIntervals,
} from '../../../src/run/intervals/plan-intervals.ts'
import { maybeTime, type TimePartition } from '../../../src/run/intervals/time-partition.ts'

/** Days of January 2026: `days(3, 5)` are the third and the fourth. */
const days = (from: number, to: number): Interval =>
  interval(new Date(Date.UTC(2026, 0, from)), new Date(Date.UTC(2026, 0, to)))
const built = (from: number, to: number, fingerprint: string | null = 'v1'): BuiltInterval => ({
  ...days(from, to),
  fingerprint,
})

const partition: TimePartition = {
  strategy: 'microbatch',
  column: 'at',
  grain: 'day',
  batchSize: 'day',
  begin: new Date('2026-01-01T05:00:00Z'),
  lookback: 1,
  concurrent: true,
  onChange: 'forward_only',
}
const request: IntervalsRequest = {
  partition,
  ledger: [built(1, 20)],
  fingerprint: 'v1',
  isIncremental: true,
  now: new Date('2026-01-20T10:00:00Z'),
}
const plan = (changes: Partial<IntervalsRequest> = {}, said: Partial<TimePartition> = {}) =>
  planIntervals({ ...request, ...changes, partition: { ...partition, ...said } })

describe('planIntervals', () => {
  test('builds everything where there is no table yet', () => {
    expect(plan({ isIncremental: false, ledger: [built(1, 20)] })).toMatchObject({
      due: [days(1, 21)],
      missing: [days(1, 21)],
      again: [],
      stale: [],
    })
  })

  test('builds what dbt builds when nothing is missing: the running batch and those of lookback', () => {
    expect(plan()).toMatchObject({ due: [days(19, 21)], missing: [days(20, 21)], again: [days(19, 20)] })
    expect(plan({}, { lookback: 0 }).due).toEqual([days(20, 21)])
    // On the edge, the batch that just ended is the running one.
    const now = new Date('2026-01-20T00:00:00Z')
    expect(plan({ now }, { lookback: 0 })).toMatchObject({ due: [days(19, 20)], missing: [] })
  })

  test('fills gaps, and goes on where the last run stopped in the middle of a batch', () => {
    const ledger = [built(1, 4), built(6, 8), { ...built(8, 10), to: '2026-01-09T13:00:00.000Z' }]
    const planned = plan({ ledger, now: new Date('2026-01-12T10:00:00Z') }, { lookback: 0 })
    expect(planned).toMatchObject({
      missing: [days(4, 6), days(9, 13)],
      due: [days(4, 6), days(9, 13)],
      again: [],
    })
    expect(hasLaterRows(planned)).toBe(true)
    expect(hasLaterRows(plan())).toBe(false)
  })

  test('begins earlier when begin does, and not later', () => {
    expect(plan({}, { begin: new Date('2025-12-30') }).missing).toEqual([days(-1, 1), days(20, 21)])
    expect(plan({}, { begin: new Date('2026-01-10') }).missing).toEqual([days(20, 21)])
  })

  test('takes a table without a ledger for complete, as dbt does, and says so', () => {
    expect(plan({ ledger: null })).toMatchObject({
      due: [days(19, 21)],
      missing: [days(19, 21)],
      unknown: [days(1, 19)],
      assumed: days(1, 19),
      ledger: [built(1, 19, null)],
    })
    // Nobody knows either what a table holds of which exactly some days are built.
    const named = plan({ ledger: null, from: new Date('2026-01-03'), to: new Date('2026-01-04') })
    expect(named).toMatchObject({
      due: [days(3, 4)],
      assumed: { ...days(1, 2), to: request.now.toISOString() },
    })
    // Of a table that is known to hold nothing, everything is missing.
    expect(plan({ ledger: [] }).missing).toEqual([days(1, 21)])
  })

  test('builds exactly the batches that the command line names', () => {
    const from = new Date('2025-12-31T12:00:00Z')
    expect(plan({ from, to: new Date('2026-01-02') })).toMatchObject({ due: [days(0, 2)], again: [] })
    expect(plan({ from: new Date('2027-01-01') }).due).toEqual([])
    expect(
      plan({ isIncremental: false, from: new Date('2026-01-05'), to: new Date('2026-01-07') }).due,
    ).toEqual([days(5, 7)])
    expect(plan({ chosen: [days(3, 4), days(7, 9)] }).due).toEqual([days(3, 4), days(7, 9)])
    // The end alone says when a run is: what is missing until then.
    expect(plan({ ledger: [built(1, 3)], to: new Date('2026-01-06') }).due).toEqual([days(3, 6)])
  })

  describe('of a model that has changed', () => {
    const changed = { fingerprint: 'v2', ledger: [built(1, 10), built(10, 15, 'v2'), built(15, 20)] }

    test('tells what an older version built, and leaves it', () => {
      expect(plan(changed)).toMatchObject({
        stale: [days(1, 10), days(15, 20)],
        missing: [days(20, 21)],
        due: [days(19, 21)],
      })
    })

    test('builds it again where the model asks for it', () => {
      const planned = plan(changed, { onChange: 'rebuild' })
      expect(planned).toMatchObject({ due: [days(1, 10), days(15, 21)], again: [] })
      expect(isAllRebuilt(planned)).toBe(false)
    })

    test('makes the table anew when nothing of it would stay', () => {
      expect(isAllRebuilt(plan({ fingerprint: 'v2' }, { onChange: 'rebuild' }))).toBe(true)
      expect(isAllRebuilt(plan({ fingerprint: 'v2' }))).toBe(false)
      expect(isAllRebuilt(plan({}, { onChange: 'rebuild' }))).toBe(false)
      // What came before begin would be lost.
      const late = { onChange: 'rebuild', begin: new Date('2026-01-10') } as const
      expect(isAllRebuilt(plan({ fingerprint: 'v2' }, late))).toBe(false)
      const some = { fingerprint: 'v2', from: new Date('2026-01-01') }
      expect(isAllRebuilt(plan(some, { onChange: 'rebuild' }))).toBe(false)
    })

    test('does not know by which version the unknown was built', () => {
      const planned = plan({ fingerprint: 'v2', ledger: [built(1, 20, null)] }, { onChange: 'rebuild' })
      expect(planned).toMatchObject({ stale: [], unknown: [days(1, 20)], due: [days(19, 21)] })
    })
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
