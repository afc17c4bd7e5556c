// What generated code calls. One runtime serves one run of a template's or a macro's code.
import { throughFrame } from './failure.ts'
import { LoopContext } from './loop.ts'
import { OutputBuffer } from './output-buffer.ts'
import type { Session } from './session.ts'
import type { ParsedTemplate, TemplateBlock } from './template.ts'
import { callMethod, getAttribute, getItem, getSlice, hasMethod } from './values/attributes.ts'
import { callValue } from './values/calls.ts'
import { equals, ordered } from './values/compare.ts'
import { Dict } from './values/dict.ts'
import { escapeHtml } from './values/escape.ts'
import * as operators from './values/operators.ts'
import { str } from './values/repr.ts'
import { contains, iterate, truth, unpack } from './values/sequences.ts'
import {
  Float,
  HostObject,
  type Kwargs,
  Markup,
  Namespace,
  raise,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values/value.ts'

/** The facts by which a macro's arguments are bound. */
export interface Signature {
  readonly name: string
  readonly names: readonly string[]
  readonly usesCaller: boolean
  readonly usesKwargs: boolean
  readonly usesVarargs: boolean
}

/** Bound arguments; a parameter without a value is undefined. */
interface Bound {
  readonly values: readonly (Value | undefined)[]
  readonly caller: Value
  readonly kwargs: Value
  readonly varargs: Value
}

type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in'

/** The operations of one run of generated code. */
export class Runtime {
  readonly truth = truth
  readonly add = operators.add
  readonly subtract = operators.subtract
  readonly multiply = operators.multiply
  readonly divide = operators.divide
  readonly floorDivide = operators.floorDivide
  readonly modulo = operators.modulo
  readonly power = operators.power
  readonly negative = operators.negative
  readonly positive = operators.positive
  readonly attribute: typeof getAttribute
  readonly item: typeof getItem
  readonly callMethod: typeof callMethod
  readonly call = callValue
  readonly iterate = iterate
  readonly unpack = unpack
  private readonly session: Session
  private readonly template: ParsedTemplate
  private readonly block: TemplateBlock | null

  constructor(session: Session, template: ParsedTemplate, block: TemplateBlock | null) {
    this.session = session
    this.template = template
    this.block = block
    const lenient = session.lenient && block === null
    this.attribute = lenient ? (value, name) => orLenient(getAttribute(value, name)) : getAttribute
    this.item = lenient ? (value, key) => orLenient(getItem(value, key)) : getItem
    this.callMethod = lenient ? callLeniently : callMethod
  }

  /** A buffer for what this code writes. */
  buffer(native = false): OutputBuffer {
    return new OutputBuffer(this.template, this.block?.name ?? null, this.session.written, native)
  }

  /** An error on its way through this code, with the place reached. */
  located(error: unknown, pos: number): unknown {
    return throughFrame(error, { source: this.template, macro: this.block?.name ?? null, pos })
  }

  /** The value of a name that is no variable of the template. */
  get(name: string): Value {
    const value = this.session.find(name, this.block)
    if (value !== undefined) return value
    const own = this.template.blocks.find((block) => block.kind === 'macro' && block.name === name)
    if (own) return this.session.macro(own)
    return new Undefined(
      `'${name}' is undefined`,
      'UndefinedError',
      this.session.lenient && this.block === null,
    )
  }

  missing(name: string): Value {
    return new Undefined(`parameter '${name}' was not provided`)
  }

  noElse(line: number): Value {
    return new Undefined(
      `the inline if-expression on line ${line} evaluated to false and no else section was defined.`,
    )
  }

  refuse(message: string): never {
    return raise('TemplateRuntimeError', message)
  }

  float(value: number): Float {
    return new Float(value)
  }

  tuple(items: readonly Value[]): Tuple {
    return new Tuple(items)
  }

  dict(pairs: readonly (readonly [Value, Value])[]): Dict {
    return Dict.of(pairs)
  }

  concatenate(values: readonly Value[], out: OutputBuffer): Value {
    if (!out.autoescape) return values.map(str).join('')
    return new Markup(values.map((value) => escapeHtml(value).text).join(''))
  }

  slice(value: Value, start: Value, stop: Value, step: Value, isConstant: boolean): Value {
    return getSlice(value, { start, stop, step }, isConstant)
  }

  and(left: Value, right: () => Value): Value {
    return truth(left) ? right() : left
  }

  or(left: Value, right: () => Value): Value {
    return truth(left) ? left : right()
  }

  compare(operator: Comparison, left: Value, right: Value): boolean {
    switch (operator) {
      case '==':
        return equals(left, right)
      case '!=':
        return !equals(left, right)
      case 'in':
        return contains(right, left)
      case 'not in':
        return !contains(right, left)
      default:
        return ordered(operator, left, right)
    }
  }

  /** `a < b < c`: each operand is computed once, and only while the comparisons hold. */
  chain(first: Value, rest: readonly (readonly [Comparison, () => Value])[]): boolean {
    let left = first
    for (const [operator, compute] of rest) {
      const right = compute()
      if (!this.compare(operator, left, right)) return false
      left = right
    }
    return true
  }

  spread(args: readonly Value[], more: Value): readonly Value[] {
    return [...args, ...iterate(more)]
  }

  spreadKeywords(kwargs: Kwargs, more: Value): Kwargs {
    const all = Object.assign(Object.create(null) as Record<string, Value>, kwargs)
    for (const [name, value] of keywordPairs(more)) {
      if (typeof name !== 'string') raise('TypeError', 'keywords must be strings')
      if (name in kwargs) raise('TypeError', `got multiple values for keyword argument '${name}'`)
      all[name] = value
    }
    return all
  }

  filter(name: string, target: Value, args: readonly Value[], kwargs: Kwargs): Value {
    return this.session.settings.filter(this.session, name, [target, ...args], kwargs)
  }

  test(name: string, target: Value, args: readonly Value[], kwargs: Kwargs): boolean {
    return this.session.settings.test(this.session, name, [target, ...args], kwargs)
  }

  extension(name: string, method: string, args: readonly Value[], bodies: readonly (() => Value)[]): Value {
    return this.session.settings.extension(name, method, args, bodies)
  }

  /** The values for which the loop's own condition holds. */
  *filtered(values: Value, holds: (item: Value) => boolean): Generator<Value> {
    for (const item of iterate(values)) if (holds(item)) yield item
  }

  loop(
    values: Iterable<Value>,
    depth: number,
    again: ((values: Value, depth: number) => Value) | null,
  ): LoopContext {
    return new LoopContext(values, depth, again && ((deeper) => again(deeper, depth + 1)))
  }

  setNamespace(target: Value, name: string, value: Value): void {
    if (!(target instanceof Namespace))
      raise('TemplateRuntimeError', 'cannot assign attribute on non-namespace object')
    else target.attributes.set(name, value)
  }

  /** The `caller` of a call block, or a macro inside a macro. */
  caller(signature: Signature, call: (args: readonly Value[], kwargs: Kwargs) => Value): HostObject {
    // What a call block hands over has no name in Jinja.
    const name = signature.name === 'caller' ? 'anonymous' : `'${signature.name}'`
    return new HostObject({ type: 'Macro', call, repr: () => `<Macro ${name}>` })
  }

  /** Binds the arguments of a macro as Jinja does. */
  bind(signature: Signature, args: readonly Value[], kwargs: Kwargs): Bound {
    const { name, names } = signature
    const rest = Object.assign(Object.create(null) as Record<string, Value>, kwargs)
    const values = names.map((parameter, at) => {
      if (at < args.length) return args[at]
      const value = rest[parameter]
      delete rest[parameter]
      return value
    })
    const caller = this.takeCaller(signature, rest)
    const left = Object.keys(rest)
    if (!signature.usesKwargs && left.length > 0)
      raise(
        'TypeError',
        left.includes('caller')
          ? `macro '${name}' was invoked with two values for the special caller argument.`
          : `macro '${name}' takes no keyword argument '${left[0]}'`,
      )
    if (!signature.usesVarargs && args.length > names.length)
      raise('TypeError', `macro '${name}' takes not more than ${names.length} argument(s)`)
    return {
      values,
      caller,
      kwargs: signature.usesKwargs ? Dict.of(left.map((key) => [key, rest[key]!] as const)) : null,
      varargs: signature.usesVarargs ? new Tuple(args.slice(names.length)) : null,
    }
  }

  private takeCaller(signature: Signature, rest: Record<string, Value>): Value {
    const given = rest['caller']
    if (!signature.usesCaller) return null
    delete rest['caller']
    return given ?? new Undefined('No caller defined')
  }
}

/** While a project is parsed, what a value lacks is undefined in the way of a name that is not there. */
function orLenient(value: Value): Value {
  return value instanceof Undefined && !value.lenient
    ? new Undefined(value.message, value.error, true)
    : value
}

const callLeniently: typeof callMethod = (value, name, args, kwargs) =>
  hasMethod(value, name)
    ? callMethod(value, name, args, kwargs)
    : callValue(orLenient(getAttribute(value, name)), args, kwargs)

function keywordPairs(value: Value): Iterable<readonly [Value, Value]> {
  if (value instanceof Dict) return value.entries.values()
  if (value instanceof HostObject && value.protocol.like === 'mapping')
    return [...iterate(value)].map((key) => [key, value.protocol.item?.(key) ?? null] as const)
  return raise('TypeError', `argument after ** must be a mapping, not ${typeName(value)}`)
}
