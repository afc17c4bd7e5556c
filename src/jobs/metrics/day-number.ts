/*
 * Days as numbers, counted from 1 January 1970 in UTC: whole numbers are quicker to compare and add than dates.
 */

const microsPerDay = 86_400_000_000n

/** Microseconds since 1970 of an ISO date or timestamp; without a zone it is UTC. */
export function microsOf(iso: string): bigint | number {
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,6})\d*)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i.exec(
      iso.trim(),
    )
  if (!match) return Number.NaN
  const [, date, time = '00:00:00', fraction = '', zone = 'Z'] = match
  const millis = Date.parse(`${date}T${time.length === 5 ? `${time}:00` : time}${fullZone(zone)}`)
  if (Number.isNaN(millis)) return Number.NaN
  return BigInt(millis) * 1000n + BigInt(fraction.padEnd(6, '0'))
}

function fullZone(zone: string): string {
  if (zone.toUpperCase() === 'Z') return 'Z'
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0')
  return `${zone[0]}${digits.slice(0, 2)}:${digits.slice(2)}`
}

function exactMicros(iso: string): bigint {
  const micros = microsOf(iso)
  if (typeof micros !== 'bigint') throw new Error(`not an ISO date or timestamp: '${iso}'`)
  return micros
}

/** The day that an instant falls on. */
export function dayOf(iso: string): number {
  return floorDay(exactMicros(iso))
}

/** The last day of which anything lies before an instant. */
export function dayUntil(iso: string): number {
  return floorDay(exactMicros(iso) - 1n)
}

function floorDay(micros: bigint): number {
  const day = micros / microsPerDay
  return Number(micros % microsPerDay < 0n ? day - 1n : day)
}

/** The ISO date of a day. */
export function isoDay(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10)
}
