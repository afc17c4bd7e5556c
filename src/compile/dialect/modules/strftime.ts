// Writing and reading dates by Python's format directives.
import { raise } from '../values/value.ts'
import {
  dayOfYear,
  daysInMonth,
  floorDivide,
  isoWeek,
  type Parts,
  padded,
  second,
  toMicros,
  weekday,
} from './calendar.ts'

const months = 'January February March April May June July August September October November December'.split(
  ' ',
)
const days = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ')

/** What is written: the wall clock, its offset from UTC in microseconds, and the zone's name. */
export interface Moment {
  readonly parts: Parts
  readonly offset: bigint | null
  readonly zone: string
}

/** `+0130`, with a colon when asked for, and with seconds when there are any. */
export function offsetText(offset: bigint, colon: string): string {
  const size = Number(floorDivide(offset < 0n ? -offset : offset, second))
  const seconds = size % 60 === 0 ? '' : colon + padded(size % 60)
  return `${offset < 0n ? '-' : '+'}${padded(Math.floor(size / 3600))}${colon}${padded(Math.floor(size / 60) % 60)}${seconds}`
}

type Write = (moment: Moment) => string | number

function twelve({ hour }: Parts): number {
  return hour % 12 === 0 ? 12 : hour % 12
}

function weekOfYear(moment: Moment, firstWeekday: number): number {
  const wday = (weekday(toMicros(moment.parts)) - firstWeekday + 7) % 7
  return Math.floor((dayOfYear(moment.parts) - 1 - wday + 7) / 7)
}

const writers: Record<string, Write> = {
  Y: ({ parts }) => String(parts.year),
  y: ({ parts }) => padded(parts.year % 100),
  C: ({ parts }) => padded(Math.floor(parts.year / 100)),
  m: ({ parts }) => padded(parts.month),
  d: ({ parts }) => padded(parts.day),
  e: ({ parts }) => String(parts.day).padStart(2, ' '),
  H: ({ parts }) => padded(parts.hour),
  I: ({ parts }) => padded(twelve(parts)),
  k: ({ parts }) => String(parts.hour).padStart(2, ' '),
  l: ({ parts }) => String(twelve(parts)).padStart(2, ' '),
  M: ({ parts }) => padded(parts.minute),
  S: ({ parts }) => padded(parts.second),
  f: ({ parts }) => padded(parts.microsecond, 6),
  p: ({ parts }) => (parts.hour < 12 ? 'AM' : 'PM'),
  P: ({ parts }) => (parts.hour < 12 ? 'am' : 'pm'),
  b: ({ parts }) => months[parts.month - 1]!.slice(0, 3),
  h: ({ parts }) => months[parts.month - 1]!.slice(0, 3),
  B: ({ parts }) => months[parts.month - 1]!,
  a: ({ parts }) => days[weekday(toMicros(parts))]!.slice(0, 3),
  A: ({ parts }) => days[weekday(toMicros(parts))]!,
  w: ({ parts }) => (weekday(toMicros(parts)) + 1) % 7,
  u: ({ parts }) => weekday(toMicros(parts)) + 1,
  j: ({ parts }) => padded(dayOfYear(parts), 3),
  U: (moment) => padded(weekOfYear(moment, 6)),
  W: (moment) => padded(weekOfYear(moment, 0)),
  V: ({ parts }) => padded(isoWeek(toMicros(parts))[1]),
  G: ({ parts }) => isoWeek(toMicros(parts))[0],
  z: ({ offset }) => (offset === null ? '' : offsetText(offset, '')),
  Z: ({ zone }) => zone,
  s: ({ parts, offset }) => String(floorDivide(toMicros(parts) - (offset ?? 0n), second)),
  n: () => '\n',
  t: () => '\t',
  '%': () => '%',
}

const composed: Record<string, string> = {
  c: '%a %b %e %H:%M:%S %Y',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  T: '%H:%M:%S',
  R: '%H:%M',
  r: '%I:%M:%S %p',
}

