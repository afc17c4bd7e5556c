import type { Manifest } from '../../core/manifest.ts'
import type { Node, NodeId } from '../../core/node.ts'
import type { Problem } from '../../core/problem.ts'
import { ProblemError } from '../../core/problem.ts'
import { publishedRendering } from '../published-sql.ts'
import type { Renderer } from '../renderer.ts'
import { findSyntaxError } from './syntax.ts'

/** What came out of rendering everything. */
export interface SyntaxCheck {
  readonly problems: readonly Problem[]
  /** The SQL of the models and tests that could be rendered, as if everything were published. */
  readonly texts: ReadonlyMap<NodeId, string>
}

/**
 * Renders every model and test as if everything were published, and has PostgreSQL's parser read the result. What is
 * known to be sound, such as our own tests, need not be looked at.
 */
export async function checkSyntax(
  manifest: Manifest,
  renderer: Renderer,
  isSound: (node: Node) => boolean = () => false,
): Promise<SyntaxCheck> {
  const problems: Problem[] = []
  const texts = new Map<NodeId, string>()
  for (const node of Object.values(manifest.nodes)) {
    if ((node.resourceType !== 'model' && node.resourceType !== 'test') || isSound(node)) continue
    try {
      const compiled = await renderer.compile(node.id, publishedRendering)
      texts.set(node.id, compiled.text)
      const error = findSyntaxError(compiled.text)
      if (!error) continue
      const place = compiled.placeAt(error.offset) ?? node.place
      problems.push(renderer.problem('sql-syntax', error.message, place))
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      problems.push(...error.problems)
    }
  }
  return { problems, texts }
}
