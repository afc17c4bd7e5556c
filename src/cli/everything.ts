import { hash } from 'node:crypto'
import type { Manifest } from '../core/manifest.ts'
import type { NodeId } from '../core/node.ts'
import type { RunResult } from '../core/run-result.ts'
import { artifactIds } from '../run/artifacts/artifact-ids.ts'
import { compiledPath, hasSql } from '../run/artifacts/compiled-path.ts'
import { lastingParts } from '../run/artifacts/lasting-results.ts'
import type { Reopened } from './cache/compiled-workspace.ts'
import type { Everything } from './cache/kept-texts.ts'
import type { CommandContext } from './command-context.ts'
import type { SelectionFlags } from './flags.ts'
import { artifactOptions } from './previous-state.ts'
import type { Workspace } from './workspace.ts'

/*
 * When compiling means everything that can be compiled, what it comes to is kept for the next time.
 */

/** Whether the flags select nothing, which means everything, and compare with nothing. */
export function takesEverything(flags: SelectionFlags): boolean {
  const { select = [], models = [], exclude = [] } = flags
  const { resourceType = [], resourceTypes = [], excludeResourceType = [] } = flags
  const lists = [select, models, exclude, resourceType, resourceTypes, excludeResourceType]
  const { selector, state, deferState, defer } = flags
  return lists.every(({ length }) => length === 0) && !(selector ?? state ?? deferState ?? defer)
}

/** Whether there are the same nodes, each with the same parents, as in the project that was kept. */
export function isLinkedAsKept({ kept, updated }: Reopened): boolean {
  return updated.ids === kept.index.ids && updated.relinked.size === 0
}

/** What is to be kept of a command that has compiled everything; null where the next one has to look at it again. */
export function everythingOf(
  context: CommandContext,
  workspace: Workspace,
  run: RunResult,
  compiledCode: ReadonlyMap<NodeId, string>,
): Everything | null {
  const { manifest, reopened } = workspace
  const nodeIds = run.results.map(({ nodeId }) => nodeId)
  if ((reopened && !isLinkedAsKept(reopened)) || asksForMore(manifest, nodeIds, workspace)) return null
  const paths = new Map(nodeIds.map((id) => [id, pathOf(manifest, id)]))
  const files = [...paths.values()].filter((path) => path !== null)
  // Of two nodes at one path the last is written, whichever has changed.
  if (new Set(files).size < files.length) return null
  const ids = artifactIds(manifest)
  const results = new Map(run.results.map((result) => [result.nodeId, result]))
  const scope = { run, manifest, options: { ...artifactOptions(context, workspace), compiledCode } }
  return {
    nodeIds,
    pathOf: (id) => paths.get(id) ?? null,
    partsOf: (id) => lastingParts(results.get(id)!, manifest.nodes[id]!, ids.get(id)!, scope),
    compiled: hashOfIds(compiledCode.keys()),
  }
}

/** Whether it depends on more than what nodes there are: a selection, what a server has, that only one is shown. */
function asksForMore({ nodes, selectors }: Manifest, nodeIds: readonly NodeId[], { isDbt }: Workspace) {
  const selected = nodeIds.map((id) => nodes[id]!)
  return (
    Object.values(selectors).some(({ isDefault }) => isDefault) ||
    selected.filter(({ resourceType }) => resourceType !== 'test').length < 2 ||
    (isDbt && selected.some((node) => node.resourceType === 'model' && node.materialized === 'incremental'))
  )
}

function pathOf({ nodes }: Manifest, id: NodeId): string | null {
  const node = nodes[id]!
  return hasSql(node) ? compiledPath(node) : null
}

/** The same for the same nodes, in whichever order. */
export function hashOfIds(ids: Iterable<NodeId>): string {
  return hash('sha1', [...ids].sort().join('\n'))
}
