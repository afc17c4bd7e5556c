import { createHash } from 'node:crypto'
import type { FingerprintOf } from '../compile/fingerprint.ts'
import { publishedRendering, renderOrNull } from '../compile/published-sql.ts'
import type { Node, NodeId } from '../core/node.ts'
import { hasHooks } from './hooks.ts'
import type { RunRequest } from './run-request.ts'

/**
 * Makes hashes of nodes: everything that is said of a node, the SQL that it comes to, and what it is made from. A
 * fingerprint tells whether a published relation would come out differently, and leaves out what does not matter to
 * its rows. Whoever takes over what another run has built wants nothing to differ at all.
 */
export function makeIdentities(
  request: RunRequest,
  definitionOf: FingerprintOf,
): (id: NodeId) => Promise<string> {
  const { manifest, renderer, empty, fullRefresh, eventTime, sample, publish, deferred } = request
  const { database, schema } = request.warehouse.target
  const flags = [empty, fullRefresh, eventTime, sample, publish]
  const circumstances = [flags, [...(deferred ?? [])], database, schema]
  let macros: string | undefined
  const allMacros = () => {
    macros ??= hash(Object.values(manifest.macros).map(({ source }) => source))
    return macros
  }
  return async (id) => {
    const node = manifest.nodes[id]!
    const { place: _, ...said } = node
    // Nothing renders tests before they run.
    const test = node.resourceType === 'test' && (await renderOrNull(renderer, id, publishedRendering))
    return hash([
      circumstances,
      said,
      definitionOf(id),
      test ? test.text : null,
      // What these call cannot be told from the node.
      isOfTheProject(node) ? allMacros() : null,
    ])
  }
}

/** Whether macros of the project take part in building a node besides those that its SQL calls. */
function isOfTheProject(node: Node): boolean {
  if (hasHooks(node)) return true
  return (
    node.resourceType === 'model' && (node.materialized === 'custom' || node.incrementalStrategy === 'custom')
  )
}

function hash(value: unknown): string {
  const text = JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'bigint' ? String(inner) : inner instanceof Map ? [...inner] : inner,
  )
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
