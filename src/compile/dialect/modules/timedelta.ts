// Python's datetime.timedelta.
import { bind } from '../values/arguments.ts'
import { maybeNumeric, normalInt, toDouble } from '../values/numbers.ts'
import {
  Float,
  HostObject,
  hostFunction,
  isInt,
  type Kwargs,
  raise,
  typeName,
  type Value,
} from '../values/value.ts'
import { day, floorDivide, floorModulo, minute, padded, second } from './calendar.ts'

/** A span of time in microseconds. */
export class TimeDelta extends HostObject {
  readonly micros: bigint
  constructor(micros: bigint) {
    super({
      type: 'datetime.timedelta',
      attribute: (name) => attribute(micros, name),
      str: () => text(micros),
      repr: () => code(micros),
      truth: () => micros !== 0n,
      equals: (other) => other instanceof TimeDelta && other.micros === micros,
      compare: (other) => (other instanceof TimeDelta ? Number(micros - other.micros) : undefined),
      hashKey: () => `\0timedelta ${micros}`,
      binary: (operator, other, reflected) => combine(micros, operator, other, reflected),
    })
    this.micros = micros
    if (micros > 86_399_999_999_999_999_999n || micros < -86_399_999_913_600_000_000n)
      raise('OverflowError', 'days=%d; must have magnitude <= 999999999')
  }
}

function split(micros: bigint): { days: number; seconds: number; microseconds: number } {
  const rest = floorModulo(micros, day)
  return {
    days: Number(floorDivide(micros, day)),
    seconds: Number(rest / second),
    microseconds: Number(rest % second),
  }
}

function attribute(micros: bigint, name: string): Value | undefined {
  if (name === 'total_seconds')
    return hostFunction('total_seconds', () => new Float(Number(micros) / 1_000_000))
  const parts: Record<string, Value> = split(micros)
  return Object.hasOwn(parts, name) ? parts[name] : undefined
}

function text(micros: bigint): string {
  const { days, seconds, microseconds } = split(micros)
  const clock = `${Math.floor(seconds / 3600)}:${padded(Math.floor(seconds / 60) % 60)}:${padded(seconds % 60)}`
  const fraction = microseconds === 0 ? '' : `.${padded(microseconds, 6)}`
  if (days === 0) return clock + fraction
  return `${days} day${Math.abs(days) === 1 ? '' : 's'}, ${clock}${fraction}`
}

function code(micros: bigint): string {
  const parts = Object.entries(split(micros)).filter(([, size]) => size !== 0)
  return `datetime.timedelta(${parts.map(([name, size]) => `${name}=${size}`).join(', ') || '0'})`
}

/** Rounds half to even, as timedelta does when it is multiplied or divided by a float. */
function roundToMicros(value: number): bigint {
  const whole = Math.floor(value)
  const rest = value - whole
  const up = rest > 0.5 || (rest === 0.5 && whole % 2 !== 0)
  return BigInt(up ? whole + 1 : whole)
}

function divideRound(a: bigint, b: bigint): bigint {
  const quotient = floorDivide(a, b)
  const twice = 2n * floorModulo(a, b)
  const size = b < 0n ? -b : b
  const rest = twice < 0n ? -twice : twice
  return rest > size || (rest === size && quotient % 2n !== 0n) ? quotient + 1n : quotient
}

function combine(micros: bigint, operator: string, other: Value, reflected: boolean): Value | undefined {
  if (operator === 'unary-') return new TimeDelta(-micros)
  if (operator === 'unary+') return new TimeDelta(micros)
  if (operator === 'abs') return new TimeDelta(micros < 0n ? -micros : micros)
  if (other instanceof TimeDelta) return withDelta(micros, operator, other.micros)
  const factor = maybeNumeric(other)
  if (factor === undefined) return undefined
  if (operator === '*')
    return new TimeDelta(
      isInt(other) ? micros * BigInt(other) : roundToMicros(Number(micros) * toDouble(factor)),
    )
  if (reflected) return undefined
  if (operator === '/')
    return new TimeDelta(
      isInt(other)
        ? divideRound(micros, nonZero(BigInt(other)))
        : roundToMicros(Number(micros) / toDouble(factor)),
    )
  return operator === '//' && isInt(other)
    ? new TimeDelta(floorDivide(micros, nonZero(BigInt(other))))
    : undefined
}

function nonZero(divisor: bigint): bigint {
  return divisor === 0n ? raise('ZeroDivisionError', 'integer division or modulo by zero') : divisor
}

function withDelta(a: bigint, operator: string, b: bigint): Value | undefined {
  switch (operator) {
    case '+':
      return new TimeDelta(a + b)
    case '-':
      return new TimeDelta(a - b)
    case '/':
      return new Float(Number(a) / Number(nonZero(b)))
    case '//':
      return normalInt(floorDivide(a, nonZero(b)))
    case '%':
      return new TimeDelta(floorModulo(a, nonZero(b)))
    default:
      return undefined
  }
}

const units: readonly (readonly [string, bigint])[] = [
  ['days', day],
  ['seconds', second],
  ['microseconds', 1n],
  ['milliseconds', 1000n],
  ['minutes', minute],
  ['hours', 60n * minute],
  ['weeks', 7n * day],
]

/** timedelta(days=0, seconds=0, …). */
export function makeTimeDelta(args: readonly Value[], kwargs: Kwargs): TimeDelta {
  const given = bind(
    'timedelta',
    units.map(([name]) => name),
    0,
    args,
    kwargs,
  )
  let whole = 0n
  let broken = 0
  given.forEach((value, at) => {
    if (value === undefined) return
    const [name, unit] = units[at]!
    const size = maybeNumeric(value)
    if (size === undefined)
      raise('TypeError', `unsupported type for timedelta ${name} component: ${typeName(value)}`)
    else if (size instanceof Float) broken += size.value * Number(unit)
    else whole += BigInt(size) * unit
  })
  return new TimeDelta(whole + roundToMicros(broken))
}
