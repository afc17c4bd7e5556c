import type { ModelNode, NodeId } from '../core/node.ts'
import { relationKey } from '../core/node.ts'
import { ProblemError } from '../core/problem.ts'
import type { CommandContext } from './command-context.ts'
import { type Workspace, withOpenWarehouse } from './workspace.ts'

/**
 * The incremental models among the nodes that have their table already. dbt compiles these as an increment, so in a
 * project made for dbt the server is asked; where it cannot be reached they are compiled as for their first build, and
 * that is said. A project of ours is compiled without a server.
 */
export async function standingIncrements(
  context: CommandContext,
  workspace: Workspace,
  nodeIds: readonly NodeId[],
  fullRefresh: boolean,
): Promise<ReadonlySet<NodeId>> {
  const { manifest, isDbt } = workspace
  const models = nodeIds
    .map((id) => manifest.nodes[id]!)
    .filter((node): node is ModelNode => node.resourceType === 'model' && node.materialized === 'incremental')
    .filter((node) => !(node.fullRefresh ?? fullRefresh))
  if (models.length === 0 || !isDbt) return new Set()
  try {
    const { existingRelations } = await import('../warehouse/index.ts')
    const relations = models.map(({ relation }) => relation)
    const there = await withOpenWarehouse(context, workspace, 1, ({ control }) =>
      existingRelations(control, relations),
    )
    const tables = new Set(there.filter(({ kind }) => kind === 'table').map(relationKey))
    return new Set(models.filter(({ relation }) => tables.has(relationKey(relation))).map(({ id }) => id))
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problems[0]?.code !== 'warehouse-unreachable') throw error
    context.narrator.note(
      'The server cannot be reached: incremental models are compiled as for their first build.',
    )
    return new Set()
  }
}
