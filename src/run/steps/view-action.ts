import type { CompiledSql } from '../../compile/compiled-sql.ts'
import { withoutSemicolon } from '../../compile/compiled-sql.ts'
import type { ModelNode, Relation } from '../../core/node.ts'
import type { PublishView } from '../../warehouse/index.ts'
import { publishedSchemas } from '../relations.ts'
import type { RunContext } from '../run-context.ts'

/**
 * How to publish a view that was built. The one that readers get names what is published; where that is all that
 * differs, and not what a template made of the names, the view as it was built will do.
 */
export async function viewAction(
  node: ModelNode,
  compiled: CompiledSql,
  build: Relation,
  context: RunContext,
): Promise<PublishView> {
  const { text } = withoutSemicolon(await context.compilePublished(node))
  const isSame = publishedSchemas(context.plan.buildSchema, compiled.text) === text
  return {
    kind: 'view',
    published: node.relation,
    ...(isSame && { build }),
    definition: text,
  }
}
