import { join } from 'node:path'
import type { RenderScope } from '../compile/renderer.ts'
import type { Manifest } from '../core/manifest.ts'
import type { ModelNode, Node, NodeId, TestNode } from '../core/node.ts'
import { type Problem, ProblemError } from '../core/problem.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { formatCounted } from './display/numbers.ts'
import type { SelectionFlags } from './flags.ts'
import { withLazyWarehouse } from './lazy-warehouse.ts'
import { saveArtifacts } from './save-artifacts.ts'
import { reportSelection, selectNodes } from './select-nodes.ts'
import { openWorkspace, publishedScope, shownPath, type Workspace } from './workspace.ts'

/** Writes the SQL of the selected nodes; prints it when it is one, or that of a template given inline. */
export async function compileNodes(
  context: CommandContext,
  flags: SelectionFlags & { readonly inline?: string; readonly fullRefresh?: boolean },
): Promise<ExitCode> {
  const workspace = await openWorkspace(context)
  const scope = publishedScope(context, flags.fullRefresh ?? false)
  return withLazyWarehouse(context, workspace, (ask) =>
    compileWith(context, flags, workspace, { ...scope, ask }),
  )
}

async function compileWith(
  context: CommandContext,
  flags: SelectionFlags & { readonly inline?: string },
  workspace: Workspace,
  scope: RenderScope,
): Promise<ExitCode> {
  const { terminal, narrator } = context
  if (flags.inline !== undefined) {
    const { text } = await workspace.renderer.compileInline(flags.inline, scope)
    terminal.out.write(`${text.trim()}\n`)
    return 0
  }
  const { manifest } = workspace
  const selection = selectNodes(manifest, flags, ['model', 'test', 'job', 'seed', 'load'])
  reportSelection(selection, context)
  narrator.phase('Compiling the nodes')
  const compiled = await compileAll(selection.nodeIds, workspace, scope)
  const compiledCode = new Map(compiled.map(({ node, text }) => [node.id, text]))
  await saveArtifacts(context, workspace, { invocationId: scope.invocationId, compiledCode })
  narrator.done()
  const single = singleNode(selection.nodeIds, manifest)
  const shown = compiled.find(({ node }) => node.id === single?.id)
  if (shown) terminal.out.write(`${shown.text.trim()}\n`)
  else if (single) narrator.note(`${single.resourceType} ${single.name} has no SQL of its own`)
  else
    narrator.note(
      `${formatCounted(compiled.length, 'node')} compiled to ${shownPath(context, join(workspace.targetPath, 'compiled'))}`,
    )
  return 0
}

interface CompiledNode {
  readonly node: ModelNode | TestNode
  readonly text: string
}

/** Compiles every node that has SQL; throws all problems together. */
async function compileAll(
  nodeIds: readonly NodeId[],
  workspace: Workspace,
  scope: RenderScope,
): Promise<readonly CompiledNode[]> {
  const compiled: CompiledNode[] = []
  const problems: Problem[] = []
  for (const node of nodeIds.map((id) => workspace.manifest.nodes[id]!)) {
    if (node.resourceType !== 'model' && node.resourceType !== 'test') continue
    try {
      const { text } = await workspace.renderer.compile(node.id, scope)
      compiled.push({ node, text })
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      problems.push(...error.problems)
    }
  }
  if (problems.length > 0) throw new ProblemError(problems)
  return compiled
}

/** The one node that was selected; the tests that came along with it do not count. */
function singleNode(nodeIds: readonly NodeId[], manifest: Manifest): Node | null {
  const nodes = nodeIds.map((id) => manifest.nodes[id]!)
  const untested = nodes.filter(({ resourceType }) => resourceType !== 'test')
  const [single, ...others] = untested.length > 0 ? untested : nodes
  return single && others.length === 0 ? single : null
}
