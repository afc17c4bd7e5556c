import type { NodeId } from '../../core/node.ts'
import type { AnalysedNode } from '../findings.ts'
import type { CachedProject } from './cached-nodes.ts'
import { fromKeptText } from './kept-text.ts'

/** What is known to come out of nodes that are not what they were; null where nobody asks for it any more. */
export type ChangedOutputs = ReadonlyMap<NodeId, AnalysedNode | null>

/** What came out of a node when the project was kept; null where nobody had asked. */
export function outputBefore(
  { index, pieces }: CachedProject,
  number: number | undefined,
): AnalysedNode | null {
  const span = number === undefined ? null : index.sql?.outputs[number]
  return span ? (fromKeptText(pieces.read(span)) as AnalysedNode) : null
}

/** What comes out of every node of which somebody has asked it. */
export function* cachedOutputs(
  cached: CachedProject,
  { outputs }: { readonly outputs: ChangedOutputs },
): Generator<readonly [NodeId, AnalysedNode]> {
  for (const [number, id] of cached.index.ids.entries()) {
    const output = outputs.has(id) ? outputs.get(id) : outputBefore(cached, number)
    if (output) yield [id, output]
  }
}