/** Writes a date by a format. */
export function writeDate(moment: Moment, format: string): string {
  return format.replace(/%([-_0^#]?)(:?[a-zA-Z%])/g, (all, flag: string, code: string) => {
    if (code === ':z') return moment.offset === null ? '' : offsetText(moment.offset, ':')
    const template = composed[code]
    if (template) return writeDate(moment, template)
    const write = writers[code]
    if (!write) return all
    const text = String(write(moment))
    if (flag === '-') return text.replace(/^[0 ]+(?=\d)/, '')
    if (flag === '_') return text.replace(/^0+(?=\d)/, (zeros) => ' '.repeat(zeros.length))
    return flag === '^' ? text.toUpperCase() : text
  })
}

const readers: Record<string, string> = {
  Y: '(?<Y>\\d{4})',
  y: '(?<y>\\d{2})',
  m: '(?<m>1[0-2]|0[1-9]|[1-9])',
  d: '(?<d>3[01]|[12]\\d|0[1-9]|[1-9]| [1-9])',
  H: '(?<H>2[0-3]|[01]\\d|\\d)',
  I: '(?<I>1[0-2]|0[1-9]|[1-9])',
  M: '(?<M>[0-5]\\d|\\d)',
  S: '(?<S>6[01]|[0-5]\\d|\\d)',
  f: '(?<f>\\d{1,6})',
  j: '(?<j>36[0-6]|3[0-5]\\d|[12]\\d{2}|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9])',
  p: '(?<p>am|pm)',
  b: `(?<b>${months.map((name) => name.slice(0, 3)).join('|')})`,
  B: `(?<B>${months.join('|')})`,
  a: `(?:${days.map((name) => name.slice(0, 3)).join('|')})`,
  A: `(?:${days.join('|')})`,
  w: '[0-6]',
  u: '[1-7]',
  z: '(?<z>Z|[+-]\\d\\d:?[0-5]\\d(?::?[0-5]\\d(?:\\.\\d{1,6})?)?)',
  Z: '(?<Z>utc|gmt)',
  '%': '%',
}

function readerOf(format: string): RegExp {
  const expanded = format.replace(
    /%([cxXDFTR])/g,
    (all, code: string) => composed[code]?.replaceAll('%e', '%d') ?? all,
  )
  const pattern = expanded.replace(/%(.)?|\s+|[^%\s]/gs, (all, code: string | undefined) => {
    if (!all.startsWith('%')) return /^\s/.test(all) ? '\\s+' : all.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
    if (code === undefined) return raise('ValueError', `stray % in format '${format}'`)
    return readers[code] ?? raise('ValueError', `'${code}' is a bad directive in format '${format}'`)
  })
  return new RegExp(`^${pattern}`, 'is')
}

/** Reads a date by a format, as datetime.strptime does. */
export function readDate(
  text: string,
  format: string,
): { readonly parts: Parts; readonly offset: bigint | null } {
  const match = readerOf(format).exec(text)
  if (!match) return raise('ValueError', `time data '${text}' does not match format '${format}'`)
  if (match[0].length < text.length)
    raise('ValueError', `unconverted data remains: ${text.slice(match[0].length)}`)
  const found = match.groups ?? {}
  const number = (key: string, missing: number) => (found[key] === undefined ? missing : Number(found[key]))
  const shortYear = number('y', 0)
  const year = number('Y', found['y'] === undefined ? 1900 : shortYear + (shortYear < 69 ? 2000 : 1900))
  const dated = found['j'] === undefined ? dateOf(found) : dateOfYearDay(year, number('j', 1))
  const parts = {
    year,
    ...dated,
    hour: hourOf(found),
    minute: number('M', 0),
    second: number('S', 0),
    microsecond: Number((found['f'] ?? '').padEnd(6, '0')),
  }
  return { parts, offset: readOffset(found['z'] ?? (found['Z'] ? 'Z' : undefined)) }
}

function dateOf(found: Record<string, string | undefined>): { month: number; day: number } {
  const name = (found['B'] ?? found['b'])?.toLowerCase().slice(0, 3)
  const named = months.findIndex((month) => month.toLowerCase().slice(0, 3) === name) + 1
  return { month: named || Number(found['m'] ?? 1), day: Number(found['d'] ?? 1) }
}

function dateOfYearDay(year: number, yearDay: number): { month: number; day: number } {
  let [month, left] = [1, yearDay]
  while (left > daysInMonth(year, month)) {
    left -= daysInMonth(year, month)
    month += 1
  }
  return { month, day: left }
}

function hourOf(found: Record<string, string | undefined>): number {
  if (found['I'] === undefined) return Number(found['H'] ?? 0)
  return (Number(found['I']) % 12) + (found['p']?.toLowerCase() === 'pm' ? 12 : 0)
}

/** The microseconds of `+01:30`; null for none. */
export function readOffset(text: string | undefined): bigint | null {
  if (text === undefined) return null
  if (text.toUpperCase() === 'Z') return 0n
  const [, sign, hours, minutes, seconds = '0'] = /^([+-])(\d\d):?(\d\d)(?::?(\d\d))?/.exec(text) ?? []
  const size = BigInt((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * second
  return sign === '-' ? -size : size
}
