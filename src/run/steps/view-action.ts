import type { CompiledSql } from '../../compile/compiled-sql.ts'
import { withoutSemicolon } from '../../compile/compiled-sql.ts'
import { withoutQualifierPrefix } from '../../compile/sql/qualifiers.ts'
import type { ModelNode, Relation } from '../../core/node.ts'
import type { PublishView } from '../../warehouse/index.ts'
import type { RunContext } from '../run-context.ts'

/**
 * How to publish a view that was built. The one that readers get names what is published. Where its text differs only
 * in the schemas of what it reads, and not in what a template made of names (a string, a column), the view as it was
 * built will do. Names too long for a build schema to keep are taken for a difference.
 */
export async function viewAction(
  node: ModelNode,
  compiled: CompiledSql,
  build: Relation,
  context: RunContext,
): Promise<PublishView> {
  const { text } = withoutSemicolon(await context.compilePublished(node))
  const isSame =
    withoutQualifierPrefix(compiled.text, `${context.plan.buildSchema}__`) === text &&
    !callsBuiltFunction(compiled.text, context)
  return {
    kind: 'view',
    published: node.relation,
    ...(isSame && { build }),
    definition: text,
  }
}

/** Whether a function is called that goes away with the run; a published one takes its place. */
function callsBuiltFunction(text: string, { functions }: RunContext): boolean {
  return functions
    .all()
    .some(({ build: { schema, identifier } }) => text.includes(`"${schema}"."${identifier}"`))
}
