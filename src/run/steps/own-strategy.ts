import type { ModelNode, Relation } from '../../core/node.ts'
import {
  createIndex,
  createTableAs,
  type PublishAction,
  relationIdent,
  type Session,
  sql,
} from '../../warehouse/index.ts'
import { askOn } from '../ask.ts'
import { relationDetails } from '../relation-details.ts'
import type { RunContext } from '../run-context.ts'

/*
 * An incremental strategy that a macro of the project defines, `get_incremental_<name>_sql`, gives statements that
 * change the table in any way. They run on a copy of it, which then takes its place: readers see all or nothing,
 * and the run sees the result.
 */

/** Copies the published table, lets the project's statements apply the delta to it, and returns how to publish it. */
export async function applyOwnStrategy(
  session: Session,
  node: ModelNode,
  delta: Relation,
  build: Relation,
  context: RunContext,
): Promise<PublishAction> {
  const copy = createTableAs(build, sql`select * from ${relationIdent(node.relation)}`, {
    unlogged: node.unlogged,
  })
  await session.query(copy)
  const ask = askOn(session)
  const { text } = await context.renderer.compileInline(strategyCall(node, delta, build, context), {
    ...context.renderScope,
    isIncremental: true,
    ask,
  })
  await ask(text)
  for (const index of node.indexes) await session.query(createIndex(build, index, node.relation))
  context.builds.add(node.relation, build)
  return { kind: 'swap-table', build, published: node.relation, ...relationDetails(node) }
}

/** The call of the macro as dbt makes it. */
function strategyCall(
  { config, uniqueKey }: ModelNode,
  delta: Relation,
  build: Relation,
  context: RunContext,
): string {
  const { database } = context.renderer.target
  const relation = ({ schema, identifier }: Relation) =>
    `api.Relation.create(database=${text(database)}, schema=${text(schema)}, identifier=${text(identifier)}, type='table')`
  const key = uniqueKey.length <= 1 ? (uniqueKey[0] ?? null) : uniqueKey
  const predicates = config['incremental_predicates'] ?? config['predicates'] ?? null
  return `{% set target = ${relation(build)} %}
{{ get_incremental_${String(config['incremental_strategy'])}_sql({
  'target_relation': target,
  'temp_relation': ${relation(delta)},
  'unique_key': fromjson(${text(JSON.stringify(key))}),
  'dest_columns': adapter.get_columns_in_relation(target),
  'incremental_predicates': fromjson(${text(JSON.stringify(predicates))}),
}) }}`
}

/** A string of the template language. */
function text(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
