// `x.name`, `x['key']` and method calls. This is the sandbox's gate: nothing of a JavaScript object can be
// reached from a template except what the tables and protocols named here offer.
import { boundMethod, callValue, type Method } from './calls.ts'
import { Dict, PySet } from './dict.ts'
import { dictMethods, setMethods } from './dict-methods.ts'
import { escapeHtml } from './escape.ts'
import { listMethods, tupleMethods } from './list-methods.ts'
import { floatAttribute, floatMethods, intAttribute, intMethods } from './number-methods.ts'
import { repr } from './repr.ts'
import { elementAt, maybeSlice, type Slice } from './sequences.ts'
import { type FieldAccess, strFormat, strFormatMap } from './str-format.ts'
import { strMethods } from './str-methods.ts'
import {
  Float,
  HostObject,
  isInt,
  isText,
  type Kwargs,
  Markup,
  Namespace,
  Range,
  raise,
  Tuple,
  textOf,
  typeName,
  Undefined,
  type Value,
} from './value.ts'

/** Fields of format strings reach into values as templates do. */
const fieldAccess: FieldAccess = { attribute: getAttribute, item: getItem }

const format: Method<string> = (self, args, kwargs) => strFormat(self, args, kwargs, fieldAccess)

const formatMap: Method<string> = (self, args) => {
  const [mapping] = args
  if (mapping === undefined)
    return raise('TypeError', 'str.format_map() takes exactly one argument (0 given)')
  return strFormatMap(self, (name) => ownItem(mapping, name) ?? raise('KeyError', repr(name)), fieldAccess)
}

function strMethod(name: string): Method<string> | undefined {
  if (name === 'format') return format
  return name === 'format_map' ? formatMap : strMethods.get(name)
}

/** Runs a str method on Markup: arguments are escaped first and the resulting text is Markup again. */
function markupMethod(method: Method<string>): Method<Markup> {
  return (self, args, kwargs) => {
    const safe = (value: Value): Value => (typeof value === 'string' ? escapeHtml(value).text : value)
    const safeKwargs = Object.create(null) as Record<string, Value>
    for (const name of Object.keys(kwargs)) safeKwargs[name] = safe(kwargs[name]!)
    return markUp(
      method(
        self.text,
        args.map((arg) => (Array.isArray(arg) ? arg.map(safe) : safe(arg))),
        safeKwargs,
      ),
    )
  }
}

function markUp(value: Value): Value {
  if (typeof value === 'string') return new Markup(value)
  if (Array.isArray(value)) return value.map(markUp)
  return value instanceof Tuple ? new Tuple(value.items.map(markUp)) : value
}

/** The method of a built-in value, not yet bound. */
function methodOf(
  value: Value,
  name: string,
): ((args: readonly Value[], kwargs: Kwargs) => Value) | undefined {
  const bindTo = <Self>(self: Self, method: Method<Self> | undefined) =>
    method && ((args: readonly Value[], kwargs: Kwargs) => method(self, args, kwargs))
  if (typeof value === 'string') return bindTo(value, strMethod(name))
  if (Array.isArray(value)) return bindTo(value, listMethods.get(name))
  if (value instanceof Dict) return bindTo(value, dictMethods.get(name))
  if (value instanceof Tuple) return bindTo(value.items, tupleMethods.get(name))
  if (value instanceof Range) return bindTo([...value], tupleMethods.get(name))
  if (value instanceof PySet) return bindTo(value, setMethods.get(name))
  if (value instanceof Float) return bindTo(value, floatMethods.get(name))
  if (isInt(value)) return bindTo(typeof value === 'boolean' ? Number(value) : value, intMethods.get(name))
  if (!(value instanceof Markup)) return undefined
  if (name === 'unescape' || name === 'striptags') return undefined
  const method = strMethod(name)
  return method && bindTo(value, markupMethod(method))
}

/** Whether a built-in value has a method. */
export function hasMethod(value: Value, name: string): boolean {
  return !name.startsWith('_') && methodOf(value, name) !== undefined
}

