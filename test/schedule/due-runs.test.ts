import { describe, expect, it } from 'vitest'
import type { CatchupPolicy } from '../../src/core/dag.ts'
import { dueRuns, type ScheduleStanding } from '../../src/schedule/due-runs.ts'
import { makeTimetable } from '../../src/schedule/timetable.ts'

const hourly = makeTimetable({ cron: '0 * * * *', timezone: 'UTC' })
const at = (time: string): number => Date.parse(`2026-02-${time}:00Z`)
const due = (
  catchup: CatchupPolicy,
  standing: Partial<ScheduleStanding>,
  now: string,
  bounds: { startDate?: string; endDate?: string } = {},
) => {
  const all = { firedUpTo: at('01T00:00'), resumedAt: null, watchedSince: at('01T00:00'), ...standing }
  const dag = { catchup, startDate: bounds.startDate ?? null, endDate: bounds.endDate ?? null }
  const { instants, firedUpTo } = dueRuns(dag, hourly, all, at(now))
  expect(firedUpTo).toBe(at(now))
  return instants.map((instant) => new Date(instant).toISOString().slice(8, 16))
}

describe('dueRuns', () => {
  it('fires each instant that somebody was there for, whatever the catchup', () => {
    for (const catchup of ['all', 'latest', 'none'] as const)
      expect(due(catchup, {}, '01T03:10')).toEqual(['01T01:00', '01T02:00', '01T03:00'])
  })

  it('fires what came while one scheduler took over from another', () => {
    const standing = { firedUpTo: at('01T00:59'), watchedSince: at('01T01:03') }
    for (const catchup of ['all', 'latest', 'none'] as const)
      expect(due(catchup, standing, '01T01:03')).toEqual(['01T01:00'])
  })

  it('fires what nobody saw as the catchup says', () => {
    const standing = { watchedSince: at('01T03:30') }
    expect(due('all', standing, '01T04:00')).toEqual(['01T01:00', '01T02:00', '01T03:00', '01T04:00'])
    expect(due('latest', standing, '01T04:00')).toEqual(['01T03:00', '01T04:00'])
    expect(due('none', standing, '01T04:00')).toEqual(['01T04:00'])
  })

  it('takes what went by while the DAG was paused for unseen', () => {
    const standing = { resumedAt: at('01T03:30') }
    expect(due('none', standing, '01T04:00')).toEqual(['01T04:00'])
    expect(due('latest', standing, '01T03:31')).toEqual(['01T03:00'])
    expect(due('all', standing, '01T03:31')).toHaveLength(3)
  })

  it('fires nothing twice when the clock goes back, and nothing of before the start or after the end', () => {
    const { instants } = dueRuns(
      { catchup: 'all', startDate: null, endDate: null },
      hourly,
      { firedUpTo: at('01T05:00'), resumedAt: null, watchedSince: at('01T00:00') },
      at('01T04:30'),
    )
    expect(instants).toEqual([])
    expect(due('all', {}, '01T05:00', { startDate: '2026-02-01T01:00:00.000Z' })[0]).toBe('01T02:00')
    expect(due('all', {}, '01T05:00', { endDate: '2026-02-01T02:00:00.000Z' }).at(-1)).toBe('01T02:00')
  })

  it('fires years of minutes piece by piece', () => {
    const timetable = makeTimetable({ cron: '* * * * *', timezone: 'UTC' })
    const standing = { resumedAt: null, watchedSince: at('20T00:00') }
    let firedUpTo = at('01T00:00')
    let count = 0
    for (let turns = 0, hasMore = true; hasMore; turns++) {
      const dag = { catchup: 'all', startDate: null, endDate: null } as const
      const part = dueRuns(dag, timetable, { ...standing, firedUpTo }, at('03T00:00'))
      count += part.instants.length
      firedUpTo = part.firedUpTo
      hasMore = part.hasMore
      expect(turns).toBeLessThan(10)
    }
    expect(count).toBe(2 * 24 * 60)
  })
})
