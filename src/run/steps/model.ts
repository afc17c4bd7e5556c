import type { CompiledSql } from '../../compile/compiled-sql.ts'
import type { ModelNode, Relation } from '../../core/node.ts'
import {
  createIndex,
  createTableAs,
  createView,
  type PublishAction,
  type Session,
  unsafeSql,
} from '../../warehouse/index.ts'
import { runPostHooks, runPreHooks } from '../hooks.ts'
import { buildRelation } from '../relations.ts'
import type { RunContext, StepOutcome, StepRunner } from '../run-context.ts'
import { buildCustom } from './custom.ts'
import { buildIncrement } from './increment.ts'

/** Builds a model in the dark, by its materialization. */
export const runModel: StepRunner<ModelNode> = async (node, step, context) => {
  const compiled = await context.compile(node, { isIncremental: step.action === 'increment' })
  const build = buildRelation(context.plan.buildSchema, node.relation)
  return context.warehouse.withSession(async (session) => {
    // A materialization of the project runs its hooks itself.
    if (node.materialized === 'custom') return buildCustom(session, node, compiled, build, context)
    await runPreHooks(session, node, step.action === 'increment', build, context)
    if (step.action === 'increment') return buildIncrement(session, node, compiled, build, context)
    if (node.materialized === 'view') return buildView(session, node, compiled, build, context)
    const outcome = await buildTable(session, node, compiled, build, context)
    const isThere = await runPostHooks(session, node, build, context)
    return isThere ? outcome : { ...outcome, publish: [] }
  })
}

async function buildTable(
  session: Session,
  node: ModelNode,
  compiled: CompiledSql,
  build: Relation,
  context: RunContext,
): Promise<StepOutcome> {
  const { rowCount } = await session.query(
    createTableAs(build, unsafeSql(compiled.text), { unlogged: node.unlogged }),
  )
  for (const index of node.indexes) await session.query(createIndex(build, index))
  context.builds.add(node.relation, build)
  return {
    rows: rowCount,
    message: `${rowCount} rows`,
    compiledCode: compiled.text,
    publish: [{ kind: 'swap-table', build, published: node.relation }],
  }
}

async function buildView(
  session: Session,
  node: ModelNode,
  compiled: CompiledSql,
  build: Relation,
  context: RunContext,
): Promise<StepOutcome> {
  await session.query(createView(build, unsafeSql(compiled.text)))
  context.builds.add(node.relation, build)
  // The view that readers get refers to what is published, so it is written anew when that stands.
  const published = await context.compilePublished(node)
  const action: PublishAction = { kind: 'view', published: node.relation, definition: published.text }
  return { rows: null, message: 'view', compiledCode: published.text, publish: [action] }
}
