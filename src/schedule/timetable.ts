import { type CronPattern, isDayOf, readCron } from '../core/cron-pattern.ts'
import type { DagSchedule } from '../core/dag.ts'
import {
  dayMs,
  dayOfWall,
  firstInstantOf,
  instantsOf,
  makeTimeZone,
  type TimeZone,
} from '../core/time-zone.ts'

/*
 * The instants at which a schedule fires. Days are looked at one after the other in local time, and the times of a day
 * are the same every day, so that nothing is counted off second by second.
 *
 * Where clocks are changed, a schedule that names hours means times of the day: one that is left out fires at the
 * first instant after the gap, one that comes twice fires the first time; so a nightly DAG runs once a night. A
 * schedule whose hour is `*` means time that passes: it fires whenever the clock shows what it says, in both hours
 * when one comes twice, and not for an hour that there is not. cron on Debian draws the line much like that.
 */

export interface Timetable {
  /** The first instant after one; null where none comes within a lifetime. */
  next(after: number): number | null
  /** The last instant before one. */
  previous(before: number): number | null
}

/** 29 February falls on the same day of the week every 28 years, and 40 years apart around 2100. */
const daysAhead = 41 * 366

/** The timetable of a schedule whose expression and zone are known to be good. */
export function makeTimetable(
  { cron, timezone }: DagSchedule,
  zoneOf: (name: string) => TimeZone = makeTimeZone,
): Timetable {
  const pattern = readCron(cron)
  if ('message' in pattern) throw new RangeError(pattern.message)
  const zone = zoneOf(timezone)
  const times = timesOfDay(pattern)
  const find = (from: number, direction: 1 | -1): number | null => {
    // An instant may belong to a day before, whose times a gap has put off, or, at the edge of a zone, to one after.
    const first = dayOfWall(from + zone.offsetAt(from)) - direction * dayMs
    for (let count = 0; count < daysAhead; count++) {
      const day = first + direction * count * dayMs
      const found = findOnDay(pattern, zone, times, day, from, direction)
      if (found !== null) return found
    }
    return null
  }
  return { next: (after) => find(after, 1), previous: (before) => find(before, -1) }
}

function timesOfDay({ hours, minutes, seconds }: CronPattern): Int32Array {
  const times = hours.flatMap((hour) =>
    minutes.flatMap((minute) => seconds.map((second) => (hour * 3600 + minute * 60 + second) * 1000)),
  )
  return Int32Array.from(times)
}

function findOnDay(
  pattern: CronPattern,
  zone: TimeZone,
  times: Int32Array,
  day: number,
  from: number,
  direction: 1 | -1,
): number | null {
  const date = new Date(day)
  if (!isDayOf(pattern, date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())) return null
  const { before, after } = zone.clocksOn(day)
  if (before !== after) return nearest(instantsOfDay(pattern, zone, times, day), from, direction)
  const begin = day - before
  const found = nearest(times, from - begin, direction)
  return found === null ? null : begin + found
}

/** The instants of a day on which clocks may be changed, in order. */
function instantsOfDay(
  { isAnyHour }: CronPattern,
  zone: TimeZone,
  times: Int32Array,
  day: number,
): Float64Array {
  const instants: number[] = []
  for (const time of times) {
    const wall = day + time
    if (isAnyHour) instants.push(...instantsOf(zone, wall))
    else instants.push(firstInstantOf(zone, wall))
  }
  return Float64Array.from(instants).sort()
}

/** The first entry greater than a value, or the last one that is less. */
function nearest(ascending: Int32Array | Float64Array, value: number, direction: 1 | -1): number | null {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >> 1
    const isBefore = direction === 1 ? ascending[middle]! <= value : ascending[middle]! < value
    if (isBefore) low = middle + 1
    else high = middle
  }
  return (direction === 1 ? ascending[low] : ascending[low - 1]) ?? null
}
