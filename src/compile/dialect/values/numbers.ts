// Python's numbers: ints without limit, floats apart from ints, floor division and modulo.
import { Float, raise, type Value } from './value.ts'

/** A number to compute with: an int as number or bigint, or a Float. */
export type Numeric = number | bigint | Float

/** The number a value is (a bool counts as 0 or 1), or undefined. */
export function maybeNumeric(value: Value): Numeric | undefined {
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof Float) return value
  if (typeof value === 'boolean') return value ? 1 : 0
  return undefined
}

/** An int in its one representation: number while safe, bigint beyond. */
export function normalInt(value: bigint): number | bigint {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value
}

/** The float value of a number. */
export function toDouble(value: Numeric): number {
  if (value instanceof Float) return value.value
  const double = Number(value)
  if (!Number.isFinite(double)) raise('OverflowError', 'int too large to convert to float')
  return double
}

/** The int nearest to zero of a whole or broken double. */
export function intOfDouble(value: number): number | bigint {
  if (Number.isNaN(value)) raise('ValueError', 'cannot convert float NaN to integer')
  if (!Number.isFinite(value)) raise('OverflowError', 'cannot convert float infinity to integer')
  const whole = Math.trunc(value)
  return Number.isSafeInteger(whole) ? whole + 0 : BigInt(whole)
}

/** How Python prints a float: shortest digits, exponent from 1e16 and below 1e-4. */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf'
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const [digits = '', exponent = '0'] = value.toExponential().split('e')
  const power = Number(exponent)
  if (power < -4 || power >= 16) {
    const size = Math.abs(power)
    return `${digits}e${power < 0 ? '-' : '+'}${size < 10 ? '0' : ''}${size}`
  }
  const plain = power > 0 && Number.isInteger(value) ? BigInt(value).toString() : value.toString()
  if (plain.includes('e')) return value.toFixed(Math.max(0, -power + digits.length))
  return plain.includes('.') ? plain : `${plain}.0`
}

type IntOperation = (a: bigint, b: bigint) => bigint
type DoubleOperation = (a: number, b: number) => number

function compute(a: Numeric, b: Numeric, ints: IntOperation, doubles: DoubleOperation): Numeric {
  if (a instanceof Float || b instanceof Float) return new Float(doubles(toDouble(a), toDouble(b)))
  if (typeof a === 'number' && typeof b === 'number') {
    const result = doubles(a, b)
    if (Number.isSafeInteger(result)) return result + 0
  }
  return normalInt(ints(BigInt(a), BigInt(b)))
}

/** a + b */
export function addNumbers(a: Numeric, b: Numeric): Numeric {
  return compute(
    a,
    b,
    (x, y) => x + y,
    (x, y) => x + y,
  )
}

/** a - b */
export function subtractNumbers(a: Numeric, b: Numeric): Numeric {
  return compute(
    a,
    b,
    (x, y) => x - y,
    (x, y) => x - y,
  )
}

/** a * b */
export function multiplyNumbers(a: Numeric, b: Numeric): Numeric {
  return compute(
    a,
    b,
    (x, y) => x * y,
    (x, y) => x * y,
  )
}

/** a / b, always a float */
export function divideNumbers(a: Numeric, b: Numeric): Float {
  if (typeof a === 'bigint' || typeof b === 'bigint') {
    if (!(a instanceof Float) && !(b instanceof Float) && b !== 0)
      return new Float(divideExactly(BigInt(a), BigInt(b)))
  }
  const [x, y] = [toDouble(a), toDouble(b)]
  if (y === 0)
    raise(
      'ZeroDivisionError',
      a instanceof Float || b instanceof Float ? 'float division by zero' : 'division by zero',
    )
  return new Float(x / y)
}

/** The double nearest to the quotient of two ints: 64 bits more than asked for, and the last one sticky. */
function divideExactly(a: bigint, b: bigint): number {
  const bits = (value: bigint) => (value < 0n ? -value : value).toString(2).length
  const shift = BigInt(Math.max(0, 64 + bits(b) - bits(a)))
  const scaled = a << shift
  const quotient = scaled / b
  const sticky = scaled % b === 0n ? 0n : 1n
  const result = Number((quotient << 1n) | (quotient < 0n ? 0n : sticky)) / 2 ** (Number(shift) + 1)
  return Number.isFinite(result)
    ? result
    : raise('OverflowError', 'integer division result too large for a float')
}

function floorDivideInts(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient
}

function refuseZero(a: Numeric, b: Numeric, floatMessage: string, intMessage: string): void {
  if (toDoubleOrHuge(b) !== 0) return
  raise('ZeroDivisionError', a instanceof Float || b instanceof Float ? floatMessage : intMessage)
}

function toDoubleOrHuge(value: Numeric): number {
  return value instanceof Float ? value.value : Number(value)
}

/** The modulo of doubles with the sign of the divisor, exactly as Python's. */
function moduloDouble(x: number, y: number): number {
  const rest = x % y
  if (rest === 0) return y < 0 ? -0 : 0
  return rest < 0 !== y < 0 ? rest + y : rest
}

