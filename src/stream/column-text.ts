import type { TimeUnit } from '../core/stream-spec.ts'
import { BadMessage, shown } from './bad-message.ts'
import { jsonText, LongNumber } from './long-number.ts'
import { dateText, timestampText } from './time-text.ts'

/*
 * Values of payloads as COPY's text format has them. What the type of a column cannot hold is refused here, where one
 * message can be put aside; what is let through unseen (types that we know nothing of) the server judges.
 */

/** Makes the text of a value that is there; throws a BadMessage. */
export type ColumnText = (value: unknown) => string

/** How values of a type, as written in DDL, become text. */
export function columnText(type: string, unit: TimeUnit | null): ColumnText {
  const [, name = '', , size, , scale] =
    /^([a-z ]+?)\s*(\(\s*(\d+)\s*(,\s*(\d+)\s*)?\))?( with(?:out)? time zone)?$/.exec(normalised(type)) ?? [
      undefined,
      normalised(type),
    ]
  const make = makers[name]
  return make ? make({ size: numberOf(size), scale: numberOf(scale), unit }) : otherText
}

interface TypeDetails {
  readonly size: number | null
  readonly scale: number | null
  readonly unit: TimeUnit | null
}

function normalised(type: string): string {
  const text = type.toLowerCase().replace(/\s+/g, ' ').trim()
  // The precision of a time stands within its name.
  const time = /^(timestamp)\s*(?:\(\d\))?( with(?:out)? time zone)?$/.exec(text)
  if (time) return time[2] === ' with time zone' ? 'timestamptz' : 'timestamp'
  return text.replace(/^(timestamptz)\s*\(\d\)$/, '$1')
}

function numberOf(text: string | undefined): number | null {
  return text === undefined ? null : Number(text)
}

const makers: Readonly<Record<string, (details: TypeDetails) => ColumnText>> = {
  text: () => plainText,
  varchar: limited,
  'character varying': limited,
  char: ({ size, ...rest }) => limited({ size: size ?? 1, ...rest }),
  character: ({ size, ...rest }) => limited({ size: size ?? 1, ...rest }),
  int2: () => integer(-32_768, 32_767, 'smallint'),
  smallint: () => integer(-32_768, 32_767, 'smallint'),
  integer: () => integer(-2_147_483_648, 2_147_483_647, 'integer'),
  int4: () => integer(-2_147_483_648, 2_147_483_647, 'integer'),
  int: () => integer(-2_147_483_648, 2_147_483_647, 'integer'),
  int8: () => bigInteger,
  bigint: () => bigInteger,
  numeric: decimal,
  decimal,
  boolean: () => booleanText,
  bool: () => booleanText,
  'double precision': () => floatText,
  float8: () => floatText,
  real: () => floatText,
  timestamptz:
    ({ unit }) =>
    (value) =>
      timestampText(value, unit, true),
  timestamp:
    ({ unit }) =>
    (value) =>
      timestampText(value, unit, false),
  date: () => dateText,
  uuid: () => uuidText,
  jsonb: () => jsonbText,
  json: () => (value) => escaped(jsonText(value)),
  bytea: () => byteaText,
}
/** With this flag a whole pair counts as one character. */
const halfPair = /[\ud800-\udfff]/u
const special = /[\\\t\n\r]/
const replacements: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/** A text with what COPY would take for something else written so that it is not. */
export function escaped(text: string): string {
  if (text.includes('\u0000'))
    throw new BadMessage('a text holds the zero character, which PostgreSQL cannot')
  if (halfPair.test(text)) throw new BadMessage('a text holds half of a character pair')
  return special.test(text) ? text.replace(/[\\\t\n\r]/g, (character) => replacements[character]!) : text
}

function plainText(value: unknown): string {
  if (typeof value === 'string') return escaped(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Buffer.isBuffer(value)) return escaped(utf8(value))
  return escaped(jsonText(value))
}

