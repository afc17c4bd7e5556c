// The names that every golden case finds, made the way the `context` of the golden files says.
import {
  dumpJson,
  fromJs,
  hostFunction,
  hostObject,
  iterate,
  type NameSource,
  raise,
  repr,
  str,
  Tuple,
  type Value,
} from '../../../src/compile/dialect/index.ts'

const values = {
  a: 2,
  xs: [1, 2, 3],
  d: { a: 1, b: 2 },
  d2n: { k: { j: [9] } },
  none_var: null,
  objs: [
    { name: 'a', on: true, meta: { k: 1 } },
    { name: 'b', on: false, meta: { k: 2 } },
    { name: 'c', on: true, meta: { k: 3 } },
  ],
  tree: [
    {
      name: 'r',
      kids: [
        { name: 's', kids: [] },
        { name: 't', kids: [] },
      ],
    },
  ],
}

/** The names of one rendering. */
export function goldenNames(extra: Readonly<Record<string, Value>> = {}): NameSource {
  const results = new Map<string, string>()
  const thisValue: Value = hostObject({
    type: 'Relation',
    attribute: (name) => {
      if (name === 'include') return hostFunction('include', () => thisValue)
      return name === 'render' ? hostFunction('render', () => '"db"."s"."t"') : undefined
    },
  })
  const functions: Record<string, Value> = {
    ref: hostFunction('ref', (args, kwargs) => {
      const version = kwargs['version'] === undefined ? '' : `_v${str(kwargs['version'])}`
      return `"db"."s"."${args.map(str).join('.')}${version}"`
    }),
    source: hostFunction('source', ([a, b]) => `"${str(a!)}"."${str(b!)}"`),
    config: hostFunction('config', () => ''),
    var: hostFunction('var', ([, fallback = null], kwargs) => kwargs['default'] ?? fallback),
    pair: hostFunction('pair', () => new Tuple([1, 2])),
    getf: hostFunction('getf', ([n]) => hostFunction('f', ([x]) => `${str(n!)}${str(x!)}`)),
    kwf: hostFunction('kwf', ([first, second, third], kwargs) =>
      [first ?? kwargs['a']!, second ?? kwargs['b'] ?? null, third ?? kwargs['c'] ?? null].map(str).join(','),
    ),
    tojson: hostFunction('tojson', ([value]) => dumpJson(value!)),
    statement: hostFunction('statement', ([name], kwargs) => {
      const caller = kwargs['caller'] ?? raise('TypeError', 'statement needs a caller')
      results.set(str(name!), str((caller as ReturnType<typeof hostObject>).protocol.call!([], {})).trim())
      return ''
    }),
    load_result: hostFunction('load_result', ([name]) => results.get(str(name!)) ?? null),
    adapter: hostObject({
      type: 'adapter',
      attribute: (attribute) =>
        attribute === 'dispatch'
          ? hostFunction('dispatch', ([name, pkg]) =>
              hostFunction('dispatched', (args) => `${str(pkg!)}.${str(name!)}(${repr(new Tuple(args))})`),
            )
          : undefined,
    }),
    this: thisValue,
    zip: hostFunction('zip', (args) => {
      const lists = args.map((arg) => [...iterate(arg)])
      return lists[0]!.map((_, at) => new Tuple(lists.map((list) => list[at]!)))
    }),
    ...extra,
  }
  return {
    lookup: (name) => {
      if (!Object.hasOwn(functions, name) && Object.hasOwn(values, name))
        functions[name] = fromJs(values[name as keyof typeof values])
      return Object.hasOwn(functions, name) ? functions[name] : undefined
    },
  }
}

/** A template and what real Jinja made of it. */
export interface GoldenCase {
  readonly name: string
  readonly tpl: string
  readonly ok: boolean
  readonly out: string
}
