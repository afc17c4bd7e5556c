import { microsPerDay } from './parameters.ts'

/*
 * What local clocks show, day by day.
 */

export type DaylightSaving = 'none' | 'europe' | 'america'

/** Microseconds to add to UTC for the local time of each day; a day of change counts as changed from midnight on. */
export function offsetsByDay(
  { startMicros, days }: { readonly startMicros: number; readonly days: number },
  standardMinutes: number,
  rule: DaylightSaving,
): Float64Array {
  return Float64Array.from({ length: days }, (_, day) => {
    const summer = rule !== 'none' && isSummer(startMicros + day * microsPerDay, rule)
    return (standardMinutes + (summer ? 60 : 0)) * 60e6
  })
}

function isSummer(micros: number, rule: 'europe' | 'america'): boolean {
  const date = new Date(micros / 1000)
  const year = date.getUTCFullYear()
  // Europe: last Sunday of March to last Sunday of October. America: second of March to first of November.
  const from = rule === 'europe' ? lastSunday(year, 2) : nthSunday(year, 2, 2)
  const to = rule === 'europe' ? lastSunday(year, 9) : nthSunday(year, 10, 1)
  return date.getTime() >= from && date.getTime() < to
}

function nthSunday(year: number, month: number, n: number): number {
  const firstDay = new Date(Date.UTC(year, month, 1)).getUTCDay()
  return Date.UTC(year, month, 1 + ((7 - firstDay) % 7) + (n - 1) * 7)
}

function lastSunday(year: number, month: number): number {
  const lastDay = new Date(Date.UTC(year, month + 1, 0))
  return Date.UTC(year, month, lastDay.getUTCDate() - lastDay.getUTCDay())
}
