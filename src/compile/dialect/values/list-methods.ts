// The methods of Python's list and tuple, and sorting.
import { bind } from './arguments.ts'
import { callValue, type Method, type Methods, methodTable } from './calls.ts'
import { compare, equals } from './compare.ts'
import { indexOf } from './numbers.ts'
import { repr } from './repr.ts'
import { iterate, sliceIndices, truth } from './sequences.ts'
import { raise, type Value } from './value.ts'

/** Sorts stably by a key, as Python's sorted does (reversed order keeps equal items in place). */
export function sortValues(
  values: readonly Value[],
  keyOf: (value: Value) => Value = (value) => value,
  reverse = false,
): Value[] {
  const keyed = values.map((value) => ({ value, key: keyOf(value) }))
  const sign = reverse ? -1 : 1
  return keyed.sort((a, b) => sign * compare(a.key, b.key)).map(({ value }) => value)
}

function countOf(items: readonly Value[], wanted: Value): number {
  return items.filter((item) => equals(item, wanted)).length
}

function positionOf(items: readonly Value[], args: readonly Value[], what: string): number {
  const [wanted, start, end] = bind('index', ['value', 'start', 'stop'], 1, args)
  const range = sliceIndices({ start: start ?? null, stop: end ?? null, step: null }, items.length)
  const at = range.find((index) => equals(items[index]!, wanted!))
  return (
    at ??
    raise(
      'ValueError',
      what === 'tuple' ? 'tuple.index(x): x not in tuple' : `${repr(wanted!)} is not in list`,
    )
  )
}

const pop: Method<Value[]> = (self, args, kwargs) => {
  const [index] = bind('pop', ['index'], 0, args, kwargs)
  if (self.length === 0) raise('IndexError', 'pop from empty list')
  const at = index === undefined ? -1 : indexOf(index, 'an integer is required')
  const [popped] = at < -self.length || at >= self.length ? [] : self.splice(at, 1)
  return popped === undefined ? raise('IndexError', 'pop index out of range') : popped
}

/** The methods of list by name. */
export const listMethods: Methods<Value[]> = methodTable<Value[]>({
  append: (self, args, kwargs) => {
    const [value] = bind('list.append', ['object'], 1, args, kwargs)
    self.push(value!)
    return null
  },
  extend: (self, args, kwargs) => {
    const [values] = bind('list.extend', ['iterable'], 1, args, kwargs)
    for (const value of [...iterate(values!)]) self.push(value)
    return null
  },
  insert: (self, args, kwargs) => {
    const [at, value] = bind('insert', ['index', 'object'], 2, args, kwargs)
    self.splice(indexOf(at!), 0, value!)
    return null
  },
  pop,
  remove: (self, args, kwargs) => {
    const [value] = bind('list.remove', ['value'], 1, args, kwargs)
    const at = self.findIndex((item) => equals(item, value!))
    if (at < 0) raise('ValueError', 'list.remove(x): x not in list')
    self.splice(at, 1)
    return null
  },
  clear: (self, args, kwargs) => {
    bind('list.clear', [], 0, args, kwargs)
    self.length = 0
    return null
  },
  copy: (self, args, kwargs) => {
    bind('list.copy', [], 0, args, kwargs)
    return [...self]
  },
  index: (self, args) => positionOf(self, args, 'list'),
  count: (self, args, kwargs) => countOf(self, bind('list.count', ['value'], 1, args, kwargs)[0]!),
  reverse: (self, args, kwargs) => {
    bind('list.reverse', [], 0, args, kwargs)
    self.reverse()
    return null
  },
  sort: (self, args, kwargs) => {
    if (args.length > 0) raise('TypeError', 'sort() takes no positional arguments')
    const [key, reverse] = bind('sort', ['key', 'reverse'], 0, args, kwargs)
    const keyOf = key === undefined || key === null ? undefined : (value: Value) => callValue(key, [value])
    const sorted = sortValues(self, keyOf, reverse !== undefined && truth(reverse))
    self.splice(0, self.length, ...sorted)
    return null
  },
})

/** The methods of tuple by name. */
export const tupleMethods: Methods<readonly Value[]> = methodTable<readonly Value[]>({
  count: (self, args, kwargs) => countOf(self, bind('tuple.count', ['value'], 1, args, kwargs)[0]!),
  index: (self, args) => positionOf(self, args, 'tuple'),
})
