import { relationKey } from '../core/node.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import { askAnywhere } from '../run/ask.ts'
import { cloneByMacro } from '../run/macro-calls.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { formatCounted } from './display/numbers.ts'
import type { RunFlags, SelectionFlags, StateFlags } from './flags.ts'
import { artifactOptions, stateFolder } from './previous-state.ts'
import { runArguments } from './run-arguments.ts'
import { saveResults } from './save-artifacts.ts'
import { reportSelection, selectNodes } from './select-nodes.ts'
import { startedBy } from './started-by.ts'
import { openWorkspace, publishedScope, withOpenWarehouse } from './workspace.ts'

export interface CloneFlags extends SelectionFlags, StateFlags {
  readonly fullRefresh?: boolean
  /** Whether rows are copied. */
  readonly copy?: boolean
}

/** How long to wait for runs that publish some of the same. */
const waitMs = 60_000

/** Makes what the target lacks of what the state has; with --full-refresh all of it. */
export async function cloneNodes(context: CommandContext, flags: CloneFlags): Promise<ExitCode> {
  const folder = flags.deferState ?? flags.state
  if (folder === undefined)
    throw new ProblemError(
      makeProblem('usage', 'clone needs the manifest of the other target', {
        hint: 'name the folder that holds it: --state path/to/artifacts',
      }),
    )
  const workspace = await openWorkspace(context)
  const { manifest } = workspace
  const selection = await selectNodes(context, workspace, flags, ['seed', 'model', 'snapshot', 'job'])
  reportSelection(selection, context)
  const [{ readStateManifest }, { deferredRelations }, { cloneRelations }] = await Promise.all([
    import('../run/state/read-state.ts'),
    import('../run/state/deferred-relations.ts'),
    import('../run/clone-relations.ts'),
  ])
  const jobs = new Set(selection.nodeIds)
  const tables = Object.values(manifest.nodes).filter(
    (node) => node.resourceType === 'job_table' && jobs.has(node.job),
  )
  const chosen = new Set([...selection.nodeIds, ...tables.map(({ id }) => id)])
  const startedAt = context.clock()
  const clones = await withOpenWarehouse(context, workspace, 1, async (warehouse) => {
    const elsewhere = await deferredRelations({
      manifest,
      state: readStateManifest(stateFolder(workspace, folder)),
      built: Object.keys(manifest.nodes).filter((id) => !chosen.has(id)),
      favorState: flags.fullRefresh ?? false,
      warehouse,
    })
    const renderer = await workspace.openRenderer()
    const scope = { ...publishedScope(context, false), ask: askAnywhere(warehouse) }
    const cloneTable = await cloneByMacro(renderer, scope)
    return cloneRelations({
      ...(cloneTable && { cloneTable }),
      warehouse,
      manifest,
      nodeIds: selection.nodeIds,
      elsewhere,
      asTables: flags.copy ?? false,
      waitMs,
      startedBy: startedBy(),
      signal: context.signal,
    })
  })
  const { cloneResults } = await import('../run/artifacts/index.ts')
  const made = flags.copy ? 'CREATE TABLE' : 'CREATE VIEW'
  const cloned = new Map(clones.map(({ nodeId }) => [nodeId, made]))
  const args = runArguments(context.flags, flags as RunFlags)
  const results = cloneResults(
    { startedAt, finishedAt: context.clock(), nodeIds: selection.nodeIds, cloned },
    manifest,
    { ...artifactOptions(context, workspace), args },
  )
  await saveResults(context, workspace, results)
  const { out } = context.terminal
  for (const { relation, of } of clones) out.write(`${relationKey(relation)}  of  ${relationKey(of)}\n`)
  context.narrator.note(`${formatCounted(clones.length, 'relation')} cloned`)
  return 0
}
