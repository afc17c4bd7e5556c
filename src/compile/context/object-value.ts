import { fromJs, type HostObject, hostFunction, hostObject, str, type Value } from '../dialect/index.ts'

/**
 * An object of dbt's: read by attribute or item, and made a dictionary by `to_dict()`. `missing` is what an item
 * is that there is not.
 */
export function objectValue(
  type: string,
  members: Readonly<Record<string, unknown>>,
  plain: unknown,
  missing?: Value,
): HostObject {
  const made = new Map<string, Value>()
  const read = (name: string): Value | undefined => {
    if (!Object.hasOwn(members, name)) return undefined
    if (!made.has(name)) made.set(name, fromJs(members[name]))
    return made.get(name)
  }
  const methods: Record<string, HostObject> = {
    to_dict: hostFunction('to_dict', () => fromJs(plain)),
    get: hostFunction('get', ([name, fallback = null]) => read(str(name ?? null)) ?? fallback),
    keys: hostFunction('keys', () => Object.keys(members)),
  }
  return hostObject({
    type,
    like: 'mapping',
    attribute: (name) => read(name) ?? methods[name],
    item: (key) => read(str(key)) ?? missing,
    iterate: () => Object.keys(members),
    length: () => Object.keys(members).length,
    truth: () => true,
    repr: () => `<${type}>`,
    toJs: () => plain,
  })
}
