import { fromJs, type HostObject, hostFunction, hostObject, str, type Value } from '../dialect/index.ts'

/** What a node came to, as hooks at the end of a run see it: `res.status`, `res.node.unique_id`, `res.to_dict()`. */
export function resultValue(result: Readonly<Record<string, unknown>>): HostObject {
  const made = new Map<string, Value>()
  const read = (name: string): Value | undefined => {
    if (!Object.hasOwn(result, name)) return undefined
    if (!made.has(name)) made.set(name, fromJs(result[name]))
    return made.get(name)
  }
  const toDict = hostFunction('to_dict', () => fromJs(result))
  return hostObject({
    type: 'RunResult',
    like: 'mapping',
    attribute: (name) => read(name) ?? (name === 'to_dict' ? toDict : undefined),
    item: (key) => read(str(key)),
    iterate: () => Object.keys(result),
    length: () => Object.keys(result).length,
    repr: () => `<RunResult ${str(read('status') ?? null)}>`,
    toJs: () => result,
  })
}
