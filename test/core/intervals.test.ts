import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type BuiltInterval,
  changedLedger,
  commonIntervals,
  type Interval,
  type IntervalChange,
  interval,
  isCovered,
  normalIntervals,
  withoutIntervals,
} from '../../src/core/intervals.ts'

/*
 * Intervals are held beside sets of hours: what is said of the one must be so of the other.
 */

const firstHour = Date.UTC(2026, 0, 1)
const hours = 40
const hourMs = 3_600_000
const at = (hour: number): Date => new Date(firstHour + hour * hourMs)
const between = (from: number, to: number): Interval => interval(at(from), at(to))

/** Whether the two share an instant. */
function doOverlap(one: Interval, other: Interval): boolean {
  return one.from < other.to && other.from < one.to
}

/** The hours of the intervals, from 0. */
function hoursOf(intervals: readonly Interval[]): number[] {
  const known = Array.from({ length: hours }, (_, hour) => hour)
  return known.filter((hour) => intervals.some((one) => doOverlap(one, between(hour, hour + 1))))
}

const anInterval = fc
  .tuple(fc.nat(hours), fc.nat(hours))
  // Some have no instant, or run backwards: those stand for nothing.
  .map(([from, to]) => between(from, to))
const someIntervals = fc.array(anInterval, { maxLength: 8 })
const real = (list: readonly Interval[]): Interval[] => list.filter(({ from, to }) => from < to)

/** Whether the list is in order and nothing in it could be said shorter. */
function isNormal(list: readonly Interval[]): boolean {
  return list.every(({ from, to }, place) => from < to && (place === 0 || list[place - 1]!.to < from))
}

describe('lists of intervals', () => {
  test('have one normal form, which holds the same times', () => {
    fc.assert(
      fc.property(someIntervals, (list) => {
        const normal = normalIntervals(list)
        expect(isNormal(normal)).toBe(true)
        expect(hoursOf(normal)).toEqual(hoursOf(real(list)))
        expect(normalIntervals([...list].reverse())).toEqual(normal)
        expect(normalIntervals(normal)).toEqual(normal)
      }),
    )
  })

  test('are taken from each other like sets', () => {
    fc.assert(
      fc.property(someIntervals, someIntervals, (a, b) => {
        const [inA, inB] = [new Set(hoursOf(real(a))), new Set(hoursOf(real(b)))]
        const left = withoutIntervals(a, b)
        const common = commonIntervals(a, b)
        expect(isNormal(left) && isNormal(common)).toBe(true)
        expect(hoursOf(left)).toEqual([...inA].filter((hour) => !inB.has(hour)))
        expect(hoursOf(common)).toEqual([...inA].filter((hour) => inB.has(hour)))
        expect(normalIntervals([...left, ...common])).toEqual(normalIntervals(a))
      }),
    )
  })

  test('cover an interval when nothing of it is left', () => {
    fc.assert(
      fc.property(anInterval, someIntervals, (one, list) => {
        const inList = new Set(hoursOf(real(list)))
        expect(isCovered(one, list)).toBe(hoursOf(real([one])).every((hour) => inList.has(hour)))
      }),
    )
  })
})

describe('the ledger of a table', () => {
  const aChange: fc.Arbitrary<IntervalChange> = fc.record({
    anew: fc.nat(9).map((number) => number === 0),
    built: someIntervals,
    fingerprint: fc.constantFrom('v1', 'v2', 'v3'),
  })

  test('says of each time who built it last, and nothing of others', () => {
    fc.assert(
      fc.property(fc.array(aChange, { maxLength: 12 }), (changes) => {
        let ledger: readonly BuiltInterval[] | null = null
        let builder: readonly (string | null)[] = Array(hours).fill(null)
        for (const change of changes) {
          ledger = changedLedger(ledger, change)
          const kept: readonly (string | null)[] = change.anew ? Array(hours).fill(null) : builder
          const now = new Set(hoursOf(real(change.built)))
          builder = kept.map((before, hour) => (now.has(hour) ? change.fingerprint : before))
          const told = Array.from({ length: hours }, (_, hour) => {
            const of = ledger!.filter((one) => doOverlap(one, between(hour, hour + 1)))
            expect(of.length).toBeLessThanOrEqual(1)
            return of[0]?.fingerprint ?? null
          })
          expect(told).toEqual(builder)
          for (const version of ['v1', 'v2', 'v3'])
            expect(isNormal(ledger.filter((one) => one.fingerprint === version))).toBe(true)
        }
      }),
    )
  })

  test('needs no row more than there are changes of version over time', () => {
    const days = Array.from({ length: 365 }, (_, day) => between(24 * day, 24 * day + 24))
    const ledger = days.reduce<readonly BuiltInterval[]>(
      (before, day) => changedLedger(before, { anew: false, built: [day], fingerprint: 'v1' }),
      [],
    )
    expect(ledger).toEqual([{ ...between(0, 365 * 24), fingerprint: 'v1' }])
    const changed = changedLedger(ledger, { anew: false, built: [days[10]!, days[11]!], fingerprint: 'v2' })
    expect(changed.map(({ fingerprint }) => fingerprint)).toEqual(['v1', 'v2', 'v1'])
  })

  test('takes over what stood there before it, unless the table is new', () => {
    const unknown = between(0, 10)
    const change = { built: [between(8, 12)], fingerprint: 'v1', unknown }
    expect(changedLedger(null, { ...change, anew: false })).toEqual([
      { ...between(0, 8), fingerprint: null },
      { ...between(8, 12), fingerprint: 'v1' },
    ])
    expect(changedLedger(null, { ...change, anew: true })).toEqual([{ ...between(8, 12), fingerprint: 'v1' }])
    // Where there is a ledger, it says itself what stands there.
    expect(changedLedger([], { ...change, anew: false })).toHaveLength(1)
  })
})
