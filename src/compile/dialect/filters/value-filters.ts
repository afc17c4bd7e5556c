// Filters on numbers and on values of any kind, and dbt's filters that say what type a text shall become.
import { roundDouble } from '../values/float-format.ts'
import { dumpJson } from '../values/json.ts'
import {
  divideNumbers,
  intOfDouble,
  maybeNumeric,
  multiplyNumbers,
  negate,
  parseFloatText,
  parseInteger,
  powerNumbers,
  toDouble,
} from '../values/numbers.ts'
import { truth } from '../values/sequences.ts'
import {
  Float,
  HostObject,
  isText,
  Markup,
  raise,
  textOf,
  typeName,
  Undefined,
  type Value,
} from '../values/value.ts'
import { type Filter, filter, intArgument, type Maybe } from './filter.ts'
import { prettyPrint } from './pretty-print.ts'

function toInt(value: Value, missing: Maybe, base: Maybe): Value {
  const fallback = missing === undefined ? 0 : missing
  if (isText(value)) {
    const whole = parseInteger(textOf(value), intArgument(base, 10))
    if (whole !== undefined) return whole
    const broken = parseFloatText(textOf(value))
    return broken === undefined || !Number.isFinite(broken) ? fallback : intOfDouble(broken)
  }
  const numeric = maybeNumeric(value)
  if (numeric === undefined) {
    if (value instanceof Undefined) value.fail()
    return fallback
  }
  if (!(numeric instanceof Float)) return numeric
  return Number.isNaN(numeric.value) ? fallback : intOfDouble(numeric.value)
}

function toFloat(value: Value, missing: Maybe): Value {
  const fallback = missing === undefined ? new Float(0) : missing
  if (isText(value)) {
    const double = parseFloatText(textOf(value))
    return double === undefined ? fallback : new Float(double)
  }
  if (value instanceof Undefined) value.fail()
  const numeric = maybeNumeric(value)
  return numeric === undefined ? fallback : new Float(toDouble(numeric))
}

function round(value: Value, precision: Maybe, method: Maybe): Value {
  const how = method === undefined ? 'common' : isText(method) ? textOf(method) : ''
  if (!['common', 'ceil', 'floor'].includes(how))
    raise('FilterArgumentError', 'method must be common, ceil or floor')
  const digits = intArgument(precision, 0)
  const numeric = maybeNumeric(value)
  if (numeric === undefined) {
    if (value instanceof Undefined) value.fail()
    return raise('TypeError', `type ${typeName(value)} doesn't define __round__ method`)
  }
  if (how === 'common') {
    if (numeric instanceof Float) return new Float(roundDouble(numeric.value, digits))
    return digits >= 0 ? numeric : intOfDouble(roundDouble(Number(numeric), digits))
  }
  const scale = powerNumbers(10, digits)
  const scaled = toDouble(multiplyNumbers(numeric, scale))
  return divideNumbers(intOfDouble(how === 'ceil' ? Math.ceil(scaled) : Math.floor(scaled)), scale)
}

function absolute(value: Value): Value {
  const numeric = maybeNumeric(value)
  if (numeric === undefined) {
    const own = value instanceof HostObject ? value.protocol.binary?.('abs', null, false) : undefined
    if (own !== undefined) return own
    if (value instanceof Undefined) value.fail()
    return raise('TypeError', `bad operand type for abs(): '${typeName(value)}'`)
  }
  if (numeric instanceof Float) return new Float(Math.abs(numeric.value))
  return numeric < 0 ? negate(numeric) : numeric
}

function defaulted(value: Value, fallback: Maybe, boolean: Maybe): Value {
  const isMissing = value instanceof Undefined || (truth(boolean ?? false) && !truth(value))
  if (!isMissing) return value
  // None is a default like any other.
  return fallback === undefined ? '' : fallback
}

const unsafe: Record<string, string> = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026', "'": '\\u0027' }

function toJson(value: Value, indent: Maybe): Value {
  const style = {
    sortKeys: true,
    indent: indent === undefined || indent === null ? null : intArgument(indent, 0),
  }
  return new Markup(dumpJson(value, style).replace(/[<>&']/g, (char) => unsafe[char]!))
}

/** What dbt's filters mark a text as, for native rendering. */
export type NativeMark = 'text' | 'native' | 'bool' | 'number'

/** A text marked by `as_text`, `as_bool`, `as_number` or `as_native`. */
export class MarkedText extends Markup {
  readonly mark: NativeMark
  constructor(text: string, mark: NativeMark) {
    super(text)
    this.mark = mark
  }
}

/** Filters on values of any kind by name. */
export const valueFilters: Record<string, (name: string) => Filter> = {
  int: filter(['default', 'base'], toInt),
  float: filter(['default'], toFloat),
  round: filter(['precision', 'method'], round),
  abs: filter([], absolute),
  default: filter(['default_value', 'boolean'], defaulted),
  d: filter(['default_value', 'boolean'], defaulted),
  pprint: filter([], (value) => prettyPrint(value)),
  tojson: filter(['indent'], toJson),
}
