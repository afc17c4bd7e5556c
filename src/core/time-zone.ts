/*
 * Local time in a zone of the IANA database. A wall time is written as the milliseconds that it would have in UTC, so
 * that the calendar of Date.UTC serves for it.
 */

export interface TimeZone {
  readonly name: string
  /** What has to be added to an instant to get its wall time, in milliseconds. */
  offsetAt(instant: number): number
  /** How clocks go on the day that begins at this wall time. */
  clocksOn(day: number): Clocks
}

/** The offsets of a day: before and after an instant at which clocks are changed on it or near it. */
export interface Clocks {
  readonly before: number
  /** The same as before where nothing is changed. */
  readonly after: number
  readonly changedAt: number
}

export const dayMs = 86_400_000
/** No zone is farther from UTC. */
const farthestMs = 15 * 3_600_000

/** A zone; throws RangeError where the name is none. What it has looked up it keeps. */
export function makeTimeZone(name: string): TimeZone {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  })
  const offsetAt = (instant: number) => readOffset(format, instant)
  return { name, offsetAt: remembered(offsetAt), clocksOn: remembered((day) => readClocks(offsetAt, day)) }
}

/** The first day-long stretch of wall times that holds this one. */
export function dayOfWall(wall: number): number {
  return Math.floor(wall / dayMs) * dayMs
}

/** The instants at which clocks show this wall time: one; two where it comes twice; none where it is left out. */
export function instantsOf(zone: TimeZone, wall: number): number[] {
  const { before, after, changedAt } = zone.clocksOn(dayOfWall(wall))
  if (before === after) return [wall - before]
  const instants: number[] = []
  if (wall - before < changedAt) instants.push(wall - before)
  if (wall - after >= changedAt) instants.push(wall - after)
  return instants
}

/** The instant that a wall time means where it has to mean one: the first, or the end of the gap that it is in. */
export function firstInstantOf(zone: TimeZone, wall: number): number {
  return instantsOf(zone, wall)[0] ?? zone.clocksOn(dayOfWall(wall)).changedAt
}

/** Whether the IANA database, as Node has it, knows the zone. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}

function readOffset(format: Intl.DateTimeFormat, instant: number): number {
  const parts: Record<string, number> = {}
  for (const { type, value } of format.formatToParts(instant)) parts[type] = Number(value)
  const { year, month, day, hour, minute, second } = parts
  return Date.UTC(year!, month! - 1, day, hour, minute, second) - Math.floor(instant / 1000) * 1000
}

/** Clocks are never changed twice within the two days and a bit in which the times of one day surely lie. */
function readClocks(offsetAt: (instant: number) => number, day: number): Clocks {
  let from = (day - farthestMs) / 1000
  let to = (day + dayMs + farthestMs) / 1000
  const before = offsetAt(from * 1000)
  const after = offsetAt(to * 1000)
  if (before === after) return { before, after, changedAt: Number.POSITIVE_INFINITY }
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2)
    if (offsetAt(middle * 1000) === after) to = middle
    else from = middle
  }
  return { before, after, changedAt: to * 1000 }
}

/** The function with its latest results at hand. */
function remembered<T>(compute: (key: number) => T): (key: number) => T {
  const known = new Map<number, T>()
  return (key) => {
    const found = known.get(key)
    if (found !== undefined) return found
    if (known.size >= 4096) known.clear()
    const value = compute(key)
    known.set(key, value)
    return value
  }
}
