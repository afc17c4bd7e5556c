// Python's `'%s and %05.2f' % (a, b)`.
import { Dict } from './dict.ts'
import { fixed, general, scientific } from './float-format.ts'
import { intOfDouble, maybeNumeric, toDouble } from './numbers.ts'
import { repr, str } from './repr.ts'
import { charsOf } from './sequences.ts'
import {
  Float,
  isText,
  Markup,
  Range,
  raise,
  Tuple,
  textOf,
  typeName,
  Undefined,
  type Value,
} from './value.ts'

const field = /%(?:\(((?:[^()]|\([^()]*\))*)\))?([#0\- +]*)(\*|\d+)?(?:\.(\*|\d+)?)?[hlL]?(.)?/gsu

/** Formats a template string with the values on the right of `%`. */
export function percentFormat(format: string, right: Value): string {
  const values = right instanceof Tuple ? right.items : [right]
  const mapping = right instanceof Dict ? right : undefined
  let used = 0
  let mapped = false
  const next = (): Value => {
    const value = values[used]
    used += 1
    return value === undefined ? raise('TypeError', 'not enough arguments for format string') : value
  }
  const out = format.replace(field, (all, key, flags: string, width, precision, type, at: number) => {
    if (type === undefined) return raise('ValueError', 'incomplete format')
    if (type === '%') return '%'
    if (key !== undefined) {
      if (!mapping) raise('TypeError', 'format requires a mapping')
      mapped = true
    }
    const size = width === '*' ? Number(str(next())) : width === undefined ? 0 : Number(width)
    const hasPrecision = /\.(\*|\d*)[hlL]?.$/su.test(all.slice(all.indexOf(')') + 1))
    const digits =
      precision === '*'
        ? Number(str(next()))
        : precision === undefined
          ? hasPrecision
            ? 0
            : undefined
          : Number(precision)
    const value = key === undefined ? next() : lookUp(mapping!, key)
    return formatOne(value, {
      flags,
      width: Math.abs(size),
      left: size < 0,
      precision: digits,
      type,
      at: at + all.length - 1,
    })
  })
  if (!mapped && !mapping && used < values.length && !isIndexable(right))
    raise('TypeError', 'not all arguments converted during string formatting')
  return out
}

/** A lone list or dict on the right may stay unused, as in Python. */
function isIndexable(right: Value): boolean {
  return Array.isArray(right) || right instanceof Dict || right instanceof Range || right instanceof Undefined
}

function lookUp(mapping: Dict, key: string): Value {
  return mapping.get(key) ?? (mapping.has(key) ? null : raise('KeyError', repr(key)))
}

interface Field {
  readonly flags: string
  readonly width: number
  readonly left: boolean
  readonly precision: number | undefined
  readonly type: string
  readonly at: number
}

function formatOne(value: Value, spec: Field): string {
  const { type, precision } = spec
  if (type === 's' || type === 'r' || type === 'a') {
    const text = type === 's' ? str(value) : repr(value)
    return pad(precision === undefined ? text : charsOf(text).slice(0, precision).join(''), '', spec, false)
  }
  if (type === 'c')
    return pad(
      isText(value) ? textOf(value) : String.fromCodePoint(Number(wholeNumber(value, type))),
      '',
      spec,
      false,
    )
  if ('diu'.includes(type)) return padNumber(wholeNumber(value, type).toString(), spec)
  if ('oxX'.includes(type)) return formatBase(wholeNumber(value, type), spec)
  if ('eEfFgG'.includes(type)) return formatReal(value, spec)
  return raise(
    'ValueError',
    `unsupported format character '${type}' (0x${type.charCodeAt(0).toString(16)}) at index ${spec.at}`,
  )
}

function wholeNumber(value: Value, type: string): number | bigint {
  const numeric = maybeNumeric(value)
  if (numeric === undefined || (numeric instanceof Float && 'oxXc'.includes(type)))
    return 'oxX'.includes(type)
      ? raise('TypeError', `%${type} format: an integer is required, not ${typeName(value)}`)
      : raise('TypeError', `%${type} format: a real number is required, not ${typeName(value)}`)
  return numeric instanceof Float ? intOfDouble(numeric.value) : numeric
}

function formatBase(value: number | bigint, spec: Field): string {
  const text = value.toString(spec.type === 'o' ? 8 : 16)
  const shown = spec.type === 'X' ? text.toUpperCase() : text
  if (!spec.flags.includes('#')) return padNumber(shown, spec)
  const negative = shown.startsWith('-')
  return pad(negative ? shown.slice(1) : shown, `${negative ? '-' : signFlag(spec)}0${spec.type}`, spec, true)
}

function formatReal(value: Value, spec: Field): string {
  const numeric = maybeNumeric(value)
  if (numeric === undefined) {
    if (value instanceof Undefined) value.fail()
    return raise('TypeError', `must be real number, not ${typeName(value)}`)
  }
  const double = toDouble(numeric)
  const digits = spec.precision ?? 6
  const kind = spec.type.toLowerCase()
  const text = !Number.isFinite(double)
    ? String(double).toLowerCase().replace('infinity', 'inf')
    : kind === 'f'
      ? fixed(double, digits)
      : kind === 'e'
        ? scientific(double, digits)
        : general(double, digits, spec.flags.includes('#'))
  return padNumber(spec.type === kind ? text : text.toUpperCase(), spec)
}

function signFlag(spec: Field): string {
  return spec.flags.includes('+') ? '+' : spec.flags.includes(' ') ? ' ' : ''
}

function padNumber(text: string, spec: Field): string {
  const negative = text.startsWith('-')
  const digits = negative ? text.slice(1) : text
  const whole = 'diuoxX'.includes(spec.type) ? digits.padStart(spec.precision ?? 0, '0') : digits
  return pad(whole, negative ? '-' : signFlag(spec), spec, true)
}

function pad(body: string, sign: string, spec: Field, numeric: boolean): string {
  const room = spec.width - charsOf(body).length - sign.length
  if (room <= 0) return sign + body
  if (spec.left || spec.flags.includes('-')) return sign + body + ' '.repeat(room)
  if (numeric && spec.flags.includes('0')) return sign + '0'.repeat(room) + body
  return ' '.repeat(room) + sign + body
}

/** `%` on a Markup: the values are escaped first. */
export function percentFormatMarkup(format: Markup, right: Value, toSafe: (value: Value) => Value): Markup {
  const safe =
    right instanceof Tuple
      ? new Tuple(right.items.map(toSafe))
      : right instanceof Dict
        ? Dict.of([...right.entries.values()].map(([key, value]) => [key, toSafe(value)] as const))
        : toSafe(right)
  return new Markup(percentFormat(format.text, safe))
}
