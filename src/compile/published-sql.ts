import type { Manifest } from '../core/manifest.ts'
import type { NodeId } from '../core/node.ts'
import { ProblemError } from '../core/problem.ts'
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

/** The SQL of every node with a template as if everything were published; one that cannot be rendered is left out. */
export async function publishedSql(
  manifest: Pick<Manifest, 'nodes'>,
  renderer: Pick<Renderer, 'compile'>,
): Promise<ReadonlyMap<NodeId, CompiledSql>> {
  const compiled = new Map<NodeId, CompiledSql>()
  for (const node of Object.values(manifest.nodes)) {
    if (!('rawCode' in node)) continue
    const sql = await renderOrNull(renderer, node.id, publishedRendering)
    if (sql) compiled.set(node.id, sql)
  }
  return compiled
}

/** A node's SQL, or null when its template fails, for whatever only looks at what there is. */
export async function renderOrNull(
  renderer: Pick<Renderer, 'compile'>,
  id: NodeId,
  scope: RenderScope,
): Promise<CompiledSql | null> {
  try {
    return await renderer.compile(id, scope)
  } catch (error) {
    if (error instanceof ProblemError) return null
    throw error
  }
}
