import {
  bind,
  Dict,
  equals,
  type HostObject,
  hostFunction,
  hostObject,
  iterate,
  type Kwargs,
  PySet,
  raise,
  repr,
  Tuple,
  toJs,
  truth,
  type Value,
} from '../dialect/index.ts'

/*
 * agate's sequence that can have keys too: rows, columns, the rows and the columns of a table, and sets of tables.
 */

/** The keys of a sequence, and where each stands. */
export interface SequenceKeys {
  readonly list: readonly Value[]
  /** The position of a key; of equal keys the last one's. */
  readonly positions: Dict
}

/** Keys that many sequences, such as the rows of one table, can share. */
export function sequenceKeys(list: readonly Value[]): SequenceKeys {
  return { list, positions: Dict.of(list.map((key, at) => [key, at])) }
}

/** What a kind of sequence offers besides, or says otherwise. */
export interface SequenceExtras {
  readonly attributes?: Readonly<Record<string, () => Value>>
  readonly text?: () => string
}

/** A sequence: `x[0]`, `x['name']`, `x.values()`, `x.get('name')`. */
export function agateSequence(
  type: string,
  values: readonly Value[],
  keys: SequenceKeys | null,
  { attributes: more = {}, text }: SequenceExtras = {},
): HostObject {
  const byKey = (key: Value): Value | undefined => {
    const at = keys?.positions.get(key)
    return typeof at === 'number' ? values[at] : undefined
  }
  let made: Record<string, () => Value> | undefined
  const attributes = () => {
    made ??= { ...sequenceMethods(values, keys, byKey), ...more }
    return made
  }
  const sample = (): string =>
    `<agate.${type}: (${values.slice(0, 5).map(repr).join(', ')}${values.length > 5 ? ', ...' : ''})>`
  return hostObject({
    type,
    like: 'sequence',
    repr: text ?? sample,
    attribute: (name) => (Object.hasOwn(attributes(), name) ? attributes()[name]!() : undefined),
    item: (key) => {
      if (typeof key === 'number') return values[key < 0 ? values.length + key : key]
      const isHashable = !(Array.isArray(key) || key instanceof Dict || key instanceof PySet)
      return isHashable ? byKey(key) : undefined
    },
    iterate: () => values,
    length: () => values.length,
    truth: () => values.length > 0,
    equals: (other) => isSequence(other) && equals([...values], [...iterate(other)]),
    toJs: () =>
      type === 'Row'
        ? Object.fromEntries((keys?.list ?? []).map((key, at) => [key, toJs(values[at]!)]))
        : values.map(toJs),
  })
}

/** Whether agate takes a value for several names rather than one: lists and tuples, its own sequences, no strings. */
export function isSequence(value: Value): value is Value[] | Tuple | HostObject {
  if (Array.isArray(value) || value instanceof Tuple) return true
  return (value as HostObject | null)?.protocol?.like === 'sequence'
}

function sequenceMethods(
  values: readonly Value[],
  keys: SequenceKeys | null,
  byKey: (key: Value) => Value | undefined,
): Record<string, () => Value> {
  const method = (name: string, call: (args: readonly Value[], kwargs: Kwargs) => Value) => () =>
    hostFunction(name, call)
  const pairs = (): (readonly [Value, Value])[] =>
    (keys?.list ?? []).slice(0, values.length).map((key, at) => [key, values[at]!])
  return {
    values: method('values', () => new Tuple(values)),
    keys: method('keys', () => (keys === null ? null : new Tuple(keys.list))),
    items: method('items', () => {
      if (keys === null) return raise('TypeError', "'NoneType' object is not iterable")
      return new Tuple(pairs().map((pair) => new Tuple(pair)))
    }),
    dict: method('dict', () => (keys === null ? raise('KeyError', '') : Dict.of(pairs()))),
    get: method('get', (args, kwargs) => {
      const [key, fallback = null] = bind('get', ['key', 'default'], 1, args, kwargs)
      const found = byKey(key!)
      if (found !== undefined) return found
      return truth(fallback) ? fallback : null
    }),
  }
}
