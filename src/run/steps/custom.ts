import type { CompiledSql } from '../../compile/compiled-sql.ts'
import type { MadeRelation } from '../../compile/renderer.ts'
import type { ModelNode, Relation } from '../../core/node.ts'
import { existingRelations, type PublishAction, type Session } from '../../warehouse/index.ts'
import { askOn } from '../ask.ts'
import type { RunContext, StepOutcome } from '../run-context.ts'
import { viewAction } from './view-action.ts'

/**
 * Builds a model by a materialization that the project defines. Its `this` is the build, so that whatever it makes
 * there is published with the rest; relations that it makes elsewhere are its own affair.
 */
export async function buildCustom(
  session: Session,
  node: ModelNode,
  compiled: CompiledSql,
  build: Relation,
  context: RunContext,
): Promise<StepOutcome> {
  const made = await context.renderer.materialize(node.id, compiled.text, {
    ...context.renderScope,
    thisRelation: build,
    ask: askOn(session),
  })
  const publish: PublishAction[] = []
  for (const relation of await standing(session, made, build)) {
    const published = publishedAs(relation, build, node.relation)
    context.builds.add(published, relation)
    publish.push(await publishAction(relation, published, node, compiled, context))
  }
  const name = String(node.config['materialized'])
  return { rows: null, message: name, compiledCode: compiled.text, publish }
}

type Standing = Relation & { readonly kind: string }

/** The relations in the build schema that there really are. */
async function standing(
  session: Session,
  made: readonly MadeRelation[],
  build: Relation,
): Promise<readonly Standing[]> {
  const named = made.flatMap(({ schema, identifier }) =>
    schema === build.schema && identifier !== null ? [{ schema, identifier }] : [],
  )
  return existingRelations(session, named)
}

/** A relation named after the build is published under the same name after the node's. */
function publishedAs(relation: Relation, build: Relation, published: Relation): Relation {
  const { identifier } = relation
  const isNamedAfter = identifier.startsWith(build.identifier)
  const name = isNamedAfter ? published.identifier + identifier.slice(build.identifier.length) : identifier
  return { schema: published.schema, identifier: name }
}

async function publishAction(
  { kind, schema, identifier }: Standing,
  published: Relation,
  node: ModelNode,
  compiled: CompiledSql,
  context: RunContext,
): Promise<PublishAction> {
  const build = { schema, identifier }
  if (kind !== 'view') return { kind: 'swap-table', build, published }
  return { ...(await viewAction(node, compiled, build, context)), published }
}
