import type { TimeUnit } from '../core/stream-spec.ts'
import { BadMessage, shown } from './bad-message.ts'
import { LongNumber } from './long-number.ts'

/*
 * Times of payloads as PostgreSQL reads them. A time without a zone is one in UTC; a time with one that goes into a
 * column without is brought to UTC, where the server would drop the zone without a word.
 */

const isoTime =
  /^\s*(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*(Z|z|[+-]\d\d(?::?\d\d)?)?\s*$/
const isoDate = /^\s*(\d{4})-(\d\d)-(\d\d)\s*$/
const microsPer: Readonly<Record<TimeUnit, bigint>> = { s: 1_000_000n, ms: 1000n, us: 1n }
/** The year 9999 is the last that all readers of ISO times understand. */
const lastMicros = 253_402_300_800_000_000n

/** The text of a time; numbers count units since 1970. */
export function timestampText(value: unknown, unit: TimeUnit | null, hasZone: boolean): string {
  if (typeof value === 'string') return fromText(value, hasZone)
  const isNumber = typeof value === 'number' || typeof value === 'bigint' || value instanceof LongNumber
  if (!isNumber) throw new BadMessage(`${shown(value)} is no time`)
  if (unit === null)
    throw new BadMessage(`${shown(plainNumber(value))} is a number, and the field says no unit`)
  return fromMicros(microsOf(value, unit), hasZone)
}

/** The text of a day. */
export function dateText(value: unknown): string {
  const parts = typeof value === 'string' ? isoDate.exec(value) : null
  if (!parts || !isDay(Number(parts[1]), Number(parts[2]), Number(parts[3])))
    throw new BadMessage(`${shown(value)} is no date`)
  return (value as string).trim()
}

function plainNumber(value: unknown): unknown {
  return value instanceof LongNumber ? value.digits : value
}

function microsOf(value: number | bigint | LongNumber, unit: TimeUnit): bigint {
  if (typeof value === 'bigint') return value * microsPer[unit]
  if (value instanceof LongNumber) {
    const [whole = '', fraction = ''] = value.digits.split('.')
    const digits = unit === 's' ? 6 : unit === 'ms' ? 3 : 0
    if (/[eE]/.test(value.digits)) throw new BadMessage(`${value.digits} is no time`)
    return BigInt(whole + fraction.padEnd(digits, '0').slice(0, digits))
  }
  if (!Number.isFinite(value)) throw new BadMessage(`${value} is no time`)
  return BigInt(Math.round(value * Number(microsPer[unit])))
}

/** `2026-02-01T10:00:00.123456Z`, as microseconds allow. */
export function fromMicros(micros: bigint, hasZone = true): string {
  if (micros >= lastMicros || micros < -62_135_596_800_000_000n)
    throw new BadMessage(`${micros} microseconds are no time between the years 1 and 9999`)
  const millis = micros >= 0n ? micros / 1000n : -((-micros + 999n) / 1000n)
  const rest = Number(micros - millis * 1000n)
  const text = new Date(Number(millis)).toISOString().slice(0, -1)
  return `${text}${rest === 0 ? '' : String(rest).padStart(3, '0')}${hasZone ? 'Z' : ''}`
}

function fromText(text: string, hasZone: boolean): string {
  const parts = isoTime.exec(text)
  if (!parts) return fromDay(text, hasZone)
  const [, year, month, day, hour, minute, second = '0', , zone] = parts
  const isTime =
    isDay(Number(year), Number(month), Number(day)) &&
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    Number(second) < 60
  if (!isTime) throw new BadMessage(`${shown(text)} is no time`)
  if (hasZone) return zone === undefined ? `${text.trim()}Z` : text.trim()
  return zone === undefined ? text.trim() : inUtc(parts)
}

function fromDay(text: string, hasZone: boolean): string {
  const parts = isoDate.exec(text)
  if (!parts || !isDay(Number(parts[1]), Number(parts[2]), Number(parts[3])))
    throw new BadMessage(`${shown(text)} is no time`)
  return `${text.trim()}T00:00:00${hasZone ? 'Z' : ''}`
}

function inUtc(parts: RegExpExecArray): string {
  const [, year, month, day, hour, minute, second = '0', fraction, zone = 'Z'] = parts
  const [, sign = '+', hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? []
  const shift = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1)
  const time = new Date(0)
  time.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  time.setUTCHours(Number(hour), Number(minute) - shift, Number(second))
  return `${time.toISOString().slice(0, 19)}${fraction === undefined ? '' : `.${fraction}`}`
}

function isDay(year: number, month: number, day: number): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false
  return day <= 28 || day <= new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()
}
