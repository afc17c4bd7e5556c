import { join } from 'node:path'
import type { RenderScope } from '../compile/renderer.ts'
import type { Node, NodeId } from '../core/node.ts'
import type { NodeResult, RunResult } from '../core/run-result.ts'
import { compiledPath, hasSql } from '../run/artifacts/compiled-path.ts'
import type { LastingEntry } from '../run/artifacts/lasting-results.ts'
import type { Reopened } from './cache/compiled-workspace.ts'
import { codeKey, type KeptEverything, type KeptTexts } from './cache/kept-texts.ts'
import type { CommandContext } from './command-context.ts'
import { type CompiledNodes, compileEach } from './compile-each.ts'
import { compileRun } from './compile-run.ts'
import { isLinkedAsKept, takesEverything } from './everything.ts'
import type { SelectionFlags } from './flags.ts'
import { artifactOptions } from './previous-state.ts'
import { whereWritable } from './save-artifacts.ts'
import type { Workspace } from './workspace.ts'

/*
 * Compiling everything again after a small change, without a look at what has not changed: which nodes there are, in
 * which order, where their SQL is written and what is told of them was kept when everything was compiled. Where that
 * may be others now, everything is selected and looked at as if nothing had been kept of it.
 */

type LendScope = <T>(body: (scope: RenderScope) => Promise<T>) => Promise<T>

/** Compiles what has changed and writes all artifacts; gives how many nodes have SQL, or null where that is not enough. */
export async function compileChanges(
  context: CommandContext,
  flags: SelectionFlags,
  workspace: Workspace,
  kept: KeptTexts,
  lend: LendScope,
): Promise<number | null> {
  const { reopened } = workspace
  const { everything } = kept
  if (!reopened || !everything || !takesEverything(flags) || !isLinkedAsKept(reopened)) return null
  const all = listNodes(reopened, everything)
  const again = all.filter(({ id }) => kept.entryOf(id) === undefined)
  const { nodes } = workspace.manifestOnDemand
  if (!again.every(({ id, path }) => isInItsPlace(nodes[id]!, path, workspace))) return null
  if (!lineageIsKnown(all, workspace, reopened)) return null
  context.log.write(
    'debug',
    `all but ${again.length} of ${all.length} nodes stands as it was compiled before`,
  )
  return lend(async (scope) => {
    context.narrator.phase('Compiling the nodes')
    const startedAt = context.clock()
    const selected = { ...scope, selected: all.map(({ id }) => id) }
    const changed = again.map(({ id }) => nodes[id]!)
    const made = await compileEach(changed, workspace, () => selected, kept.textOf)
    const run = compileRun(context, scope.invocationId, selected.selected, startedAt)
    await whereWritable(context, workspace.targetPath, () =>
      writeChanges(context, workspace, { kept, everything, all, made, run }),
    )
    context.narrator.done()
    return everything.paths.filter((path) => path !== null).length
  })
}

interface ListedNode {
  readonly id: NodeId
  readonly path: string | null
}

function listNodes({ kept: { index } }: Reopened, { order, paths }: KeptEverything): ListedNode[] {
  return order.map((number, position) => ({ id: index.ids[number]!, path: paths[position]! }))
}

/** Whether what is kept of a node that has changed still holds: its id in artifacts, its path, and that nobody is asked. */
function isInItsPlace(node: Node, path: string | null, { isDbt }: Workspace): boolean {
  if (['job', 'job_table', 'load'].includes(node.resourceType)) return false
  if (isDbt && node.resourceType === 'model' && node.materialized === 'incremental') return false
  return path === (hasSql(node) ? compiledPath(node) : null)
}

/** Whether there is nothing to find out of what columns are made from. */
function lineageIsKnown(all: readonly ListedNode[], { hasLineage }: Workspace, { kept }: Reopened): boolean {
  const { ids, types } = kept.index
  const asked = new Set(
    ids.filter((_, number) => ['model', 'snapshot', 'job', 'job_table'].includes(types[number]!)),
  )
  return all.every(({ id }) => !asked.has(id) || hasLineage(id))
}

interface Changes {
  readonly kept: KeptTexts
  readonly everything: KeptEverything
  readonly all: readonly ListedNode[]
  readonly made: CompiledNodes
  readonly run: RunResult
}

async function writeChanges(context: CommandContext, workspace: Workspace, changes: Changes): Promise<void> {
  const { kept, everything, made, run } = changes
  const { targetPath, manifestOnDemand } = workspace
  const [{ writeSqlFiles }, { writeManifest }, { writeLastingResults }, { resultEntry }] = await Promise.all([
    import('../run/artifacts/write-artifacts.ts'),
    import('./cache/kept-manifest.ts'),
    import('../run/artifacts/lasting-results.ts'),
    import('../run/artifacts/run-results-artifact.ts'),
  ])
  const options = artifactOptions(context, workspace)
  const texts = new Map(made.compiled.map(({ node, text }) => [node.id, text]))
  const textOf = (id: NodeId): string | undefined => texts.get(id) ?? kept.textOf(id)
  await writeSqlFiles(changedFiles(join(targetPath, 'compiled'), changes, textOf))
  const unsteady = new Set([...texts.keys()].filter((id) => !made.steady.has(id)))
  const keptCode = { of: codeKey(kept, everything.compiled), unsteady }
  await writeManifest(
    context,
    targetPath,
    workspace,
    { ...options, compiledCode: { get: textOf } },
    [],
    keptCode,
  )
  const scope = { run, manifest: manifestOnDemand, options: { ...options, compiledCode: texts } }
  const entryOf = (result: NodeResult): LastingEntry => {
    const { nodeId } = result
    const lasting = kept.entryOf(nodeId)
    if (lasting) return { lasting }
    return JSON.stringify(resultEntry(result, manifestOnDemand.nodes[nodeId]!, nodeId, scope))
  }
  writeLastingResults(join(targetPath, 'run_results.json'), run, entryOf, options)
}

/** The files of compiled SQL that do not hold it yet. */
function changedFiles(
  folder: string,
  { kept, all }: Changes,
  textOf: (id: NodeId) => string | undefined,
): { readonly path: string; readonly text: string }[] {
  return all.flatMap(({ id, path: below }) => {
    if (below === null) return []
    const path = `${folder}/${below}`
    if (kept.holds(id, path)) return []
    const text = textOf(id)!
    // What comes to nothing has no file.
    return text === '' ? [] : [{ path, text }]
  })
}
