// What +, -, *, /, //, %, ** and ~ do to every pair of types, raising where Python raises.
import { PySet } from './dict.ts'
import { escapeArgument, escapeHtml } from './escape.ts'
import {
  addNumbers,
  divideNumbers,
  floorDivideNumbers,
  maybeNumeric,
  moduloNumbers,
  multiplyNumbers,
  type Numeric,
  negate,
  powerNumbers,
  subtractNumbers,
} from './numbers.ts'
import { percentFormat, percentFormatMarkup } from './percent-format.ts'
import { str } from './repr.ts'
import {
  Float,
  HostObject,
  isText,
  Markup,
  raise,
  Tuple,
  textOf,
  typeName,
  Undefined,
  type Value,
} from './value.ts'

/** The most characters or items that a repetition may make. */
const maxRepeated = 50_000_000

function unsupported(operator: string, a: Value, b: Value): never {
  if (a instanceof Undefined) a.fail()
  if (b instanceof Undefined) b.fail()
  return raise(
    'TypeError',
    `unsupported operand type(s) for ${operator}: '${typeName(a)}' and '${typeName(b)}'`,
  )
}

/** Lets host objects (dates, deltas) take part in an operation, else raises. */
function hosted(operator: string, a: Value, b: Value): Value {
  const left = a instanceof HostObject ? a.protocol.binary?.(operator, b, false) : undefined
  if (left !== undefined) return left
  const right = b instanceof HostObject ? b.protocol.binary?.(operator, a, true) : undefined
  return right ?? unsupported(operator === '**' ? '** or pow()' : operator, a, b)
}

function arithmetic(
  operator: string,
  a: Value,
  b: Value,
  compute: (x: Numeric, y: Numeric) => Numeric,
): Value {
  const [x, y] = [maybeNumeric(a), maybeNumeric(b)]
  if (x !== undefined && y !== undefined) return compute(x, y)
  return hosted(operator, a, b)
}

/** a + b */
export function add(a: Value, b: Value): Value {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (Number.isSafeInteger(sum)) return sum
  }
  if (typeof a === 'string' && typeof b === 'string') return a + b
  if (isText(a) && isText(b)) return new Markup(escapeHtml(a).text + escapeHtml(b).text)
  if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b]
  if (a instanceof Tuple && b instanceof Tuple) return new Tuple([...a.items, ...b.items])
  const [x, y] = [maybeNumeric(a), maybeNumeric(b)]
  if (x !== undefined && y !== undefined) return addNumbers(x, y)
  if (a instanceof HostObject || b instanceof HostObject) return hosted('+', a, b)
  return refuseAdd(a, b)
}

function refuseAdd(a: Value, b: Value): never {
  if (b instanceof Undefined) b.fail()
  const name = typeName(b)
  if (isText(a)) raise('TypeError', `can only concatenate str (not "${name}") to str`)
  if (Array.isArray(a)) raise('TypeError', `can only concatenate list (not "${name}") to list`)
  if (a instanceof Tuple) raise('TypeError', `can only concatenate tuple (not "${name}") to tuple`)
  return unsupported('+', a, b)
}

/** a - b */
export function subtract(a: Value, b: Value): Value {
  if (a instanceof PySet && b instanceof PySet) return new PySet([...a].filter((item) => !b.has(item)))
  return arithmetic('-', a, b, subtractNumbers)
}

/** a * b */
export function multiply(a: Value, b: Value): Value {
  const [x, y] = [maybeNumeric(a), maybeNumeric(b)]
  if (x !== undefined && y !== undefined) return multiplyNumbers(x, y)
  if (y !== undefined && isRepeatable(a)) return repeat(a, y)
  if (x !== undefined && isRepeatable(b)) return repeat(b, x)
  if (isRepeatable(a) && !(b instanceof Undefined))
    return raise('TypeError', `can't multiply sequence by non-int of type '${typeName(b)}'`)
  return hosted('*', a, b)
}

type Repeatable = string | Markup | Value[] | Tuple

function isRepeatable(value: Value): value is Repeatable {
  return isText(value) || Array.isArray(value) || value instanceof Tuple
}

function repeat(sequence: Repeatable, by: Numeric): Value {
  if (by instanceof Float) return raise('TypeError', "can't multiply sequence by non-int of type 'float'")
  const times = Math.max(0, Number(by))
  const items = isText(sequence) ? textOf(sequence) : sequence instanceof Tuple ? sequence.items : sequence
  if (items.length * times > maxRepeated) raise('OverflowError', 'the repetition is too long')
  if (isText(sequence)) {
    const text = textOf(sequence).repeat(times)
    return sequence instanceof Markup ? new Markup(text) : text
  }
  const repeated = Array.from({ length: times }, () => items as readonly Value[]).flat()
  return sequence instanceof Tuple ? new Tuple(repeated) : repeated
}

/** a / b */
export function divide(a: Value, b: Value): Value {
  return arithmetic('/', a, b, divideNumbers)
}

/** a // b */
export function floorDivide(a: Value, b: Value): Value {
  return arithmetic('//', a, b, floorDivideNumbers)
}

/** a % b: a rest, or formatting when a is a string */
export function modulo(a: Value, b: Value): Value {
  if (typeof a === 'string') return percentFormat(a, b)
  if (a instanceof Markup) return percentFormatMarkup(a, b, escapeArgument)
  return arithmetic('%', a, b, moduloNumbers)
}

/** a ** b */
export function power(a: Value, b: Value): Value {
  return arithmetic('**', a, b, powerNumbers)
}

/** -a */
export function negative(a: Value): Value {
  const numeric = maybeNumeric(a)
  if (numeric !== undefined) return negate(numeric)
  return unary('-', a)
}

/** +a */
export function positive(a: Value): Value {
  return maybeNumeric(a) ?? unary('+', a)
}

function unary(operator: string, a: Value): Value {
  if (a instanceof Undefined) a.fail()
  const own = a instanceof HostObject ? a.protocol.binary?.(`unary${operator}`, null, false) : undefined
  return own ?? raise('TypeError', `bad operand type for unary ${operator}: '${typeName(a)}'`)
}

/** `a ~ b ~ c` */
export function concatenate(values: readonly Value[]): string {
  return values.map(str).join('')
}
