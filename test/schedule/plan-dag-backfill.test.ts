import { describe, expect, it } from 'vitest'
import { planDagBackfill } from '../../src/schedule/plan-dag-backfill.ts'
import { makeTimetable } from '../../src/schedule/timetable.ts'

const nightly = makeTimetable({ cron: '0 2 * * *', timezone: 'UTC' })
const day = (number: number): string => `2026-02-${String(number).padStart(2, '0')}T02:00:00.000Z`
const plan = (
  known: Parameters<typeof planDagBackfill>[2] = [],
  changes: Partial<Parameters<typeof planDagBackfill>[3]> = {},
) =>
  planDagBackfill({ name: 'nightly', startDate: null, endDate: null }, nightly, known, {
    ...{ from: '2026-02-01T00:00:00.000Z', to: '2026-02-06T00:00:00.000Z', batch: 1, force: false },
    ...changes,
  })
const run = (from: number, to: number, status: 'success' | 'failed' | 'running') => ({
  ...{ dagRunId: `${from}`, intervalStart: day(from), intervalEnd: day(to), status },
})
const days = (intervals: readonly { start: string; end: string }[]) =>
  intervals.map(({ start, end }) => `${Number(start.slice(8, 10))}-${Number(end.slice(8, 10))}`)

describe('planDagBackfill', () => {
  it('has a run for each interval that lies in the range as a whole', () => {
    expect(days(plan().due)).toEqual(['1-2', '2-3', '3-4', '4-5'])
  })

  it('takes several together, but none over a gap', () => {
    expect(days(plan([], { batch: 3 }).due)).toEqual(['1-4', '4-5'])
    expect(days(plan([run(2, 3, 'success')], { batch: 3 }).due)).toEqual(['1-2', '3-5'])
  })

  it('leaves out what is done, waits for what is at work, and does again what failed', () => {
    const { due, done, atWork } = plan([run(1, 3, 'success'), run(3, 4, 'failed'), run(4, 5, 'running')])
    expect(days(due)).toEqual(['3-4'])
    expect(days(done)).toEqual(['1-2', '2-3'])
    expect(atWork).toHaveLength(1)
    expect(days(plan([run(1, 3, 'success')], { force: true }).due)).toHaveLength(4)
  })
})
