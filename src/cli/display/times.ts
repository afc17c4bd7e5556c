import type { Interval } from '../../core/intervals.ts'

/*
 * How stretches of time are written for people: `2026-01-01..2026-02-01`, in UTC; the end is not part of it.
 */

/** One stretch. */
export function timesText({ from, to }: Interval): string {
  return `${timeText(from)}..${timeText(to)}`
}

/** Stretches, the first few of many. */
export function manyTimesText(intervals: readonly Interval[], shown = 4): string {
  const first = intervals.slice(0, shown).map(timesText).join(', ')
  const more = intervals.length - shown
  return more > 0 ? `${first} and ${more} more` : first
}

/** `2026-01-31`, and the time of day where it is not midnight. */
function timeText(time: string): string {
  const [date, clock] = [time.slice(0, 10), time.slice(11, 19)]
  if (clock === '00:00:00') return date
  return `${date} ${clock.endsWith(':00') ? clock.slice(0, 5) : clock}`
}