/** a // b */
export function floorDivideNumbers(a: Numeric, b: Numeric): Numeric {
  refuseZero(a, b, 'float floor division by zero', 'integer division or modulo by zero')
  const floor: DoubleOperation = (x, y) => {
    const quotient = (x - moduloDouble(x, y)) / y
    const whole = Math.floor(quotient)
    return quotient - whole > 0.5 ? whole + 1 : whole
  }
  return compute(a, b, floorDivideInts, floor)
}

/** a % b, with the sign of b */
export function moduloNumbers(a: Numeric, b: Numeric): Numeric {
  refuseZero(a, b, 'float modulo', 'integer modulo by zero')
  return compute(a, b, (x, y) => x - floorDivideInts(x, y) * y, moduloDouble)
}

/** a ** b */
export function powerNumbers(a: Numeric, b: Numeric): Numeric {
  if (!(a instanceof Float) && !(b instanceof Float)) {
    if (BigInt(b) >= 0n) return intPower(a, b)
    if (Number(a) === 0) raise('ZeroDivisionError', '0.0 cannot be raised to a negative power')
    return new Float(toDouble(a) ** toDouble(b))
  }
  const [x, y] = [toDouble(a), toDouble(b)]
  if (x === 0 && y < 0) raise('ZeroDivisionError', '0.0 cannot be raised to a negative power')
  if (x === 1 || y === 0) return new Float(1)
  if (x < 0 && Number.isFinite(x) && Number.isFinite(y) && !Number.isInteger(y))
    raise('TypeError', 'a negative number to a broken power is a complex number, which templates do not have')
  const result = x ** y
  if (!Number.isFinite(result) && Number.isFinite(x) && Number.isFinite(y))
    raise('OverflowError', "(34, 'Numerical result out of range')")
  return new Float(result)
}

function intPower(a: number | bigint, b: number | bigint): number | bigint {
  const base = BigInt(a)
  const bits = base < 0n ? (-base).toString(2).length : base.toString(2).length
  if (Number(b) * bits > 1_000_000 && bits > 1) raise('OverflowError', 'the result of ** is too large')
  return normalInt(base ** BigInt(b))
}

/** -a */
export function negate(a: Numeric): Numeric {
  if (a instanceof Float) return new Float(-a.value)
  return typeof a === 'bigint' ? normalInt(-a) : 0 - a
}

const intPatterns: Record<number, RegExp> = {
  2: /^(?:0b_?)?[01]+(?:_[01]+)*$/i,
  8: /^(?:0o_?)?[0-7]+(?:_[0-7]+)*$/i,
  16: /^(?:0x_?)?[0-9a-f]+(?:_[0-9a-f]+)*$/i,
}

/** Python's int(text, base), or undefined when the text is no such int. */
export function parseInteger(text: string, base = 10): number | bigint | undefined {
  const match = /^([+-]?)(.*)$/s.exec(text.trim())
  const body = match?.[2] ?? ''
  const negative = match?.[1] === '-'
  const magnitude = parseMagnitude(body, base)
  if (magnitude === undefined) return undefined
  return normalInt(negative ? -magnitude : magnitude)
}

function parseMagnitude(body: string, base: number): bigint | undefined {
  if (base === 0) {
    const prefix = /^0([box])/i.exec(body)?.[1]?.toLowerCase()
    if (prefix) return parseMagnitude(body, prefix === 'b' ? 2 : prefix === 'o' ? 8 : 16)
    return /^0[\d_]*[1-9]/.test(body) ? undefined : parseMagnitude(body, 10)
  }
  if (base === 10) return /^\d+(_\d+)*$/.test(body) ? BigInt(body.replaceAll('_', '')) : undefined
  const pattern = intPatterns[base]
  const digits = body.replaceAll('_', '').toLowerCase()
  if (pattern) {
    if (!pattern.test(body)) return undefined
    const prefix = base === 2 ? '0b' : base === 8 ? '0o' : '0x'
    return BigInt(digits.startsWith(prefix) ? digits : prefix + digits)
  }
  let total = 0n
  for (const digit of digits) {
    const worth = Number.parseInt(digit, 36)
    if (!(worth < base)) return undefined
    total = total * BigInt(base) + BigInt(worth)
  }
  return digits ? total : undefined
}

/** Python's float(text), or undefined when the text is no float. */
export function parseFloatText(text: string): number | undefined {
  const body = text.trim().toLowerCase()
  const special = /^([+-]?)(inf|infinity|nan)$/.exec(body)
  if (special) {
    const value = special[2] === 'nan' ? Number.NaN : Number.POSITIVE_INFINITY
    return special[1] === '-' ? -value : value
  }
  if (!/^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+(_\d+)*)?$/.test(body)) return undefined
  return Number(body.replaceAll('_', ''))
}

/** The JavaScript number of an int argument such as an index or a width. */
export function indexOf(value: Value, what = 'an integer is required'): number {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'bigint') return value < 0n ? -Number.MAX_SAFE_INTEGER : Number.MAX_SAFE_INTEGER
  return raise('TypeError', what)
}
