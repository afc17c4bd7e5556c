// The values a template computes with. Plain JavaScript stands for itself where Python has the same thing
// (null is None, string is str, array is list); a small class stands in where JavaScript has no such thing.

/** Keyword arguments of a call: a record without a prototype. */
export type Kwargs = Readonly<Record<string, Value>>

/** A Python value. An int is a `number` while it is safe and a `bigint` beyond; a float is always a `Float`. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Value[]
  | Float
  | Tuple
  | DictLike
  | SetLike
  | Undefined
  | Markup
  | Lazy
  | Range
  | Namespace
  | HostObject

/** The names of the Python exceptions that can be raised here. */
export type PyErrorType =
  | 'TypeError'
  | 'ValueError'
  | 'KeyError'
  | 'IndexError'
  | 'AttributeError'
  | 'ZeroDivisionError'
  | 'OverflowError'
  | 'RuntimeError'
  | 'RecursionError'
  | 'UndefinedError'
  | 'SecurityError'
  | 'StopIteration'
  | 'FilterArgumentError'
  | 'TemplateRuntimeError'
  | 'TemplateNotFound'
  | 'UnknownTimeZoneError'

/** A Python exception on its way up; it gets its place when it leaves the template. */
export class PyError extends Error {
  readonly type: PyErrorType
  constructor(type: PyErrorType, message: string) {
    super(message)
    this.name = type
    this.type = type
  }
}

/** Raises a Python exception. */
export function raise(type: PyErrorType, message: string): never {
  throw new PyError(type, message)
}

/** A Python float, apart from int even when whole: `1.0` prints as `1.0`. */
export class Float {
  readonly value: number
  /** How it prints, for a number that comes with its digits, such as a numeric of the database: `10.50`. */
  readonly written: string | undefined
  constructor(value: number, written?: string) {
    this.value = value
    this.written = written
  }
}

/** A Python tuple; a named one can also be read by name. */
export class Tuple {
  readonly items: readonly Value[]
  readonly names: readonly string[] | undefined
  constructor(items: readonly Value[], names?: readonly string[]) {
    this.items = items
    this.names = names
  }
}

/** A string marked as safe for HTML, as the filters `safe`, `escape` and `tojson` return. */
export class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toString(): string {
    return this.text
  }
}

/** What a name or attribute gives that does not exist; most uses of it raise. */
export class Undefined {
  readonly message: string
  readonly error: PyErrorType
  /** While a project is parsed, attributes and calls of an undefined are undefined again. */
  readonly lenient: boolean
  constructor(message: string, error: PyErrorType = 'UndefinedError', lenient = false) {
    this.message = message
    this.error = error
    this.lenient = lenient
  }
  /** Raises what Python raises when this is used. */
  fail(): never {
    return raise(this.error, this.message)
  }
}

/** An iterator (generator, map, zip …): consumed once. */
export class Lazy {
  readonly typeName: string
  readonly iterator: Iterator<Value>
  constructor(typeName: string, iterator: Iterator<Value>) {
    this.typeName = typeName
    this.iterator = iterator
  }
  [Symbol.iterator](): Iterator<Value> {
    return { next: () => this.iterator.next() }
  }
}

/** Python's `range`. */
export class Range {
  readonly start: number
  readonly stop: number
  readonly step: number
  readonly length: number
  constructor(start: number, stop: number, step: number) {
    this.start = start
    this.stop = stop
    this.step = step
    this.length = Math.max(0, Math.ceil((stop - start) / step))
  }
  *[Symbol.iterator](): Iterator<Value> {
    for (let i = 0; i < this.length; i++) yield this.start + i * this.step
  }
}

/** Jinja's `namespace()`: the one thing whose attributes `set` can assign. */
export class Namespace {
  readonly attributes = new Map<string, Value>()
}

/** What the embedder (or a module) says about one of its objects; every hook is optional. */
export interface HostProtocol {
  /** The name of its type in messages. */
  readonly type: string
  attribute?(name: string): Value | undefined
  item?(key: Value): Value | undefined
  call?(args: readonly Value[], kwargs: Kwargs): Value
  str?(): string
  repr?(): string
  format?(spec: string): string
  truth?(): boolean
  length?(): number
  iterate?(): Iterable<Value>
  contains?(value: Value): boolean
  equals?(other: Value): boolean | undefined
  /** Negative, zero or positive; undefined when the two can't be ordered. */
  compare?(other: Value): number | undefined
  hashKey?(): string
  /** `self op other`, or `other op self` when reflected; undefined when not supported. */
  binary?(operator: string, other: Value, reflected: boolean): Value | undefined
  toJs?(): unknown
  /** Which of Jinja's tests `mapping` and `sequence` hold. */
  readonly like?: 'mapping' | 'sequence'
}

/** An object of the embedder: a template can do with it what its protocol offers and nothing else. */
export class HostObject {
  readonly protocol: HostProtocol
  constructor(protocol: HostProtocol) {
    this.protocol = protocol
  }
}

/** Wraps an object of the embedder. */
export function hostObject(protocol: HostProtocol): HostObject {
  return new HostObject(protocol)
}

/** Wraps a function of the embedder; it gets positional and keyword arguments. */
export function hostFunction(
  name: string,
  call: (args: readonly Value[], kwargs: Kwargs) => Value,
  type = 'function',
): HostObject {
  return new HostObject({ type, call, repr: () => `<${type} ${name}>` })
}

/** The part of a dict that a value needs to know; `Dict` is the only one. */
export interface DictLike {
  readonly kind: 'dict'
  readonly entries: Map<unknown, [Value, Value]>
}

/** The part of a set that a value needs to know; `PySet` is the only one. */
export interface SetLike {
  readonly kind: 'set'
  readonly entries: Map<unknown, Value>
}

/** Whether a value is a string, marked up or not. */
export function isText(value: Value): value is string | Markup {
  return typeof value === 'string' || value instanceof Markup
}

/** The characters of a string or Markup. */
export function textOf(value: string | Markup): string {
  return typeof value === 'string' ? value : value.text
}

/** Whether a value is an int (a bool is one too). */
export function isInt(value: Value): value is number | bigint | boolean {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
}

/** Whether a value is callable. */
export function isCallable(value: Value): boolean {
  return (
    (value instanceof HostObject && value.protocol.call !== undefined) ||
    (value instanceof Undefined && value.error !== 'SecurityError')
  )
}

const namesOfTypes: Record<string, string> = {
  boolean: 'bool',
  number: 'int',
  bigint: 'int',
  string: 'str',
}

/** The name of a value's type in Python. */
export function typeName(value: Value): string {
  if (value === null) return 'NoneType'
  const simple = namesOfTypes[typeof value]
  if (simple) return simple
  if (Array.isArray(value)) return 'list'
  if (value instanceof Float) return 'float'
  if (value instanceof Tuple) return 'tuple'
  if (value instanceof Markup) return 'Markup'
  if (value instanceof Undefined) return 'Undefined'
  if (value instanceof Lazy) return value.typeName
  if (value instanceof Range) return 'range'
  if (value instanceof Namespace) return 'Namespace'
  if (value instanceof HostObject) return value.protocol.type
  return (value as DictLike | SetLike).kind
}
