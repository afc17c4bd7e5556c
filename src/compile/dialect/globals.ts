// Jinja's global functions, `return`, and Python's functions that dbt adds to them.
import { MacroReturn } from './failure.ts'
import type { Clock } from './modules/datetime-module.ts'
import { makeModules } from './modules/modules.ts'
import { bind } from './values/arguments.ts'
import { Dict, PySet } from './values/dict.ts'
import { updateDict } from './values/dict-methods.ts'
import { indexOf } from './values/numbers.ts'
import { str } from './values/repr.ts'
import { iterate, lazy } from './values/sequences.ts'
import {
  HostObject,
  hostFunction,
  type Kwargs,
  Namespace,
  Range,
  raise,
  Tuple,
  typeName,
  type Value,
} from './values/value.ts'

/** The sandbox's limit on ranges. */
const maxRange = 100_000

function wholeNumber(value: Value): number {
  return indexOf(value, `'${typeName(value)}' object cannot be interpreted as an integer`)
}

function range(args: readonly Value[], kwargs: Kwargs): Value {
  const [first, second, third] = bind('range', ['start', 'stop', 'step'], 1, args, kwargs).map((arg) =>
    arg === undefined ? undefined : wholeNumber(arg),
  )
  const [start, stop] = second === undefined ? [0, first!] : [first!, second]
  const step = third ?? 1
  if (step === 0) raise('ValueError', 'range() arg 3 must not be zero')
  const made = new Range(start, stop, step)
  if (made.length > maxRange)
    raise('OverflowError', `Range too big. The sandbox blocks ranges larger than MAX_RANGE (${maxRange}).`)
  return made
}

function dict(args: readonly Value[], kwargs: Kwargs): Value {
  const made = new Dict()
  updateDict(made, args, kwargs)
  return made
}

function namespace(args: readonly Value[], kwargs: Kwargs): Value {
  const made = new Namespace()
  const initial = new Dict()
  updateDict(initial, args, kwargs)
  for (const [key, value] of initial.entries.values()) made.attributes.set(str(key), value)
  return made
}

function cycler(items: readonly Value[]): Value {
  if (items.length === 0) return raise('RuntimeError', 'at least one item has to be provided')
  let at = 0
  const next = hostFunction('next', () => {
    const item = items[at]!
    at = (at + 1) % items.length
    return item
  })
  const reset = hostFunction('reset', () => {
    at = 0
    return null
  })
  return new HostObject({
    type: 'Cycler',
    attribute: (name) =>
      name === 'next' ? next : name === 'reset' ? reset : name === 'current' ? items[at]! : undefined,
  })
}

function joiner(args: readonly Value[], kwargs: Kwargs): Value {
  const [separator] = bind('joiner', ['sep'], 0, args, kwargs)
  let used = false
  return new HostObject({
    type: 'Joiner',
    call: () => {
      if (used) return separator ?? ', '
      used = true
      return ''
    },
  })
}

function lipsum(): Value {
  return raise(
    'TemplateRuntimeError',
    'lipsum() is random text, which no model can want; write the text itself',
  )
}

function* zipped(sequences: readonly Value[], strict: boolean): Generator<Value> {
  const iterators = sequences.map((sequence) => iterate(sequence)[Symbol.iterator]())
  while (iterators.length > 0) {
    const results = iterators.map((iterator) => iterator.next())
    const ended = results.filter(({ done }) => done).length
    if (ended > 0 && strict && ended < results.length)
      raise('ValueError', 'zip() arguments have different lengths')
    if (ended > 0) return
    yield new Tuple(results.map(({ value }) => value as Value))
  }
}

/** Python's zip. */
export function zip(sequences: readonly Value[], strict = false): Value {
  return lazy(zipped(sequences, strict), 'zip')
}

/** Python's set(values). */
export function makeSet(values: Value): PySet {
  return new PySet(iterate(values))
}

function type(name: string, call: (args: readonly Value[], kwargs: Kwargs) => Value): HostObject {
  return new HostObject({ type: 'type', call, repr: () => `<class '${name}'>` })
}

/** The names that every template finds without the embedder. */
export function makeGlobals(clock: Clock): Map<string, Value> {
  return new Map<string, Value>([
    ['modules', makeModules(clock)],
    ['range', type('range', range)],
    ['dict', type('dict', dict)],
    ['namespace', type('namespace', namespace)],
    ['cycler', type('cycler', cycler)],
    ['joiner', type('joiner', joiner)],
    ['lipsum', hostFunction('lipsum', lipsum)],
    [
      'return',
      hostFunction('return', ([value = null]) => {
        throw new MacroReturn(value)
      }),
    ],
  ])
}
