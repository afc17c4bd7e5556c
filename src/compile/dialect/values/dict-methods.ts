// The methods of Python's dict, and the live views that keys(), values() and items() give.
import { bind } from './arguments.ts'
import { type Methods, methodTable } from './calls.ts'
import { equals } from './compare.ts'
import { Dict, PySet } from './dict.ts'
import { repr } from './repr.ts'
import { iterate, maybeLength, unpack } from './sequences.ts'
import { HostObject, hostObject, type Kwargs, raise, Tuple, Undefined, type Value } from './value.ts'

/** A live view of a dict. */
function view(dict: Dict, type: 'dict_keys' | 'dict_values' | 'dict_items'): HostObject {
  const values = (): Iterable<Value> =>
    type === 'dict_keys' ? dict.keys() : type === 'dict_values' ? dict.values() : dict.items()
  const asSet = () => new PySet(values())
  return hostObject({
    type,
    iterate: values,
    length: () => dict.size,
    repr: () => `${type}(${repr([...values()])})`,
    contains: (value) =>
      type === 'dict_keys' ? dict.has(value) : [...values()].some((own) => equals(own, value)),
    equals: (other) => {
      if (type === 'dict_values') return undefined
      const own = asSet()
      const set = other instanceof PySet ? other : setOfView(other)
      return set === undefined ? undefined : set.size === own.size && [...own].every((item) => set.has(item))
    },
    binary: (operator, other, reflected) => {
      if (operator !== '-' || type === 'dict_values') return undefined
      const [left, right] = reflected ? [iterate(other), asSet()] : [values(), new PySet(iterate(other))]
      return new PySet([...left].filter((item) => !right.has(item)))
    },
    toJs: () => [...values()],
  })
}

function setOfView(value: Value): PySet | undefined {
  const isView = value instanceof HostObject && ['dict_keys', 'dict_items'].includes(value.protocol.type)
  return isView ? new PySet(iterate(value)) : undefined
}

function hostPairs(mapping: HostObject): (readonly [Value, Value])[] {
  return [...iterate(mapping)].map((key) => [key, mapping.protocol.item?.(key) ?? null] as const)
}

/** Reads what `dict(x)` and `update(x)` take: a mapping or an iterable of pairs. */
export function pairsOf(source: Value): Iterable<readonly [Value, Value]> {
  if (source instanceof Undefined) return source.lenient ? [] : source.fail()
  if (source instanceof Dict) return [...source.entries.values()]
  if (source instanceof HostObject && source.protocol.like === 'mapping') return hostPairs(source)
  return [...iterate(source)].map((item, at) => {
    const size = maybeLength(item)
    if (size === undefined)
      return raise('TypeError', `cannot convert dictionary update sequence element #${at} to a sequence`)
    if (size !== 2)
      return raise(
        'ValueError',
        `dictionary update sequence element #${at} has length ${size}; 2 is required`,
      )
    const [key, value] = unpack(item, 2)
    return [key!, value!] as const
  })
}

/** Adds pairs and keyword arguments to a dict. */
export function updateDict(dict: Dict, args: readonly Value[], kwargs: Kwargs): void {
  if (args.length > 1) raise('TypeError', `update expected at most 1 argument, got ${args.length}`)
  if (args[0] !== undefined) for (const [key, value] of pairsOf(args[0])) dict.set(key, value)
  for (const name of Object.keys(kwargs)) dict.set(name, kwargs[name]!)
}

