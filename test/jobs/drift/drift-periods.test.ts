import { expect, test } from 'vitest'
import { dateOf, driftPeriods } from '../../../src/jobs/drift/drift-periods.ts'

const stretches = (ranges: readonly { readonly start: number; readonly end: number }[]) =>
  ranges.map(({ start, end }) => `${dateOf(start)} to ${dateOf(end - 1)}`)

test('a day is compared with the same weekday, weeks with weeks, within the reference', () => {
  const { reference, windows } = driftPeriods({
    reference: { kind: 'trailing', days: 28 },
    windows: [1, 7],
    asOf: '2026-06-01T05:00:00Z',
  })
  // Four weeks before the last one, which ends on Sunday the 31st of May.
  expect(stretches([reference])).toEqual(['2026-04-27 to 2026-05-24'])
  const [day, week] = windows
  expect(stretches([day!])).toEqual(['2026-05-31 to 2026-05-31'])
  expect(stretches(day!.references)).toEqual(
    ['2026-05-03', '2026-05-10', '2026-05-17', '2026-05-24'].map((date) => `${date} to ${date}`),
  )
  expect(stretches(week!.references)).toEqual([
    '2026-04-27 to 2026-05-03',
    '2026-05-04 to 2026-05-10',
    '2026-05-11 to 2026-05-17',
    '2026-05-18 to 2026-05-24',
  ])
})

test('windows of ten days begin on the same weekday and share no day', () => {
  const { windows } = driftPeriods({
    reference: { kind: 'fixed', start: '2026-01-01', end: '2026-03-01' },
    windows: [10],
    asOf: '2026-06-01',
  })
  const [{ start, references }] = windows as [(typeof windows)[0]]
  expect(references).toHaveLength(4)
  for (const [index, range] of references.entries()) {
    expect((start - range.start) % 7).toBe(0)
    expect(range.end - range.start).toBe(10)
    expect(range.start).toBeGreaterThanOrEqual(references[index - 1]?.end ?? 0)
  }
  expect(dateOf(references.at(-1)!.end - 1) < '2026-03-01').toBe(true)
})
