import { join } from 'node:path'
import { watchRendering } from '../compile/cache/steady-rendering.ts'
import type { RenderScope } from '../compile/renderer.ts'
import type { Manifest } from '../core/manifest.ts'
import type { Node, NodeId, ResourceType } from '../core/node.ts'
import { type Problem, ProblemError } from '../core/problem.ts'
import type { NodeResult, RunResult } from '../core/run-result.ts'
import { hasSql, type NodeWithSql } from '../run/artifacts/compiled-path.ts'
import { openKeptTexts } from './cache/kept-texts.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { compiledLineage } from './compiled-lineage.ts'
import { deferRelations } from './defer-relations.ts'
import { formatCounted } from './display/numbers.ts'
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
  const { nodeIds, compiled } = await compileSelected(context, flags, workspace)
  const single = singleNode(nodeIds, workspace.manifest)
  const shown = compiled.find(({ node }) => node.id === single?.id)
  if (shown) terminal.out.write(printed(shown.node, shown.text, flags))
  else if (single) narrator.note(`${single.resourceType} ${single.name} has no SQL of its own`)
  else
    narrator.note(
      `${formatCounted(compiled.length, 'node')} compiled to ${shownPath(context, join(workspace.targetPath, 'compiled'))}`,
    )
  return 0
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
    const kept =
      flags.defer || context.flags.writeJson === false ? null : openKeptTexts(context, workspace, scope)
    const knownText = (id: NodeId): string | undefined =>
      flags.defer || increments.has(id) ? undefined : (workspace.plainTexts.get(id) ?? kept?.textOf(id))
    const startedAt = context.clock()
    const selected = { ...scope, selected: selection.nodeIds }
    const scopeOf = (id: NodeId): RenderScope => ({ ...selected, isIncremental: increments.has(id) })
    const { compiled, steady, fresh } = await compileAll(selection.nodeIds, workspace, scopeOf, knownText)
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
    const keptCode = kept && { of: kept.of, steady }
    await saveArtifacts(context, workspace, {
      invocationId,
      compiledCode,
      ...(lineage && { lineage }),
      run,
      ...(kept && keptCode && { keptCode, compiledFiles: { holds: isWritten, written: noteFile } }),
    })
    kept?.add(fresh, files)
    context.narrator.done()
    return { nodeIds: selection.nodeIds, compiled }
  })
}

/** What the results of compiling say: of every node that it went well, as in dbt. */
function compileRun(
  { command, clock }: CommandContext,
  runId: string,
  nodeIds: readonly NodeId[],
  started: Date,
): RunResult {
  const [startedAt, finishedAt] = [started.toISOString(), clock().toISOString()]
  const results = nodeIds.map(
    (nodeId): NodeResult => ({
      nodeId,
      status: 'success',
      startedAt,
      finishedAt,
      durationMs: 0,
      rows: null,
      message: '',
      thread: 1,
    }),
  )
  const elapsedMs = clock().getTime() - started.getTime()
  return {
    runId,
    command,
    status: 'success',
    startedAt,
    elapsedMs,
    published: false,
    publishMs: null,
    results,
    problems: [],
  }
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
  return withLazyWarehouse(context, workspace, (ask) => body({ ...scope, ask }))
}

const compiledTypes: readonly ResourceType[] = [
  'model',
  'snapshot',
  'test',
  'analysis',
  'function',
  'job',
  'seed',
  'load',
]

export interface CompiledNode {
  readonly node: NodeWithSql
  readonly text: string
}

interface CompiledNodes {
  readonly compiled: readonly CompiledNode[]
  /** Nodes whose SQL is the same as long as the project is. */
  readonly steady: ReadonlySet<NodeId>
  /** What of it has not been kept yet. */
  readonly fresh: ReadonlyMap<NodeId, string>
}

/** Compiles every node that has SQL, but for what is known; throws all problems together. */
async function compileAll(
  nodeIds: readonly NodeId[],
  workspace: Workspace,
  scopeOf: (id: NodeId) => RenderScope,
  known: (id: NodeId) => string | undefined,
): Promise<CompiledNodes> {
  const compiled: CompiledNode[] = []
  const steady = new Set<NodeId>()
  const fresh = new Map<NodeId, string>()
  const problems: Problem[] = []
  for (const node of nodeIds.map((id) => workspace.manifest.nodes[id]!)) {
    if (!hasSql(node)) continue
    try {
      const before = known(node.id)
      if (before !== undefined) {
        compiled.push({ node, text: before })
        steady.add(node.id)
        if (workspace.plainTexts.has(node.id)) fresh.set(node.id, before)
        continue
      }
      const { watched, isSteady } = watchRendering(scopeOf(node.id))
      const { text } = await (await workspace.openRenderer()).compile(node.id, watched)
      compiled.push({ node, text })
      if (!isSteady()) continue
      steady.add(node.id)
      fresh.set(node.id, text)
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      problems.push(...error.problems)
    }
  }
  if (problems.length > 0) throw new ProblemError(problems)
  return { compiled, steady, fresh }
}

/** The one node that was selected; the tests that came along with it do not count. */
function singleNode(nodeIds: readonly NodeId[], manifest: Manifest): Node | null {
  const nodes = nodeIds.map((id) => manifest.nodes[id]!)
  const untested = nodes.filter(({ resourceType }) => resourceType !== 'test')
  const [single, ...others] = untested.length > 0 ? untested : nodes
  return single && others.length === 0 ? single : null
}
