import type { SchemaElement, SchemaTree } from 'hyparquet'

/*
 * Values of a Parquet file as texts that Postgres reads, with all their digits; what is nested as JSON.
 */

/** How the values of a field, none of which is null, are written in CSV. */
export function parquetField(field: SchemaTree): (value: unknown) => string {
  if (isNested(field)) return (value) => enclosed(jsonOf(value, field))
  const text = leafText(field.element)
  return isBare(field.element) ? text : (value) => enclosed(text(value))
}

/** Whether values are digits and signs only, in which nothing is to be enclosed. */
function isBare({ type, converted_type, logical_type }: SchemaElement): boolean {
  const kind = logical_type?.type ?? converted_type
  return type !== undefined && !/BYTE_ARRAY/.test(type) && kind !== 'ENUM'
}

/** What is nothing, or looks like something else than a value, is enclosed. */
function enclosed(text: string): string {
  return text === '' || /[",\\\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Whether its values are lists, maps or structs. */
export function isNested({ children, element }: SchemaTree): boolean {
  return children.length > 0 || element.repetition_type === 'REPEATED'
}

function jsonOf(value: unknown, node: SchemaTree, isItem = false): string {
  if (value === null || value === undefined) return 'null'
  const { element, children } = node
  if (element.repetition_type === 'REPEATED' && !isItem) return listOf(value, node)
  const [first] = children
  if (!first) return leafJson(value, element)
  if (element.logical_type?.type === 'VARIANT') return looseJson(value)
  if (Array.isArray(value)) return listOf(value, first.children.length === 1 ? first.children[0]! : first)
  const inner = element.converted_type === 'MAP' ? first.children[1] : undefined
  const members = Object.entries(value as Record<string, unknown>).map(([name, part]) => {
    const of = inner ?? children.find((child) => child.element.name === name)!
    return `${JSON.stringify(name)}:${jsonOf(part, of)}`
  })
  return `{${members.join(',')}}`
}

function listOf(value: unknown, item: SchemaTree): string {
  return `[${(value as unknown[]).map((each) => jsonOf(each, item, true)).join(',')}]`
}

function leafJson(value: unknown, element: SchemaElement): string {
  const text = leafText(element)(value)
  const isJson = element.converted_type === 'JSON' || element.logical_type?.type === 'JSON'
  if (isJson || typeof value === 'boolean' || isNumber(text, element)) return text
  return JSON.stringify(text)
}

/** NaN and infinity are no numbers to JSON. */
function isNumber(text: string, { type, converted_type, logical_type }: SchemaElement): boolean {
  const kind = logical_type?.type ?? converted_type ?? ''
  if (!/^(|DECIMAL|INTEGER|U?INT_\d+|FLOAT16)$/.test(kind)) return false
  if (kind !== 'DECIMAL' && kind !== 'FLOAT16' && /BYTE_ARRAY|INT96/.test(type ?? '')) return false
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text)
}

function looseJson(value: unknown): string {
  return JSON.stringify(value, (_key, each) => (typeof each === 'bigint' ? String(each) : each))
}

/** How a value that is not nested is written. */
function leafText(element: SchemaElement): (value: unknown) => string {
  const { type, converted_type: converted, logical_type: logical } = element
  const kind = logical?.type ?? converted
  if (kind === 'DECIMAL') {
    const scale = (logical?.type === 'DECIMAL' ? logical.scale : element.scale) ?? 0
    return (value) => withPoint(value instanceof Uint8Array ? signed(value) : BigInt(value as number), scale)
  }
  if (kind === 'DATE') return (days) => `${dayText(days as number)}${era(days as number)}`
  if (logical?.type === 'TIMESTAMP') return timestampText(digitsOf[logical.unit], logical.isAdjustedToUTC)
  if (kind === 'TIMESTAMP_MILLIS') return timestampText(3, true)
  if (kind === 'TIMESTAMP_MICROS') return timestampText(6, true)
  if (type === 'INT96') return timestampText(9, true)
  if (logical?.type === 'TIME') return timeText(digitsOf[logical.unit], logical.isAdjustedToUTC)
  if (kind === 'TIME_MILLIS') return timeText(3, false)
  if (kind === 'TIME_MICROS') return timeText(6, false)
  if (kind === 'ENUM')
    return (value) => (typeof value === 'string' ? value : Buffer.from(value as Uint8Array).toString('utf8'))
  return plainText
}

const digitsOf = { MILLIS: 3, MICROS: 6, NANOS: 9 } as const

function plainText(value: unknown): string {
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  return Object.is(value, -0) ? '-0' : String(value)
}

function signed(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`))
}

function withPoint(digits: bigint, scale: number): string {
  if (scale <= 0) return String(digits * 10n ** BigInt(-scale))
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0')
  return `${digits < 0n ? '-' : ''}${text.slice(0, -scale)}.${text.slice(-scale)}`
}

const daySeconds = 86_400

function timestampText(digits: number, isUtc: boolean): (value: unknown) => string {
  const clock = clockText(digits)
  const perDay = daySeconds * 10 ** digits
  const zone = isUtc ? '+00' : ''
  return (value) => {
    const [days, within] = parted(BigInt(value as bigint), perDay)
    return `${dayText(days)} ${clock(within)}${zone}${era(days)}`
  }
}

/** Whole days, and the rest of one. */
function parted(ticks: bigint, perDay: number): [number, number] {
  const number = Number(ticks)
  if (Number.isSafeInteger(number)) {
    const days = Math.floor(number / perDay)
    return [days, number - days * perDay]
  }
  const day = BigInt(perDay)
  const within = ((ticks % day) + day) % day
  return [Number((ticks - within) / day), Number(within)]
}

function timeText(digits: number, isUtc: boolean): (value: unknown) => string {
  const clock = clockText(digits)
  return (value) => `${clock(Number(value as bigint))}${isUtc ? '+00' : ''}`
}

/** Of so many parts of a second since midnight. */
function clockText(digits: number): (ticks: number) => string {
  const perSecond = 10 ** digits
  return (number) => {
    const seconds = Math.floor(number / perSecond)
    const text = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
    const rest = number - seconds * perSecond
    return rest === 0 ? text : `${text}.${String(rest).padStart(digits, '0')}`
  }
}

function two(number: number): string {
  return number < 10 ? `0${number}` : String(number)
}

/** A day that is so many after 1970-01-01; the year before 1 is one before Christ. */
function dayText(days: number): string {
  // Civil date of a day by whole numbers (Hinnant 2013, days_from_civil backwards): eras of 400 years from March 1.
  const shifted = days + 719_468
  const eras = Math.floor(shifted / 146_097)
  const day = shifted - eras * 146_097
  const yearOfEra = Math.floor(
    (day - Math.floor(day / 1460) + Math.floor(day / 36_524) - Math.floor(day / 146_096)) / 365,
  )
  const dayOfYear = day - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const month = Math.floor((5 * dayOfYear + 2) / 153)
  const dayOfMonth = dayOfYear - Math.floor((153 * month + 2) / 5) + 1
  const year = yearOfEra + eras * 400 + (month >= 10 ? 1 : 0)
  const shown = String(year > 0 ? year : 1 - year).padStart(4, '0')
  return `${shown}-${two(month < 10 ? month + 3 : month - 9)}-${two(dayOfMonth)}`
}

/** The first day of year 1. */
const firstDay = -719_162

function era(days: number): string {
  return days >= firstDay ? '' : ' BC'
}
