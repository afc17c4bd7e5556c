import type { Manifest } from '../core/manifest.ts'
import type { NodeId } from '../core/node.ts'
import type { CompiledSql } from './compiled-sql.ts'
import type { Renderer, RenderScope } from './renderer.ts'

/** How templates are rendered when nothing runs: relations stand where they are published. */
export const publishedRendering: RenderScope = {
  relationOf: (relation) => relation,
  isIncremental: false,
  fullRefresh: false,
  runStartedAt: new Date(0),
  invocationId: '',
  log: () => {},
}

/** The SQL of every model and test as if everything were published. */
export async function publishedSql(
  manifest: Pick<Manifest, 'nodes'>,
  renderer: Pick<Renderer, 'compile'>,
): Promise<ReadonlyMap<NodeId, CompiledSql>> {
  const compiled = new Map<NodeId, CompiledSql>()
  for (const { id, resourceType } of Object.values(manifest.nodes))
    if (resourceType === 'model' || resourceType === 'test')
      compiled.set(id, await renderer.compile(id, publishedRendering))
  return compiled
}
