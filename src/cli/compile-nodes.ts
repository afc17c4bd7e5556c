import { join } from 'node:path'
import type { RenderScope } from '../compile/renderer.ts'
import { extended } from '../core/extended.ts'
import type { Manifest } from '../core/manifest.ts'
import type { Node, NodeId, ResourceType } from '../core/node.ts'
import { codeKey, type KeptTexts, openKeptTexts } from './cache/kept-texts.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { compileChanges } from './compile-changes.ts'
import { type CompiledNode, compileEach } from './compile-each.ts'
import { compileRun } from './compile-run.ts'
import { compiledLineage } from './compiled-lineage.ts'
import { deferRelations } from './defer-relations.ts'
import { formatCounted } from './display/numbers.ts'
import { everythingOf, hashOfIds, takesEverything } from './everything.ts'
import type { SelectionFlags } from './flags.ts'
import { withLazyWarehouse } from './lazy-warehouse.ts'
import { saveArtifacts } from './save-artifacts.ts'
import { reportSelection, selectNodes } from './select-nodes.ts'
import { standingIncrements } from './standing-increments.ts'
import { openWorkspace, publishedScope, shownPath, type Workspace, withOpenWarehouse } from './workspace.ts'

export interface CompileFlags extends SelectionFlags {
  readonly inline?: string
  /** How the SQL of a single node is printed. */
  readonly output?: 'text' | 'json'
  readonly fullRefresh?: boolean
  /** Reads everything as if it had no rows. */
  readonly empty?: boolean
}

/** Writes the SQL of the selected nodes; prints it when it is one, or that of a template given inline. */
export async function compileNodes(context: CommandContext, flags: CompileFlags): Promise<ExitCode> {
  const { terminal, narrator } = context
  const workspace = await openWorkspace(context)
  const { inline } = flags
  if (inline !== undefined) {
    const renderer = await workspace.openRenderer()
    const { text } = await withScope(context, flags, workspace, (scope) =>
      renderer.compileInline(inline, scope),
    )
    terminal.out.write(printed(null, text, flags))
    return 0
  }
  const kept = keptTextsOf(context, flags, workspace)
  const scope = <T>(body: (scope: RenderScope) => Promise<T>) => withScope(context, flags, workspace, body)
  const count = kept && (await compileChanges(context, flags, workspace, kept, scope))
  if (count !== null) {
    tellCount(context, workspace, count)
    return 0
  }
  const { nodeIds, compiled } = await compileSelected(context, flags, workspace, kept)
  const single = singleNode(nodeIds, workspace.manifest)
  const shown = compiled.find(({ node }) => node.id === single?.id)
  if (shown) terminal.out.write(printed(shown.node, shown.text, flags))
  else if (single) narrator.note(`${single.resourceType} ${single.name} has no SQL of its own`)
  else tellCount(context, workspace, compiled.length)
  return 0
}

function tellCount(context: CommandContext, { targetPath }: Workspace, count: number): void {
  const folder = shownPath(context, join(targetPath, 'compiled'))
  context.narrator.note(`${formatCounted(count, 'node')} compiled to ${folder}`)
}

/** The SQL that is kept, where it may be used and more of it be kept. */
function keptTextsOf(
  context: CommandContext,
  { defer, empty, fullRefresh = false }: CompileFlags,
  workspace: Workspace,
): KeptTexts | null {
  if (defer || empty || context.flags.writeJson === false) return null
  return openKeptTexts(context, workspace, publishedScope(context, fullRefresh))
}

/** The SQL of one node, or of an inline query, as it was asked for. */
function printed(node: Node | null, text: string, { output }: CompileFlags): string {
  const sql = text.trim()
  if (output !== 'json') return `${sql}\n`
  return `${JSON.stringify({ ...(node && { node: node.name }), compiled: sql }, null, 2)}\n`
}

