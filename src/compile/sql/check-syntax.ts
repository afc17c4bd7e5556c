import type { Manifest } from '../../core/manifest.ts'
import type { Node, NodeId } from '../../core/node.ts'
import { type Problem, ProblemError } from '../../core/problem.ts'
import { publishedRendering } from '../published-sql.ts'
import type { Renderer } from '../renderer.ts'
import { findSyntaxError } from './syntax.ts'

/** What came out of rendering everything. */
export interface RenderedProject {
  readonly problems: readonly Problem[]
  /** The SQL of the models and tests that could be rendered, as if everything were published. */
  readonly texts: ReadonlyMap<NodeId, string>
}

/** Renders every model and test as if everything were published, but for those that are known to be sound. */
export async function renderProject(
  manifest: Pick<Manifest, 'nodes'>,
  renderer: Renderer,
  isSound: (node: Node) => boolean = () => false,
): Promise<RenderedProject> {
  const problems: Problem[] = []
  const texts = new Map<NodeId, string>()
  for (const node of Object.values(manifest.nodes)) {
    if ((node.resourceType !== 'model' && node.resourceType !== 'test') || isSound(node)) continue
    try {
      const { text } = await renderer.compile(node.id, publishedRendering)
      texts.set(node.id, text)
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      problems.push(...error.problems)
    }
  }
  return { problems, texts }
}

/** What PostgreSQL's parser says against the rendered SQL; what somebody has parsed already need not be looked at. */
export async function checkSyntax(
  manifest: Pick<Manifest, 'nodes'>,
  renderer: Renderer,
  texts: RenderedProject['texts'],
  isParsed: (nodeId: NodeId) => boolean = () => false,
): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  for (const [id, text] of texts) {
    const error = isParsed(id) ? null : findSyntaxError(text)
    if (!error) continue
    // Errors are rare: the way back to the file is made for them alone.
    const { placeAt } = await renderer.compile(id, publishedRendering)
    const place = placeAt(error.offset) ?? manifest.nodes[id]!.place
    problems.push(renderer.problem('sql-syntax', error.message, place))
  }
  return problems
}
