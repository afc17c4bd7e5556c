// Calendar arithmetic on the proleptic Gregorian calendar, in microseconds since 1970 as a bigint.
import { raise } from '../values/value.ts'

/** The parts of a date and time of day. */
export interface Parts {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly microsecond: number
}

export const second = 1_000_000n
export const minute = 60n * second
export const day = 86_400n * second

/** The days of 1970-01-01 counted from 0001-01-01, which is day 1. */
const epochOrdinal = 719_163

/** Rounds a bigint division towards minus infinity. */
export function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient
}

/** The rest that belongs to `floorDivide`. */
export function floorModulo(a: bigint, b: bigint): bigint {
  return a - floorDivide(a, b) * b
}

/** Whether a year has 366 days. */
export function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

/** How many days a month has. */
export function daysInMonth(year: number, month: number): number {
  return [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0
}

/** Days since 1970-01-01. */
export function daysSinceEpoch(year: number, month: number, dayOfMonth: number): number {
  const date = new Date(Date.UTC(2000, month - 1, dayOfMonth))
  date.setUTCFullYear(year, month - 1, dayOfMonth)
  return Math.round(date.getTime() / 86_400_000)
}

/** Checks the parts of a date and time, with Python's messages. */
export function checkParts(parts: Parts): void {
  if (parts.year < 1 || parts.year > 9999) raise('ValueError', `year ${parts.year} is out of range`)
  if (parts.month < 1 || parts.month > 12) raise('ValueError', 'month must be in 1..12')
  if (parts.day < 1 || parts.day > daysInMonth(parts.year, parts.month))
    raise('ValueError', 'day is out of range for month')
  if (parts.hour < 0 || parts.hour > 23) raise('ValueError', 'hour must be in 0..23')
  if (parts.minute < 0 || parts.minute > 59) raise('ValueError', 'minute must be in 0..59')
  if (parts.second < 0 || parts.second > 59) raise('ValueError', 'second must be in 0..59')
  if (parts.microsecond < 0 || parts.microsecond > 999_999)
    raise('ValueError', 'microsecond must be in 0..999999')
}

/** Microseconds since 1970 of the wall clock showing these parts. */
export function toMicros(parts: Parts): bigint {
  checkParts(parts)
  const days = BigInt(daysSinceEpoch(parts.year, parts.month, parts.day))
  const time = BigInt((parts.hour * 60 + parts.minute) * 60 + parts.second)
  return days * day + time * second + BigInt(parts.microsecond)
}

/** The parts a wall clock shows. */
export function fromMicros(micros: bigint): Parts {
  const days = Number(floorDivide(micros, day))
  const date = new Date(days * 86_400_000)
  const rest = floorModulo(micros, day)
  const seconds = Number(rest / second)
  const parts = {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    microsecond: Number(rest % second),
  }
  if (!(parts.year >= 1 && parts.year <= 9999)) raise('OverflowError', 'date value out of range')
  return parts
}

/** Monday is 0. */
export function weekday(micros: bigint): number {
  return Number(floorModulo(floorDivide(micros, day) + 3n, 7n))
}

/** The day's number in its year, from 1. */
export function dayOfYear({ year, month, day: dayOfMonth }: Parts): number {
  return daysSinceEpoch(year, month, dayOfMonth) - daysSinceEpoch(year, 1, 1) + 1
}

/** Python's date.toordinal. */
export function ordinal({ year, month, day: dayOfMonth }: Parts): number {
  return daysSinceEpoch(year, month, dayOfMonth) + epochOrdinal
}

/** Microseconds since 1970 at the start of a day given by its ordinal. */
export function microsOfOrdinal(number: number): bigint {
  return BigInt(number - epochOrdinal) * day
}

/** ISO year, week and weekday (Monday is 1). */
export function isoWeek(micros: bigint): readonly [number, number, number] {
  const wday = weekday(micros) + 1
  const thursday = fromMicros(micros + BigInt(4 - wday) * day)
  return [thursday.year, Math.floor((dayOfYear(thursday) - 1) / 7) + 1, wday]
}

/** Two digits, or as many as said. */
export function padded(value: number, digits = 2): string {
  return String(value).padStart(digits, '0')
}