/** Compiles the selected nodes and writes their SQL, the manifest, and that all went well. */
export async function compileSelected(
  context: CommandContext,
  flags: CompileFlags,
  workspace: Workspace,
  kept: KeptTexts | null = keptTextsOf(context, flags, workspace),
): Promise<{ readonly nodeIds: readonly NodeId[]; readonly compiled: readonly CompiledNode[] }> {
  const selection = await selectNodes(context, workspace, flags, compiledTypes)
  reportSelection(selection, context)
  const increments = await standingIncrements(
    context,
    workspace,
    selection.nodeIds,
    flags.fullRefresh ?? false,
  )
  return withScope(context, flags, workspace, async (scope) => {
    context.narrator.phase('Compiling the nodes')
    const knownText = (id: NodeId): string | undefined =>
      flags.defer || flags.empty || increments.has(id)
        ? undefined
        : (workspace.plainTexts.get(id) ?? kept?.textOf(id))
    const startedAt = context.clock()
    const selected = { ...scope, selected: selection.nodeIds }
    const scopeOf = (id: NodeId): RenderScope => extended({}, selected, { isIncremental: increments.has(id) })
    const nodes = selection.nodeIds.map((id) => workspace.manifest.nodes[id]!)
    const { compiled, steady, fresh } = await compileEach(nodes, workspace, scopeOf, knownText)
    const compiledCode = new Map(compiled.map(({ node, text }) => [node.id, text]))
    const { invocationId } = scope
    const run = compileRun(context, invocationId, selection.nodeIds, startedAt)
    // What is deferred reads relations that are no nodes here.
    const lineage = flags.defer
      ? null
      : await compiledLineage(
          workspace,
          selection.nodeIds,
          // An increment reads its own table; what its columns are made from, its first build tells.
          new Map([...compiledCode].filter(([id]) => !increments.has(id))),
        )
    const files = new Map<NodeId, string>()
    const noteFile = (id: NodeId, path: string): unknown => steady.has(id) && files.set(id, path)
    const isWritten = (id: NodeId, path: string): boolean => steady.has(id) && kept!.holds(id, path)
    await saveArtifacts(context, workspace, {
      invocationId,
      compiledCode,
      ...(lineage && { lineage }),
      run,
      ...(kept && {
        keptCode: {
          of: codeKey(kept, hashOfIds(compiledCode.keys())),
          unsteady: new Set([...compiledCode.keys()].filter((id) => !steady.has(id))),
        },
        compiledFiles: { holds: isWritten, written: noteFile },
      }),
    })
    const isKept = kept?.everything !== null || !takesEverything(flags)
    kept?.add(fresh, files, isKept ? null : everythingOf(context, workspace, run, compiledCode))
    context.narrator.done()
    return { nodeIds: selection.nodeIds, compiled }
  })
}

/** Lends how templates are rendered: from what is published, or deferred to, with a database to ask. */
async function withScope<T>(
  context: CommandContext,
  flags: CompileFlags,
  workspace: Workspace,
  body: (scope: RenderScope) => Promise<T>,
): Promise<T> {
  const deferred = flags.defer
    ? await withOpenWarehouse(context, workspace, 1, (warehouse) =>
        deferRelations(context, workspace, flags, [], warehouse),
      )
    : undefined
  const scope = publishedScope(context, flags.fullRefresh ?? false, deferred)
  return withLazyWarehouse(context, workspace, (ask) =>
    body({ ...scope, ...(flags.empty && { empty: true }), ask }),
  )
}

const compiledTypes: readonly ResourceType[] = [
  'model',
  'snapshot',
  'test',
  'analysis',
  'function',
  'job',
  'job_table',
  'seed',
  'load',
]

/** The one node that was selected; the tests that came along with it do not count. */
function singleNode(nodeIds: readonly NodeId[], manifest: Manifest): Node | null {
  const nodes = nodeIds.map((id) => manifest.nodes[id]!)
  const untested = nodes.filter(({ resourceType }) => resourceType !== 'test')
  const [single, ...others] = untested.length > 0 ? untested : nodes
  return single && others.length === 0 ? single : null
}
