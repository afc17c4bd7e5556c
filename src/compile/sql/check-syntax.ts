import type { Manifest } from '../../core/manifest.ts'
import type { Problem } from '../../core/problem.ts'
import { ProblemError } from '../../core/problem.ts'
import type { Renderer } from '../renderer.ts'
import { findSyntaxError } from './syntax.ts'

/** Renders every model and test as if everything were published, and has PostgreSQL's parser read the result. */
export async function checkSyntax(manifest: Manifest, renderer: Renderer): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const node of Object.values(manifest.nodes)) {
    if (node.resourceType !== 'model' && node.resourceType !== 'test') continue
    try {
      const compiled = await renderer.compile(node.id, {
        relationOf: (relation) => relation,
        isIncremental: false,
        fullRefresh: false,
        runStartedAt: new Date(0),
        invocationId: '',
        log: () => {},
      })
      const error = findSyntaxError(compiled.text)
      if (!error) continue
      const place = compiled.placeAt(error.offset) ?? node.place
      problems.push(renderer.problem('sql-syntax', error.message, place))
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      problems.push(...error.problems)
    }
  }
  return problems
}
