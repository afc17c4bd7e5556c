// Filters on lists and dicts.
import type { Session } from '../session.ts'
import { attributeOnly } from '../values/attributes.ts'
import { compare, equals } from '../values/compare.ts'
import { Dict, hashKey, PySet } from '../values/dict.ts'
import { sortValues } from '../values/list-methods.ts'
import { add } from '../values/operators.ts'
import { str } from '../values/repr.ts'
import { charsOf, iterate, lazy, lengthOf, listOf, truth } from '../values/sequences.ts'
import {
  HostObject,
  isText,
  Lazy,
  Markup,
  raise,
  Tuple,
  textOf,
  typeName,
  Undefined,
  type Value,
} from '../values/value.ts'
import {
  attributeGetter,
  type Filter,
  filter,
  freeFilter,
  ignoreCase,
  intArgument,
  type Maybe,
  textArgument,
} from './filter.ts'

function keyGetter(attribute: Maybe, caseSensitive: Maybe): (item: Value) => Value {
  const get = attributeGetter(attribute)
  return truth(caseSensitive ?? false) ? get : (item) => ignoreCase(get(item))
}

/** `sort(attribute='a,b')` sorts by several attributes. */
function sortKey(attribute: Maybe, caseSensitive: Maybe): (item: Value) => Value {
  const parts = typeof attribute === 'string' ? attribute.split(',') : [attribute]
  const getters = parts.map((part) => keyGetter(part, caseSensitive))
  return (item) => getters.map((get) => get(item))
}

function extreme(sign: number): (name: string) => Filter {
  return filter(['case_sensitive', 'attribute'], (value, caseSensitive, attribute) => {
    const items = listOf(value)
    const keyOf = keyGetter(attribute, caseSensitive)
    if (items.length === 0) return new Undefined('No aggregated item, sequence was empty.')
    return items.reduce((best, item) => (sign * compare(keyOf(item), keyOf(best)) > 0 ? item : best))
  })
}

function unique(value: Value, caseSensitive: Maybe, attribute: Maybe): Value {
  const keyOf = keyGetter(attribute, caseSensitive)
  function* values(): Generator<Value> {
    const seen = new Set<unknown>()
    for (const item of iterate(value)) {
      const key = hashKey(keyOf(item))
      if (seen.has(key)) continue
      seen.add(key)
      yield item
    }
  }
  return lazy(values())
}

function groupBy(value: Value, attribute: Maybe, missing: Maybe, caseSensitive: Maybe): Value {
  const sensitive = truth(caseSensitive ?? false)
  const get = attributeGetter(attribute, missing)
  const keyOf = (item: Value) => (sensitive ? get(item) : ignoreCase(get(item)))
  const groups: { key: Value; items: Value[] }[] = []
  for (const item of sortValues(listOf(value), keyOf)) {
    const key = keyOf(item)
    const last = groups.at(-1)
    if (last && equals(last.key, key)) last.items.push(item)
    else groups.push({ key, items: [item] })
  }
  return groups.map(
    ({ key, items }) => new Tuple([sensitive ? key : get(items[0]!), items], ['grouper', 'list']),
  )
}

function join(value: Value, glue: Maybe, attribute: Maybe): Value {
  const items =
    attribute === undefined || attribute === null
      ? iterate(value)
      : [...iterate(value)].map(attributeGetter(attribute))
  return [...items].map(str).join(glue === undefined ? '' : textArgument(glue))
}

function dictSort(value: Value, caseSensitive: Maybe, by: Maybe, reverse: Maybe): Value {
  if (!(value instanceof Dict)) return raise('AttributeError', 'dictsort takes a dict')
  const side =
    by === undefined || by === 'key'
      ? 0
      : by === 'value'
        ? 1
        : raise('FilterArgumentError', 'You can only sort by either "key" or "value"')
  const sensitive = truth(caseSensitive ?? false)
  const pairs = [...value.items()]
  const keyOf = (pair: Value) => {
    const part = (pair as Tuple).items[side]!
    return sensitive ? part : ignoreCase(part)
  }
  return sortValues(pairs, keyOf, truth(reverse ?? false))
}

function* slices(value: Value, count: number, fill: Maybe): Generator<Value> {
  const items = listOf(value)
  const size = Math.floor(items.length / count)
  const longer = items.length % count
  let offset = 0
  for (let at = 0; at < count; at++) {
    const start = offset + at * size
    if (at < longer) offset += 1
    const part = items.slice(start, offset + (at + 1) * size)
    if (fill !== undefined && fill !== null && at >= longer) part.push(fill)
    yield part
  }
}

function* batches(value: Value, size: number, fill: Maybe): Generator<Value> {
  let batch: Value[] = []
  for (const item of iterate(value)) {
    if (batch.length === size) {
      yield batch
      batch = []
    }
    batch.push(item)
  }
  if (batch.length === 0) return
  if (fill !== undefined && fill !== null) while (batch.length < size) batch.push(fill)
  yield batch
}

