import type { Manifest } from '../../core/manifest.ts'
import type { Node, NodeId } from '../../core/node.ts'
import { type Problem, ProblemError } from '../../core/problem.ts'
import type { ProblemsByNode } from '../findings.ts'
import { isPythonModel } from '../nodes/python-model.ts'
import { publishedRendering } from '../published-sql.ts'
import type { Renderer } from '../renderer.ts'
import { findSyntaxError } from './syntax.ts'

/** What came out of rendering everything. */
export interface RenderedNodes {
  readonly problems: ProblemsByNode
  /** The SQL of the models and tests that could be rendered, as if everything were published. */
  readonly texts: ReadonlyMap<NodeId, string>
}

/** Renders models and tests as if everything were published, but for those that are known to be sound. */
export async function renderNodes(
  nodes: readonly Node[],
  renderer: Renderer,
  isSound: (node: Node) => boolean,
  seen?: (name: string, nodeId: NodeId) => void,
): Promise<RenderedNodes> {
  const problems = new Map<NodeId, readonly Problem[]>()
  const texts = new Map<NodeId, string>()
  for (const node of nodes) {
    if ((node.resourceType !== 'model' && node.resourceType !== 'test') || isSound(node)) continue
    if (isPythonModel(node)) continue
    const scope = seen
      ? { ...publishedRendering, seen: (name: string) => seen(name, node.id) }
      : publishedRendering
    try {
      const { text } = await renderer.compile(node.id, scope)
      texts.set(node.id, text)
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      problems.set(node.id, error.problems)
    }
  }
  return { problems, texts }
}

/** What PostgreSQL's parser says against the rendered SQL; what somebody has parsed already need not be looked at. */
export async function checkSyntax(
  manifest: Pick<Manifest, 'nodes'>,
  renderer: Renderer,
  texts: RenderedNodes['texts'],
  isParsed: (nodeId: NodeId) => boolean = () => false,
): Promise<ProblemsByNode> {
  const problems = new Map<NodeId, readonly Problem[]>()
  for (const [id, text] of texts) {
    const error = isParsed(id) ? null : findSyntaxError(text)
    if (!error) continue
    // Errors are rare: the way back to the file is made for them alone.
    const { placeAt } = await renderer.compile(id, publishedRendering)
    const place = placeAt(error.offset) ?? manifest.nodes[id]!.place
    problems.set(id, [renderer.problem('sql-syntax', error.message, place)])
  }
  return problems
}
