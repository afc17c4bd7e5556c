// The functions of Python's itertools.
import { bind } from '../values/arguments.ts'
import { callValue } from '../values/calls.ts'
import { equals } from '../values/compare.ts'
import { indexOf } from '../values/numbers.ts'
import { add } from '../values/operators.ts'
import { iterate, lazy, listOf, truth } from '../values/sequences.ts'
import { HostObject, hostFunction, type Kwargs, Tuple, type Value } from '../values/value.ts'

type Generate = (args: readonly Value[], kwargs: Kwargs) => Generator<Value>

function* chain(sources: Iterable<Value>): Generator<Value> {
  for (const source of sources) yield* iterate(source)
}

function* count(start: Value, step: Value): Generator<Value> {
  for (let value = start; ; value = add(value, step)) yield value
}

function* cycle(source: Value): Generator<Value> {
  const items = listOf(source)
  while (items.length > 0) yield* items
}

function* repeat(value: Value, times: Value | undefined): Generator<Value> {
  for (let left = times === undefined ? Number.POSITIVE_INFINITY : indexOf(times); left > 0; left--)
    yield value
}

function* product(pools: readonly (readonly Value[])[]): Generator<Value> {
  const at = pools.map(() => 0)
  if (pools.some((pool) => pool.length === 0)) return
  for (;;) {
    yield new Tuple(pools.map((pool, index) => pool[at[index]!]!))
    let digit = pools.length - 1
    while (digit >= 0 && at[digit]! + 1 === pools[digit]!.length) at[digit--] = 0
    if (digit < 0) return
    at[digit]! += 1
  }
}

/** Index tuples of a length, each next index chosen among those that `allowed` names. */
function* choices(
  length: number,
  size: number,
  allowed: (chosen: readonly number[], next: number) => boolean,
): Generator<number[]> {
  function* extend(chosen: number[]): Generator<number[]> {
    if (chosen.length === length) {
      yield chosen
      return
    }
    for (let next = 0; next < size; next++) if (allowed(chosen, next)) yield* extend([...chosen, next])
  }
  yield* extend([])
}

function chooser(allowed: (chosen: readonly number[], next: number) => boolean): Generate {
  return function* choose(args, kwargs) {
    const [source, length] = bind('combinations', ['iterable', 'r'], 1, args, kwargs)
    const pool = listOf(source!)
    const size = length === undefined || length === null ? pool.length : indexOf(length)
    for (const indices of choices(size, pool.length, allowed))
      yield new Tuple(indices.map((index) => pool[index]!))
  }
}

function* slice(args: readonly Value[]): Generator<Value> {
  const [source, ...bounds] = args
  const [start, stop, step] = bounds.length === 1 ? [null, bounds[0]!, null] : bounds
  const from = start == null ? 0 : indexOf(start)
  const to = stop == null ? Number.POSITIVE_INFINITY : indexOf(stop)
  const by = step == null ? 1 : indexOf(step)
  let at = 0
  if (to <= 0) return
  for (const value of iterate(source!)) {
    if (at >= from && (at - from) % by === 0) yield value
    at += 1
    if (at >= to) return
  }
}

function* zipLongest(args: readonly Value[], kwargs: Kwargs): Generator<Value> {
  const lists = args.map(listOf)
  const length = Math.max(0, ...lists.map((list) => list.length))
  const fill = kwargs['fillvalue'] ?? null
  for (let at = 0; at < length; at++)
    yield new Tuple(lists.map((list) => (at < list.length ? list[at]! : fill)))
}

function* accumulate(args: readonly Value[], kwargs: Kwargs): Generator<Value> {
  const [source, combine, initial] = bind('accumulate', ['iterable', 'func', 'initial'], 1, args, kwargs)
  let total: Value | undefined = initial === null ? undefined : initial
  if (total !== undefined) yield total
  for (const value of iterate(source!)) {
    total =
      total === undefined
        ? value
        : combine === undefined || combine === null
          ? add(total, value)
          : callValue(combine, [total, value])
    yield total
  }
}

