import { watchRendering } from '../compile/cache/steady-rendering.ts'
import type { RenderScope } from '../compile/renderer.ts'
import type { Node, NodeId } from '../core/node.ts'
import { type Problem, ProblemError } from '../core/problem.ts'
import { hasSql, type NodeWithSql } from '../run/artifacts/compiled-path.ts'
import type { Workspace } from './workspace.ts'

/** A node and its SQL. */
export interface CompiledNode {
  readonly node: NodeWithSql
  readonly text: string
}

/** What nodes have become. */
export interface CompiledNodes {
  readonly compiled: readonly CompiledNode[]
  /** Nodes whose SQL is the same as long as the project is. */
  readonly steady: ReadonlySet<NodeId>
  /** What of it has not been kept yet. */
  readonly fresh: ReadonlyMap<NodeId, string>
}

/** Compiles every node that has SQL, but for what is known; throws all problems together. */
export async function compileEach(
  nodes: Iterable<Node>,
  { openRenderer, plainTexts }: Pick<Workspace, 'openRenderer' | 'plainTexts'>,
  scopeOf: (id: NodeId) => RenderScope,
  known: (id: NodeId) => string | undefined,
): Promise<CompiledNodes> {
  const compiled: CompiledNode[] = []
  const steady = new Set<NodeId>()
  const fresh = new Map<NodeId, string>()
  const problems: Problem[] = []
  for (const node of nodes) {
    if (!hasSql(node)) continue
    try {
      const before = known(node.id)
      if (before !== undefined) {
        compiled.push({ node, text: before })
        steady.add(node.id)
        if (plainTexts.has(node.id)) fresh.set(node.id, before)
        continue
      }
      const { watched, isSteady } = watchRendering(scopeOf(node.id))
      const { text } = await (await openRenderer()).compile(node.id, watched)
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
