import { fromJs, type HostObject, hostFunction, hostObject, str, type Value } from '../dialect/index.ts'

/*
 * What nodes came to, as hooks at the end of a run see it: `res.status`, `res.node.unique_id`, `res.to_dict()`.
 */

type Data = Readonly<Record<string, unknown>>

/** A result; its node is an object too, whose config has none for whatever nobody set. */
export function resultValue({ node, ...result }: Data): HostObject {
  const nodeData = node as Data | undefined
  const nodeObject = nodeData && {
    ...nodeData,
    config: objectValue('NodeConfig', (nodeData['config'] ?? {}) as Data, nodeData['config'], null),
  }
  return objectValue(
    'RunResult',
    { ...result, node: nodeObject ? objectValue('Node', nodeObject, nodeData) : null },
    nodeData ? { ...result, node: nodeData } : result,
  )
}

/** An object of dbt's: read by attribute or item, and made a dictionary by `to_dict()`. */
function objectValue(type: string, members: Data, plain: unknown, missing?: Value): HostObject {
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
