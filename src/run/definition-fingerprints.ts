import { type FingerprintOf, makeFingerprints } from '../compile/fingerprint.ts'
import { publishedRendering, renderOrNull } from '../compile/published-sql.ts'
import type { NodeGraph } from '../core/graph.ts'
import type { LoadNode, Node, NodeId } from '../core/node.ts'
import { ProblemError } from '../core/problem.ts'
import { fingerprintLoads } from './load-fingerprint.ts'
import type { RunRequest } from './run-request.ts'

/** Fingerprints of the definitions of the selected nodes and of all that they are made from. */
export async function fingerprintDefinitions(
  {
    manifest,
    renderer,
    nodeIds,
    projectRoot,
  }: Pick<RunRequest, 'manifest' | 'renderer' | 'nodeIds' | 'projectRoot'>,
  graph: NodeGraph,
): Promise<FingerprintOf> {
  const ids = new Set([...nodeIds, ...graph.ancestors(nodeIds)])
  const sql = new Map<NodeId, readonly string[]>()
  const given = new Map<NodeId, string>()
  for (const id of ids) {
    const node = manifest.nodes[id]!
    if (isBuilt(node)) sql.set(id, await renderings(node, renderer))
    const load = node.resourceType === 'load' ? await loadFingerprint(node) : undefined
    if (load !== undefined) given.set(id, load)
  }
  return makeFingerprints({ manifest, sqlOf: (id) => sql.get(id) ?? [], given })

  async function loadFingerprint(node: LoadNode): Promise<string | undefined> {
    try {
      const found = await fingerprintLoads([node], manifest.vars, renderer, projectRoot)
      return found.get(node.id)
    } catch (error) {
      // A load that is not run need not be runnable: what it declares has to do.
      if (error instanceof ProblemError) return undefined
      throw error
    }
  }
}

/** Tests leave nothing behind that could be compared later. */
function isBuilt(node: Node): boolean {
  return node.resourceType === 'model' || node.resourceType === 'snapshot'
}

/** An incremental model has SQL for its first time and for every later one. */
async function renderings(node: Node, renderer: RunRequest['renderer']): Promise<readonly string[]> {
  const isIncremental = node.resourceType === 'model' && node.materialized === 'incremental'
  const scopes = [
    publishedRendering,
    ...(isIncremental ? [{ ...publishedRendering, isIncremental: true }] : []),
  ]
  const rendered = await Promise.all(scopes.map((scope) => renderOrNull(renderer, node.id, scope)))
  return rendered.flatMap((sql) => sql?.text ?? [])
}