/** What Python's getattr finds on a value itself. */
function ownAttribute(value: Value, name: string): Value | undefined {
  if (value instanceof HostObject) return value.protocol.attribute?.(name)
  if (value instanceof Namespace) return value.attributes.get(name)
  if (value instanceof Undefined) return undefined
  if (value instanceof Range && ['start', 'stop', 'step'].includes(name)) return value[name as 'start']
  if (value instanceof Tuple && value.names?.includes(name)) return value.items[value.names.indexOf(name)]
  const method = methodOf(value, name)
  if (method) return boundMethod(typeName(value), name, method)
  if (value instanceof Float) return floatAttribute(value, name)
  return isInt(value) ? intAttribute(typeof value === 'boolean' ? Number(value) : value, name) : undefined
}

/** What `value[key]` finds in a container. */
function ownItem(value: Value, key: Value): Value | undefined {
  if (value instanceof Dict) return value.get(key)
  if (value instanceof HostObject) return value.protocol.item?.(key)
  if (typeof key === 'number' || typeof key === 'boolean') return elementAt(value, Number(key))
  return undefined
}

function missing(value: Value, name: Value): Undefined {
  if (typeof name === 'string') return new Undefined(`${describe(value)} has no attribute ${repr(name)}`)
  return new Undefined(`${describe(value)} has no element ${repr(name)}`)
}

function describe(value: Value): string {
  if (value === null) return 'None'
  return `'${typeName(value)} object'`
}

function unsafe(value: Value, name: string): Undefined {
  return new Undefined(
    `access to attribute '${name}' of '${typeName(value)}' object is unsafe.`,
    'SecurityError',
  )
}

/** Attributes that exist in Python on every object; the sandbox hides them all. */
function isHidden(value: Value, name: string): boolean {
  return name.startsWith('__') && name.endsWith('__') && !(value instanceof Dict && value.has(name))
}

/** `value.name`: the attribute, else the item of that name, else undefined. */
export function getAttribute(value: Value, name: string): Value {
  if (value instanceof Undefined) return value.lenient ? value : value.fail()
  const own = name.startsWith('_') ? undefined : ownAttribute(value, name)
  if (own !== undefined) return own
  const item = ownItem(value, name)
  if (item !== undefined) return item
  return isHidden(value, name) ? unsafe(value, name) : missing(value, name)
}

/** `value[key]`: the item, else (for a string key) the attribute of that name, else undefined. */
export function getItem(value: Value, key: Value): Value {
  if (value instanceof Undefined) return value.lenient ? value : value.fail()
  const item = hasItems(value, key) ? ownItem(value, key) : undefined
  if (item !== undefined) return item
  if (!isText(key)) return missing(value, key)
  const name = textOf(key)
  const own = name.startsWith('_') ? undefined : ownAttribute(value, name)
  if (own !== undefined) return own
  return isHidden(value, name) ? unsafe(value, name) : missing(value, name)
}

/** A dict refuses unhashable keys with an error in Python, which Jinja takes as "not there". */
function hasItems(value: Value, key: Value): boolean {
  return !(value instanceof Dict && (Array.isArray(key) || key instanceof Dict || key instanceof PySet))
}

/** `value[start:stop:step]`; what can't be sliced raises, or is undefined when `maybe` says so. */
export function getSlice(value: Value, slice: Slice, maybe = false): Value {
  if (value instanceof Undefined) return value.lenient ? value : value.fail()
  const sliced = maybeSlice(value, slice)
  if (sliced !== undefined) return sliced
  if (value instanceof HostObject) {
    const whole = value.protocol.iterate && value.protocol.item ? [...value.protocol.iterate()] : undefined
    if (whole && value.protocol.like === 'sequence') return maybeSlice(whole, slice)!
  }
  if (maybe) return missing(value, 'slice')
  return raise('TypeError', `'${typeName(value)}' object is not subscriptable`)
}

/** `value.name(…)` without making the bound method first. */
export function callMethod(value: Value, name: string, args: readonly Value[], kwargs: Kwargs): Value {
  if (!name.startsWith('_')) {
    const method = methodOf(value, name)
    if (method) return method(args, kwargs)
  }
  return callValue(getAttribute(value, name), args, kwargs)
}

/** The attribute of a value by getattr alone (never an item), as the filter `attr` looks. */
export function attributeOnly(value: Value, name: string): Value {
  if (value instanceof Undefined) return value.fail()
  const own = name.startsWith('_') ? undefined : ownAttribute(value, name)
  return own ?? missing(value, name)
}
