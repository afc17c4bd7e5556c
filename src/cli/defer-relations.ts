import type { NodeId, Relation } from '../core/node.ts'
import type { Warehouse } from '../warehouse/index.ts'
import type { CommandContext } from './command-context.ts'
import type { StateFlags } from './flags.ts'
import { deferFolder, stateFolder } from './previous-state.ts'
import type { Workspace } from './workspace.ts'

/**
 * Where --defer reads what the command does not build: by relation key, the relation of the earlier state. Nothing
 * without --defer.
 */
export async function deferRelations(
  { narrator }: Pick<CommandContext, 'narrator'>,
  workspace: Workspace,
  flags: StateFlags,
  built: readonly NodeId[],
  warehouse: Pick<Warehouse, 'query'>,
): Promise<ReadonlyMap<string, Relation>> {
  const folder = deferFolder(flags)
  if (folder === null) return new Map()
  const [{ readStateManifest }, { deferredRelations }] = await Promise.all([
    import('../run/state/read-state.ts'),
    import('../run/state/deferred-relations.ts'),
  ])
  const deferred = await deferredRelations({
    manifest: workspace.manifest,
    state: readStateManifest(stateFolder(workspace, folder)),
    built,
    favorState: flags.favorState ?? false,
    warehouse,
  })
  if (deferred.size > 0) narrator.note(`${deferred.size} relations are read where ${folder} has them`)
  return deferred
}
