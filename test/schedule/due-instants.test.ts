import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readCron } from '../../src/core/cron-pattern.ts'
import { makeTimeZone, type TimeZone } from '../../src/core/time-zone.ts'
import {
  dueInstants,
  instantsBetween,
  intervalOf,
  isWithin,
  nextInstants,
} from '../../src/schedule/due-instants.ts'
import { makeTimetable } from '../../src/schedule/timetable.ts'

interface Facts {
  readonly facts: readonly [cron: string, timezone: string, after: number, gaps: readonly number[]][]
}
const { facts }: Facts = JSON.parse(
  readFileSync(new URL('../reference/cron_instants.json', import.meta.url), 'utf8'),
)

const zones = new Map<string, TimeZone>()
function zoneOf(name: string): TimeZone {
  const zone = zones.get(name) ?? makeTimeZone(name)
  zones.set(name, zone)
  return zone
}

const next = (cron: string, timezone: string, after: string, count: number) =>
  nextInstants({ cron, timezone }, new Date(after), count).map((instant) => instant.toISOString())

describe('due instants', () => {
  it('are those of croniter and the zones of Python, around changes of clocks and elsewhere', () => {
    const wrong = facts.filter(([cron, timezone, after, gaps]) => {
      const timetable = makeTimetable({ cron, timezone }, zoneOf)
      let from = after
      return gaps.some((gap) => {
        const found = timetable.next(from * 1000)
        from += gap
        return found !== from * 1000
      })
    })
    expect(facts.length).toBeGreaterThan(2000)
    expect(wrong).toEqual([])
  })

  it('are the same backwards', () => {
    const wrong = facts.filter(([cron, timezone, after, gaps]) => {
      const timetable = makeTimetable({ cron, timezone }, zoneOf)
      const instants: number[] = []
      for (const gap of gaps) instants.push(((instants.at(-1) ?? after * 1000) as number) + gap * 1000)
      return instants.slice(1).some((instant, index) => timetable.previous(instant) !== instants[index])
    })
    expect(wrong).toEqual([])
  })

  it('come once a night, whatever the clocks do', () => {
    // 02:30 does not exist on 29 March and comes twice on 25 October.
    expect(next('30 2 * * *', 'Europe/Berlin', '2026-03-27T12:00:00Z', 3)).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ])
    expect(next('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ])
    const nights = instantsBetween(
      { cron: '30 2 * * *', timezone: 'Europe/Berlin' },
      new Date('2026-01-01T00:00:00Z'),
      new Date('2027-01-01T00:00:00Z'),
    )
    expect(nights).toHaveLength(365)
  })

  it('follow the hours that pass where no hour is named', () => {
    const ofDay = (from: string, to: string) =>
      instantsBetween({ cron: '30 * * * *', timezone: 'Europe/Berlin' }, new Date(from), new Date(to)).length
    expect(ofDay('2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z')).toBe(23)
    expect(ofDay('2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z')).toBe(25)
  })

  it('know a day that was left out, and midnights that are', () => {
    // Samoa went from 29 to 31 December 2011; Cairo's clocks are put on at midnight.
    expect(next('0 2 * * *', 'Pacific/Apia', '2011-12-29T20:00:00Z', 3)).toEqual([
      '2011-12-30T10:00:00.000Z',
      '2011-12-30T12:00:00.000Z',
      '2011-12-31T12:00:00.000Z',
    ])
    expect(next('@daily', 'Africa/Cairo', '2026-04-23T12:00:00Z', 2)).toEqual([
      '2026-04-23T22:00:00.000Z',
      '2026-04-24T21:00:00.000Z',
    ])
  })

  it('may be told by seconds, and by days that are counted', () => {
    expect(next('*/20 0 12 * * *', 'UTC', '2026-01-01T12:00:00Z', 3)).toEqual([
      '2026-01-01T12:00:20.000Z',
      '2026-01-01T12:00:40.000Z',
      '2026-01-02T12:00:00.000Z',
    ])
    const days = (cron: string) =>
      next(cron, 'UTC', '2026-02-01T00:00:00Z', 3).map((text) => text.slice(0, 10))
    expect(days('0 9 LW * *')).toEqual(['2026-02-27', '2026-03-31', '2026-04-30'])
    expect(days('0 9 15W * *')).toEqual(['2026-02-16', '2026-03-16', '2026-04-15'])
    expect(days('0 9 1W 3,8 *')).toEqual(['2026-03-02', '2026-08-03', '2027-03-01'])
    expect(days('0 9 L-2 * *')).toEqual(['2026-02-26', '2026-03-29', '2026-04-28'])
    expect(days('0 9 * * 5L')).toEqual(['2026-02-27', '2026-03-27', '2026-04-24'])
    expect(days('0 9 * * fri-sun')).toEqual(['2026-02-01', '2026-02-06', '2026-02-07'])
    // Both restricted: either is meant, as in cron(5).
    expect(days('0 9 13 * 1')).toEqual(['2026-02-02', '2026-02-09', '2026-02-13'])
    expect(days('0 9 29 2 *')).toEqual(['2028-02-29', '2032-02-29', '2036-02-29'])
  })

  it('end at what never comes', () => {
    expect(readCron('0 0 30 2 *')).toMatchObject({ message: expect.stringContaining('never fires') })
    expect(makeTimetable({ cron: '0 0 L-30 2 *', timezone: 'UTC' }).next(0)).toBeNull()
  })

  it('bound what a run speaks about', () => {
    const timetable = makeTimetable({ cron: '0 2 * * *', timezone: 'Europe/Berlin' })
    expect(intervalOf(timetable, Date.parse('2026-03-30T00:00:00Z'))).toEqual({
      start: '2026-03-29T01:00:00.000Z',
      end: '2026-03-30T00:00:00.000Z',
    })
    const due = [
      ...dueInstants(timetable, Date.parse('2026-03-29T01:00:00Z'), Date.parse('2026-03-31T00:00:00Z')),
    ]
    expect(due.map((instant) => new Date(instant).toISOString())).toEqual([
      '2026-03-30T00:00:00.000Z',
      '2026-03-31T00:00:00.000Z',
    ])
    const bounds = { startDate: '2026-03-29T00:00:00.000Z', endDate: '2026-03-30T00:00:00.000Z' }
    expect(isWithin(bounds, '2026-03-28T23:00:00.000Z')).toBe(false)
    expect(isWithin(bounds, '2026-03-29T00:00:00.000Z')).toBe(true)
    expect(isWithin(bounds, '2026-03-30T00:00:00.000Z')).toBe(false)
  })
})