function reverse(value: Value): Value {
  if (isText(value)) {
    const text = [...charsOf(textOf(value))].reverse().join('')
    return value instanceof Markup ? new Markup(text) : text
  }
  const reversed = listOf(value).reverse()
  // Python has no reversed() for these two, so the filter makes a list.
  return value instanceof PySet || value instanceof Lazy ? reversed : lazy(reversed, 'list_reverseiterator')
}

/** Jinja's filter is a generator: what is no mapping is refused when it is read, and not before. */
function* items(value: Value): Generator<Value> {
  if (value instanceof Undefined) return
  if (value instanceof Dict) return yield* value.items()
  if (!(value instanceof HostObject) || value.protocol.like !== 'mapping')
    return raise('TypeError', 'Can only get item pairs from a mapping.')
  const { protocol } = value
  for (const key of iterate(value)) yield new Tuple([key, protocol.item?.(key) ?? null])
}

/** The function that `map` applies: an attribute, or a filter by name. */
function mapper(
  session: Session,
  args: readonly Value[],
  kwargs: Readonly<Record<string, Value>>,
): (item: Value) => Value {
  const attribute = kwargs['attribute']
  if (args.length === 0 && attribute !== undefined) {
    const unexpected = Object.keys(kwargs).find((name) => name !== 'attribute' && name !== 'default')
    if (unexpected) raise('FilterArgumentError', `Unexpected keyword argument '${unexpected}'`)
    return attributeGetter(attribute, kwargs['default'])
  }
  const [name, ...rest] = args
  if (name === undefined) return raise('FilterArgumentError', 'map requires a filter argument')
  return (item) => session.settings.filter(session, textArgument(name), [item, ...rest], kwargs)
}

const map: Filter = (session, [value, ...args], kwargs) => {
  if (value === undefined || !truth(value)) return lazy([])
  const apply = mapper(session, args, kwargs)
  function* values(): Generator<Value> {
    for (const item of iterate(value!)) yield apply(item)
  }
  return lazy(values())
}

/** select, reject and their `attr` forms. */
function selection(keep: boolean, byAttribute: boolean): (name: string) => Filter {
  return () =>
    (session, [value, ...args], kwargs) => {
      if (byAttribute && args.length === 0)
        raise('FilterArgumentError', 'Missing parameter for attribute name')
      const get = byAttribute ? attributeGetter(args[0]) : (item: Value) => item
      const [test, ...rest] = byAttribute ? args.slice(1) : args
      const holds = (item: Value) =>
        test === undefined
          ? truth(get(item))
          : session.settings.test(session, textArgument(test), [get(item), ...rest], kwargs)
      function* values(): Generator<Value> {
        if (value !== undefined && truth(value))
          for (const item of iterate(value)) if (holds(item) === keep) yield item
      }
      return lazy(values())
    }
}

function first(value: Value): Value {
  for (const item of iterate(value)) return item
  return new Undefined('No first item, sequence was empty.')
}

function last(value: Value): Value {
  if (value instanceof Lazy || value instanceof PySet)
    return raise('TypeError', `'${typeName(value)}' object is not reversible`)
  return (
    listOf(value).at(-1) ?? (lastIsNone(value) ? null : new Undefined('No last item, sequence was empty.'))
  )
}

function lastIsNone(value: Value): boolean {
  return Array.isArray(value) && value.length > 0
}

function sum(value: Value, attribute: Maybe, start: Maybe): Value {
  if (start !== undefined && isText(start))
    raise('TypeError', "sum() can't sum strings [use ''.join(seq) instead]")
  return [...iterate(value)]
    .map(attributeGetter(attribute))
    .reduce((total, item) => add(total, item), start ?? 0)
}

/** Filters on lists and dicts by name. */
export const sequenceFilters: Record<string, (name: string) => Filter> = {
  length: filter([], lengthOf),
  count: filter([], lengthOf),
  list: filter([], (value) => listOf(value)),
  first: filter([], first),
  last: filter([], last),
  join: filter(['d', 'attribute'], join),
  sort: filter(['reverse', 'case_sensitive', 'attribute'], (value, reversed, caseSensitive, attribute) =>
    sortValues(listOf(value), sortKey(attribute, caseSensitive), truth(reversed ?? false)),
  ),
  unique: filter(['case_sensitive', 'attribute'], unique),
  min: extreme(-1),
  max: extreme(1),
  sum: filter(['attribute', 'start'], sum),
  groupby: filter(['attribute', 'default', 'case_sensitive'], groupBy, 1),
  dictsort: filter(['case_sensitive', 'by', 'reverse'], dictSort),
  slice: filter(
    ['slices', 'fill_with'],
    (value, count, fill) => lazy(slices(value, intArgument(count, 1), fill)),
    1,
  ),
  batch: filter(
    ['linecount', 'fill_with'],
    (value, size, fill) => lazy(batches(value, intArgument(size, 1), fill)),
    1,
  ),
  reverse: filter([], reverse),
  items: filter([], (value) => lazy(items(value))),
  map: freeFilter(map),
  select: selection(true, false),
  reject: selection(false, false),
  selectattr: selection(true, true),
  rejectattr: selection(false, true),
  attr: filter(['name'], (value, name) => attributeOnly(value, textArgument(name!)), 1),
  is_list: filter([], (value) => Array.isArray(value)),
}
