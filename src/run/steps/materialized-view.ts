import type { CompiledSql } from '../../compile/compiled-sql.ts'
import type { IndexConfig, ModelNode, Relation } from '../../core/node.ts'
import { ProblemError } from '../../core/problem.ts'
import {
  createIndex,
  createMaterializedView,
  existingRelations,
  type PublishAction,
  type Session,
  sql,
  unsafeSql,
} from '../../warehouse/index.ts'
import { relationDetails } from '../relation-details.ts'
import type { RunContext, StepOutcome } from '../run-context.ts'
import { viewAction } from './view-action.ts'

/*
 * A materialized view is filled in the dark like a table, and takes the place of the published one as it is, unless
 * it reads what goes away with the run.
 */

/** Builds a materialized view, if its configuration may change. */
export async function buildMaterializedView(
  session: Session,
  node: ModelNode,
  compiled: CompiledSql,
  build: Relation,
  context: RunContext,
): Promise<StepOutcome> {
  const kept = await keptAsItIs(session, node, context)
  if (kept) return { ...kept, compiledCode: compiled.text }
  const { rowCount } = await session.query(createMaterializedView(build, unsafeSql(compiled.text)))
  for (const index of node.indexes) await session.query(createIndex(build, index, node.relation))
  context.builds.add(node.relation, build)
  const action: PublishAction = {
    ...(await viewAction(node, compiled, build, context)),
    materialized: { indexes: node.indexes },
    ...relationDetails(node),
  }
  return { rows: rowCount, message: `${rowCount} rows`, compiledCode: compiled.text, publish: [action] }
}

/** What on_configuration_change makes of indexes that are no longer those that are there. */
async function keptAsItIs(
  session: Session,
  node: ModelNode,
  { renderer, effects, fullRefresh }: RunContext,
): Promise<StepOutcome | null> {
  const choice = node.config['on_configuration_change'] ?? 'apply'
  if (choice === 'apply' || (node.fullRefresh ?? fullRefresh)) return null
  const [existing] = await existingRelations(session, [node.relation])
  if (existing?.kind !== 'materialized_view') return null
  const present = (await indexesOf(session, node.relation)).map(indexKey)
  const wanted = node.indexes.map(indexKey)
  const changed = present.length !== wanted.length || wanted.some((key) => !present.includes(key))
  if (!changed) return null
  const message = `the indexes of ${node.name} are not those that are configured`
  if (choice === 'fail')
    throw new ProblemError(
      renderer.problem(
        'config-invalid',
        `${message}, and on_configuration_change is fail`,
        node.place,
        'set on_configuration_change: apply, or build it anew with --full-refresh',
      ),
    )
  effects.emit({ type: 'log', level: 'warn', message: `${message}; it stays as it is`, nodeId: node.id })
  return { rows: null, message: 'kept: on_configuration_change is continue', publish: [] }
}

async function indexesOf(session: Session, { schema, identifier }: Relation): Promise<IndexConfig[]> {
  const { rows } = await session.query<IndexConfig>(sql`
    select
      array(
        select a.attname::text from pg_attribute a
        where a.attrelid = i.indrelid and a.attnum = any(i.indkey)
      ) as columns,
      i.indisunique as unique,
      m.amname::text as type
    from pg_index i
    join pg_class x on x.oid = i.indexrelid
    join pg_am m on m.oid = x.relam
    join pg_class c on c.oid = i.indrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relname = ${identifier}`)
  return rows
}

function indexKey({ columns, unique, type }: IndexConfig): string {
  return JSON.stringify([[...columns].map((name) => name.toLowerCase()).sort(), unique, type])
}
