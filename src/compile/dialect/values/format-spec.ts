// Python's format mini-language: `format(value, spec)`.
import { fixed, general, scientific } from './float-format.ts'
import { floatRepr, type Numeric, toDouble } from './numbers.ts'
import { repr, str } from './repr.ts'
import { charsOf, textLength } from './sequences.ts'
import { Float, HostObject, isText, raise, textOf, typeName, Undefined, type Value } from './value.ts'

/** A parsed format spec. */
interface Spec {
  readonly fill: string
  readonly align: string
  readonly sign: string
  readonly alternate: boolean
  readonly zero: boolean
  readonly width: number
  readonly grouping: string
  readonly precision: number | undefined
  readonly type: string
}

const pattern = /^(?:(.)?([<>=^]))?([+\- ]?)(z?)(#?)(0?)(\d*)([,_]?)(?:\.(\d+))?([a-zA-Z%]?)$/su

function parseSpec(spec: string, value: Value): Spec {
  const match = pattern.exec(spec)
  if (!match)
    return raise('ValueError', `Invalid format specifier '${spec}' for object of type '${typeName(value)}'`)
  const [, fill, align = '', sign = '', , alternate, zero, width, grouping = '', precision, type = ''] = match
  return {
    fill: fill ?? (zero && !align ? '0' : ' '),
    align: align || (zero ? '=' : ''),
    sign,
    alternate: alternate === '#',
    zero: zero === '0',
    width: Number(width || 0),
    grouping,
    precision: precision === undefined ? undefined : Number(precision),
    type,
  }
}

/** Python's format(value, spec). */
export function formatValue(value: Value, spec: string): string {
  if (value instanceof HostObject) {
    if (value.protocol.format) return value.protocol.format(spec)
    return spec === '' ? str(value) : refuse(value)
  }
  if (spec === '') return str(value)
  if (isText(value)) return formatText(textOf(value), parseSpec(spec, value))
  if (typeof value === 'boolean') return formatInt(Number(value), parseSpec(spec, value))
  if (typeof value === 'number' || typeof value === 'bigint') return formatInt(value, parseSpec(spec, value))
  if (value instanceof Float) return formatFloat(value, parseSpec(spec, value))
  if (value instanceof Undefined) return refuse(value)
  return refuse(value)
}

function refuse(value: Value): never {
  return raise('TypeError', `unsupported format string passed to ${typeName(value)}.__format__`)
}

function unknownCode(type: string, what: string): never {
  return raise('ValueError', `Unknown format code '${type}' for object of type '${what}'`)
}

function formatText(text: string, spec: Spec): string {
  if (spec.type !== '' && spec.type !== 's') unknownCode(spec.type, 'str')
  if (spec.sign) raise('ValueError', 'Sign not allowed in string format specifier')
  if (spec.alternate) raise('ValueError', 'Alternate form (#) not allowed in string format specifier')
  if (spec.grouping) raise('ValueError', `Cannot specify '${spec.grouping}' with 's'.`)
  if (spec.align === '=' && !spec.zero)
    raise('ValueError', "'=' alignment not allowed in string format specifier")
  const cut = spec.precision === undefined ? text : charsOf(text).slice(0, spec.precision).join('')
  return align(cut, '', { ...spec, align: spec.align === '=' ? '<' : spec.align || '<' })
}

/** Pads sign and body to the width. */
function align(body: string, sign: string, spec: Spec): string {
  const room = spec.width - textLength(body) - sign.length
  if (room <= 0) return sign + body
  if (spec.align === '=') return sign + spec.fill.repeat(room) + body
  if (spec.align === '<') return sign + body + spec.fill.repeat(room)
  if (spec.align === '^') {
    const left = Math.floor(room / 2)
    return spec.fill.repeat(left) + sign + body + spec.fill.repeat(room - left)
  }
  return spec.fill.repeat(room) + sign + body
}

function signOf(negative: boolean, spec: Spec): string {
  if (negative) return '-'
  return spec.sign === '+' || spec.sign === ' ' ? spec.sign : ''
}

const bases: Record<string, [number, string]> = { b: [2, '0b'], o: [8, '0o'], x: [16, '0x'], X: [16, '0X'] }

function formatInt(value: number | bigint, spec: Spec): string {
  if ('eEfFgG%'.includes(spec.type) && spec.type) return formatFloat(value, spec)
  if (spec.precision !== undefined) raise('ValueError', 'Precision not allowed in integer format specifier')
  const size = value < 0 ? -value : value
  const numeric = { ...spec, align: spec.align || '>' }
  if (spec.type === 'c')
    return align(String.fromCodePoint(Number(value)), '', { ...spec, align: spec.align || '<' })
  const [base, prefix] = bases[spec.type] ?? [10, '']
  if (base === 10 && !['', 'd', 'n'].includes(spec.type)) unknownCode(spec.type, 'int')
  const digits = spec.type === 'X' ? size.toString(16).toUpperCase() : size.toString(base)
  const sign = signOf(value < 0, spec) + (spec.alternate ? prefix : '')
  return alignGrouped(digits, '', sign, numeric, base === 10 ? 3 : 4)
}

function formatFloat(value: Numeric, spec: Spec): string {
  const double = toDouble(value)
  const negative = double < 0 || Object.is(double, -0)
  const numeric = { ...spec, align: spec.align || '>' }
  const text = floatBody(Math.abs(double), spec)
  const shown = spec.type === 'E' || spec.type === 'G' || spec.type === 'F' ? text.toUpperCase() : text
  const [, whole = '', rest = ''] = /^(\d*)(.*)$/s.exec(shown) ?? []
  if (whole === '')
    return align(rest, signOf(negative, spec), { ...numeric, fill: spec.zero ? '0' : spec.fill })
  return alignGrouped(whole, rest, signOf(negative, spec), numeric, 3)
}

function floatBody(size: number, spec: Spec): string {
  const { type, precision } = spec
  const percent = type === '%' ? '%' : ''
  if (!Number.isFinite(size)) return (Number.isNaN(size) ? 'nan' : 'inf') + percent
  if (type === 'f' || type === 'F') return fixed(size, precision ?? 6)
  if (type === '%') return `${fixed(size * 100, precision ?? 6)}%`
  if (type === 'e' || type === 'E') return scientific(size, precision ?? 6)
  if (type === 'g' || type === 'G' || type === 'n') return general(size, precision ?? 6, spec.alternate)
  if (type !== '') return unknownCode(type, 'float')
  if (precision === undefined) return floatRepr(size)
  return withPoint(generalOrPoint(size, precision))
}

/** Without a type, a float keeps one digit after the point and switches to an exponent one digit earlier. */
function generalOrPoint(size: number, precision: number): string {
  const digits = Math.max(1, precision)
  const power = size === 0 ? 0 : Number(size.toExponential(Math.min(digits - 1, 100)).split('e')[1])
  if (power >= -4 && power === digits - 1 && power > 0) {
    const [mantissa = '', exponent] = scientific(size, digits - 1).split('e')
    return `${mantissa.replace(/\.?0+$/, '')}e${exponent}`
  }
  return general(size, precision)
}

function withPoint(text: string): string {
  return /[.e]/.test(text) ? text : `${text}.0`
}

/** Inserts thousands separators and pads; zero padding is grouped too. */
function alignGrouped(whole: string, rest: string, sign: string, spec: Spec, size: number): string {
  if (!spec.grouping) return align(whole + rest, sign, spec)
  const group = (digits: string) =>
    digits.replace(new RegExp(`\\B(?=(?:[0-9a-fA-F]{${size}})+$)`, 'g'), spec.grouping)
  if (spec.fill !== '0' || spec.align !== '=') return align(group(whole) + rest, sign, spec)
  let padded = whole
  while (group(padded).length + rest.length + sign.length < spec.width) padded = `0${padded}`
  const body = group(padded) + rest
  return sign + (body.length + sign.length > spec.width && padded.length > whole.length ? body : body)
}

/** Applies `!r`, `!s` or `!a` of a format field. */
export function convertField(value: Value, conversion: string): Value {
  if (conversion === 's') return str(value)
  if (conversion === 'r') return repr(value)
  if (conversion === 'a')
    return repr(value).replace(/[^\0-\x7f]/gu, (char) => {
      const code = char.codePointAt(0) ?? 0
      const hex = code.toString(16)
      return code < 0x100
        ? `\\x${hex.padStart(2, '0')}`
        : code < 0x10000
          ? `\\u${hex.padStart(4, '0')}`
          : `\\U${hex.padStart(8, '0')}`
    })
  return raise('ValueError', `Unknown conversion specifier '${conversion}'`)
}
