import type { HostObject } from '../dialect/index.ts'
import { objectValue } from './object-value.ts'

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
  const timing = Array.isArray(result['timing']) ? (result['timing'] as readonly Data[]) : []
  return objectValue(
    'RunResult',
    {
      ...result,
      timing: timing.map((phase) => objectValue('TimingInfo', phase, phase)),
      node: nodeObject ? objectValue('Node', nodeObject, nodeData) : null,
    },
    nodeData ? { ...result, node: nodeData } : result,
  )
}