/** The methods of dict by name. */
export const dictMethods: Methods<Dict> = methodTable<Dict>({
  get: (self, args, kwargs) => {
    const [key, missing] = bind('get', ['key', 'default'], 1, args, kwargs)
    return self.get(key!) ?? (self.has(key!) ? null : (missing ?? null))
  },
  keys: (self, args, kwargs) => {
    bind('dict.keys', [], 0, args, kwargs)
    return view(self, 'dict_keys')
  },
  values: (self, args, kwargs) => {
    bind('dict.values', [], 0, args, kwargs)
    return view(self, 'dict_values')
  },
  items: (self, args, kwargs) => {
    bind('dict.items', [], 0, args, kwargs)
    return view(self, 'dict_items')
  },
  update: (self, args, kwargs) => {
    updateDict(self, args, kwargs)
    return null
  },
  pop: (self, args, kwargs) => {
    const [key, missing] = bind('pop', ['key', 'default'], 1, args, kwargs)
    if (!self.has(key!)) return missing === undefined ? raise('KeyError', repr(key!)) : missing
    const value = self.get(key!)!
    self.delete(key!)
    return value
  },
  popitem: (self, args, kwargs) => {
    bind('dict.popitem', [], 0, args, kwargs)
    const last = [...self.entries.values()].at(-1)
    if (!last) return raise('KeyError', "'popitem(): dictionary is empty'")
    self.delete(last[0])
    return new Tuple([...last])
  },
  setdefault: (self, args, kwargs) => {
    const [key, missing] = bind('setdefault', ['key', 'default'], 1, args, kwargs)
    if (!self.has(key!)) self.set(key!, missing ?? null)
    return self.get(key!)!
  },
  clear: (self, args, kwargs) => {
    bind('dict.clear', [], 0, args, kwargs)
    self.entries.clear()
    return null
  },
  copy: (self, args, kwargs) => {
    bind('dict.copy', [], 0, args, kwargs)
    return Dict.of([...self.entries.values()])
  },
  fromkeys: (_self, args, kwargs) => {
    const [keys, value] = bind('fromkeys', ['iterable', 'value'], 1, args, kwargs)
    return Dict.of([...iterate(keys!)].map((key) => [key, value ?? null] as const))
  },
})

function others(args: readonly Value[]): PySet[] {
  return args.map((arg) => new PySet(iterate(arg)))
}

function setOfSets(
  self: PySet,
  args: readonly Value[],
  keep: (item: Value, sets: PySet[]) => boolean,
): PySet {
  const sets = others(args)
  return new PySet([...self].filter((item) => keep(item, sets)))
}

function assign(self: PySet, values: PySet): null {
  const items = [...values]
  self.entries.clear()
  for (const item of items) self.add(item)
  return null
}

function symmetricDifference(self: PySet, arg: Value): PySet {
  const other = new PySet(iterate(arg))
  return new PySet([
    ...[...self].filter((item) => !other.has(item)),
    ...[...other].filter((item) => !self.has(item)),
  ])
}

const union = (self: PySet, args: readonly Value[]) =>
  new PySet([...self, ...args.flatMap((arg) => [...iterate(arg)])])
const intersection = (self: PySet, args: readonly Value[]) =>
  setOfSets(self, args, (item, sets) => sets.every((set) => set.has(item)))
const difference = (self: PySet, args: readonly Value[]) =>
  setOfSets(self, args, (item, sets) => !sets.some((set) => set.has(item)))

/** The methods of set by name. */
export const setMethods: Methods<PySet> = methodTable<PySet>({
  add: (self, args, kwargs) => {
    self.add(bind('set.add', ['elem'], 1, args, kwargs)[0]!)
    return null
  },
  update: (self, args) => assign(self, union(self, args)),
  remove: (self, args, kwargs) => {
    const [value] = bind('set.remove', ['elem'], 1, args, kwargs)
    return self.delete(value!) ? null : raise('KeyError', repr(value!))
  },
  discard: (self, args, kwargs) => {
    self.delete(bind('set.discard', ['elem'], 1, args, kwargs)[0]!)
    return null
  },
  pop: (self, args, kwargs) => {
    bind('set.pop', [], 0, args, kwargs)
    const first = [...self][0]
    if (first === undefined) return raise('KeyError', "'pop from an empty set'")
    self.delete(first)
    return first
  },
  clear: (self) => assign(self, new PySet()),
  copy: (self) => new PySet(self),
  union: (self, args) => union(self, args),
  intersection: (self, args) => intersection(self, args),
  difference: (self, args) => difference(self, args),
  symmetric_difference: (self, args) => symmetricDifference(self, args[0] ?? []),
  intersection_update: (self, args) => assign(self, intersection(self, args)),
  difference_update: (self, args) => assign(self, difference(self, args)),
  symmetric_difference_update: (self, args) => assign(self, symmetricDifference(self, args[0] ?? [])),
  issubset: (self, args) => {
    const [other] = others(args)
    return [...self].every((item) => other?.has(item))
  },
  issuperset: (self, args) => [...(others(args)[0] ?? [])].every((item) => self.has(item)),
  isdisjoint: (self, args) => ![...(others(args)[0] ?? [])].some((item) => self.has(item)),
})