function* groupBy(args: readonly Value[], kwargs: Kwargs): Generator<Value> {
  const [source, key] = bind('groupby', ['iterable', 'key'], 1, args, kwargs)
  let group: Value[] = []
  let current: Value | undefined
  for (const value of iterate(source!)) {
    const own = key === undefined || key === null ? value : callValue(key, [value])
    if (current !== undefined && equals(own, current)) group.push(value)
    else {
      if (current !== undefined) yield new Tuple([current, lazy(group)])
      current = own
      group = [value]
    }
  }
  if (current !== undefined) yield new Tuple([current, lazy(group)])
}

function* whileHolds(test: Value, source: Value, take: boolean): Generator<Value> {
  let dropping = !take
  for (const value of iterate(source)) {
    const holds = (dropping || take) && truth(callValue(test, [value]))
    if (take && !holds) return
    if (dropping && holds) continue
    dropping = false
    yield value
  }
}

function* pairwise(source: Value): Generator<Value> {
  let previous: Value | undefined
  for (const value of iterate(source)) {
    if (previous !== undefined) yield new Tuple([previous, value])
    previous = value
  }
}

function* filterFalse(test: Value, source: Value): Generator<Value> {
  for (const value of iterate(source))
    if (!truth(test === null ? value : callValue(test, [value]))) yield value
}

function* compress(data: Value, selectors: Value): Generator<Value> {
  const keep = listOf(selectors)
  let at = 0
  for (const value of iterate(data)) {
    if (at >= keep.length) return
    if (truth(keep[at]!)) yield value
    at += 1
  }
}

function* starMap(apply: Value, source: Value): Generator<Value> {
  for (const args of iterate(source)) yield callValue(apply, listOf(args))
}

const generators: Record<string, Generate> = {
  count: (args, kwargs) => {
    const [start, step] = bind('count', ['start', 'step'], 0, args, kwargs)
    return count(start ?? 0, step ?? 1)
  },
  cycle: ([source]) => cycle(source!),
  repeat: (args, kwargs) => {
    const [value, times] = bind('repeat', ['object', 'times'], 1, args, kwargs)
    return repeat(value!, times)
  },
  product: (args, kwargs) => {
    const pools = args.map(listOf)
    const times = kwargs['repeat'] === undefined ? 1 : indexOf(kwargs['repeat'])
    return product(Array.from({ length: times }, () => pools).flat())
  },
  combinations: chooser((chosen, next) => next > (chosen.at(-1) ?? -1)),
  combinations_with_replacement: chooser((chosen, next) => next >= (chosen.at(-1) ?? 0)),
  permutations: chooser((chosen, next) => !chosen.includes(next)),
  islice: (args) => slice(args),
  zip_longest: zipLongest,
  accumulate,
  groupby: groupBy,
  takewhile: ([test, source]) => whileHolds(test!, source!, true),
  dropwhile: ([test, source]) => whileHolds(test!, source!, false),
  filterfalse: ([test, source]) => filterFalse(test!, source!),
  pairwise: ([source]) => pairwise(source!),
  compress: ([data, selectors]) => compress(data!, selectors!),
  starmap: ([apply, source]) => starMap(apply!, source!),
}

/** The module `itertools`. */
export function itertoolsModule(): Record<string, Value> {
  const functions = Object.entries(generators).map(
    ([name, generate]) =>
      [
        name,
        hostFunction(name, (args, kwargs) => lazy(generate(args, kwargs), `itertools.${name}`), 'type'),
      ] as const,
  )
  const chained = (sources: Iterable<Value>) => lazy(chain(sources), 'itertools.chain')
  const fromIterable = hostFunction('from_iterable', ([sources]) => chained(iterate(sources!)))
  return {
    ...Object.fromEntries(functions),
    chain: new HostObject({
      type: 'type',
      call: (args) => chained(args),
      attribute: (name) => (name === 'from_iterable' ? fromIterable : undefined),
    }),
    tee: hostFunction('tee', ([source, times]) => {
      const items = listOf(source!)
      return new Tuple(Array.from({ length: times === undefined ? 2 : indexOf(times) }, () => lazy(items)))
    }),
  }
}