/** Bytes as text; what is no UTF-8 is not bent until it is. */
export function utf8(bytes: Buffer): string {
  try {
    return strict.decode(bytes)
  } catch {
    throw new BadMessage('bytes that are no UTF-8 text')
  }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function limited({ size }: TypeDetails): ColumnText {
  if (size === null) return plainText
  return (value) => {
    const text = plainText(value)
    const length = typeof value === 'string' && value.length <= size ? 0 : [...plainSource(value)].length
    if (length > size) throw new BadMessage(`${shown(value)} is longer than ${size} characters`)
    return text
  }
}

function plainSource(value: unknown): string {
  return typeof value === 'string' ? value : Buffer.isBuffer(value) ? utf8(value) : jsonText(value)
}

const wholeNumber = /^\s*[+-]?\d+\s*$/

function integer(least: number, most: number, name: string): ColumnText {
  return (value) => {
    const number =
      typeof value === 'number'
        ? value
        : wholeNumber.test(textual(value))
          ? Number(textual(value))
          : Number.NaN
    if (!Number.isInteger(number) || number < least || number > most)
      throw new BadMessage(`${shown(plain(value))} is no ${name}`)
    return String(number)
  }
}

function bigInteger(value: unknown): string {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  const text =
    typeof value === 'number' && Number.isInteger(value) ? BigInt(value).toString() : textual(value)
  if (
    !wholeNumber.test(text) ||
    BigInt.asIntN(64, BigInt(text.trim().replace('+', ''))) !== BigInt(text.trim().replace('+', ''))
  )
    throw new BadMessage(`${shown(plain(value))} is no bigint`)
  return text.trim()
}

const decimalNumber = /^\s*[+-]?(\d+)(\.\d*)?([eE][+-]?\d+)?\s*$/

function decimal({ size, scale }: TypeDetails): ColumnText {
  const limit = size === null ? Number.POSITIVE_INFINITY : 10 ** (size - (scale ?? 0))
  return (value) => {
    const text = typeof value === 'number' ? String(value) : textual(value)
    if (!decimalNumber.test(text)) throw new BadMessage(`${shown(plain(value))} is no number`)
    if (Math.abs(Number(text)) >= limit)
      throw new BadMessage(`${shown(plain(value))} does not fit numeric(${size},${scale ?? 0})`)
    return text.trim()
  }
}

const floatWords = new Set(['nan', 'infinity', '-infinity', 'inf', '-inf'])

function floatText(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  const text = textual(value)
  if (!decimalNumber.test(text) && !floatWords.has(text.trim().toLowerCase()))
    throw new BadMessage(`${shown(plain(value))} is no number`)
  return text.trim()
}

const truths: ReadonlyMap<string, string> = new Map(
  Object.entries({
    true: 't',
    t: 't',
    yes: 't',
    on: 't',
    1: 't',
    false: 'f',
    f: 'f',
    no: 'f',
    off: 'f',
    0: 'f',
  }),
)

function booleanText(value: unknown): string {
  if (value === true) return 't'
  if (value === false) return 'f'
  const truth = truths.get((typeof value === 'number' ? String(value) : textual(value)).trim().toLowerCase())
  if (truth === undefined) throw new BadMessage(`${shown(plain(value))} is no boolean`)
  return truth
}

function uuidText(value: unknown): string {
  const text = textual(value)
  if (!/^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(text))
    throw new BadMessage(`${shown(value)} is no uuid`)
  return text
}

/** What JSON allows and jsonb does not is told by us, since the server would refuse a whole batch for it. */
function jsonbText(value: unknown): string {
  const text = jsonText(value)
  if (/(?<!\\)(?:\\\\)*\\u0000/.test(text)) throw new BadMessage('a text within holds the zero character')
  if (/(?<!\\)(?:\\\\)*\\ud[89a-f]/i.test(text))
    throw new BadMessage('a text within holds half of a character pair')
  return escaped(text)
}

function byteaText(value: unknown): string {
  if (!Buffer.isBuffer(value)) throw new BadMessage(`${shown(plain(value))} is not bytes`)
  return `\\\\x${value.toString('hex')}`
}

/** For types of which only the server knows what they can hold. */
function otherText(value: unknown): string {
  return Array.isArray(value) ? escaped(arrayText(value)) : plainText(value)
}

function arrayText(values: readonly unknown[]): string {
  const items = values.map((value) => {
    if (value === null || value === undefined) return 'NULL'
    if (Array.isArray(value)) return arrayText(value)
    return `"${plainSource(value).replace(/[\\"]/g, '\\$&')}"`
  })
  return `{${items.join(',')}}`
}

/** A value that is to be read as a text: of anything else, nothing that matches. */
function textual(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof LongNumber) return value.digits
  if (typeof value === 'bigint') return value.toString()
  return ''
}

function plain(value: unknown): unknown {
  return value instanceof LongNumber ? value.digits : value
}
