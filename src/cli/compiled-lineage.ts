import type { ColumnLineage } from '../compile/lineage/lineage-meta.ts'
import { makeNodeLineage } from '../compile/lineage/node-lineage.ts'
import { seedHeaders } from '../compile/lineage/seed-header.ts'
import { publishedRendering, renderOrNull } from '../compile/published-sql.ts'
import { makeGraph } from '../core/graph.ts'
import type { Manifest } from '../core/manifest.ts'
import type { NodeId } from '../core/node.ts'
import type { Workspace } from './workspace.ts'

/**
 * What the columns of nodes are made from: of those that have been compiled, and what is known of others already. Null
 * where that is all there is to know, so that nobody need read it.
 */
export async function compiledLineage(
  workspace: Workspace,
  nodeIds: readonly NodeId[],
  compiled: ReadonlyMap<NodeId, string>,
): Promise<ReadonlyMap<NodeId, ColumnLineage> | null> {
  const { manifest, project, openRenderer, plainTexts, hasLineage } = workspace
  const asked = nodeIds.filter((id) => {
    const { resourceType } = manifest.nodes[id]!
    return ['model', 'snapshot', 'job', 'job_table'].includes(resourceType) && !hasLineage(id)
  })
  if (asked.length === 0) return null
  const texts = new Map([...plainTexts, ...compiled])
  // Columns behind a * are those of what is read, which nobody may have compiled.
  for (const id of makeGraph(manifest).ancestors(asked)) {
    if (texts.has(id) || !('rawCode' in manifest.nodes[id]!)) continue
    const rendered = await renderOrNull(await openRenderer(), id, publishedRendering)
    if (rendered) texts.set(id, rendered.text)
  }
  const lineageOf = makeNodeLineage(manifest, {
    sqlOf: (id) => texts.get(id) ?? null,
    seedColumns: seedHeaders(manifest, project.seeds),
    ...(await columnsOfEstimates(manifest)),
  })
  const found = asked.flatMap((id) => {
    const own = lineageOf(id)
    return own && !own.columns.every(({ isUnknown }) => isUnknown) ? [[id, own] as const] : []
  })
  return new Map([...workspace.lineage, ...found])
}

/** The columns of what jobs write. Without a job, nothing of what runs them is loaded. */
async function columnsOfEstimates({ nodes }: Pick<Manifest, 'nodes'>) {
  if (!Object.values(nodes).some(({ resourceType }) => resourceType === 'job')) return {}
  const { jobColumns } = await import('../jobs/index.ts')
  return {
    columnsOfJob: (...job: Parameters<typeof jobColumns>) =>
      jobColumns(...job)?.map(({ name }) => name) ?? null,
  }
}
