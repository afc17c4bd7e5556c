import type { CompiledSql } from '../../compile/compiled-sql.ts'
import { withoutSemicolon } from '../../compile/compiled-sql.ts'
import type { ModelNode, Relation } from '../../core/node.ts'
import type { Step } from '../../core/plan.ts'
import { ProblemError } from '../../core/problem.ts'
import {
  createIndex,
  createTableAs,
  createView,
  type Session,
  type SwapTable,
  unsafeSql,
  type Warehouse,
} from '../../warehouse/index.ts'
import { hasHooks, runPostHooks, runPreHooks } from '../hooks.ts'
import { isBuiltByTime } from '../intervals/time-partition.ts'
import { relationDetails } from '../relation-details.ts'
import { buildRelation, partRelation } from '../relations.ts'
import type { RunContext, StepOutcome, StepRunner } from '../run-context.ts'
import { analyzeBuilt, analyzeIncrement } from './analyze-built.ts'
import { buildByMacros } from './by-macros.ts'
import { lateForeignKeys } from './constraints.ts'
import { buildContractTable, checkContract } from './contract.ts'
import { buildCustom } from './custom.ts'
import { buildIncrement, previewDelta } from './increment.ts'
import { keepModel } from './keep-relation.ts'
import { buildMaterializedView } from './materialized-view.ts'
import { buildBatches, timesOf } from './microbatch.ts'
import { hasSqlHeader, withSqlHeader } from './sql-header.ts'
import { viewAction } from './view-action.ts'

/** Builds a model in the dark, by its materialization. */
export const runModel: StepRunner<ModelNode> = async (node, step, context) => {
  if (node.refusal) throw new ProblemError(node.refusal)
  if (step.action === 'reuse') return keepModel(node, context)
  const build = buildRelation(context.plan.buildSchema, node.relation)
  if (isBuiltByTime(node)) return runBatches(node, step, build, context)
  const isIncremental = step.action === 'increment'
  const compiled = withoutSemicolon(await context.compile(node, { isIncremental }))
  if (isPlainView(node)) return buildView(context.warehouse, node, step, compiled, build, context)
  return context.warehouse.withSession(async (session) => {
    // A materialization of the project runs its hooks itself.
    if (node.materialized === 'custom') return buildCustom(session, node, compiled, build, context)
    const { ownBuild } = node
    if (ownBuild) return buildByMacros(session, { ...node, ownBuild }, step, compiled, build, context)
    await runPreHooks(session, node, isIncremental, context)
    const outcome = await withSqlHeader(session, node, async () => {
      await checkContract(session, node, compiled, build, context)
      return buildAs(session, node, step, compiled, build, context)
    })
    if (isIncremental || node.materialized === 'view') return outcome
    const isThere = await runPostHooks(session, node, build, context)
    return isThere ? outcome : { ...outcome, publish: [] }
  })
}

function buildAs(
  session: Session,
  node: ModelNode,
  step: Step,
  compiled: CompiledSql,
  build: Relation,
  context: RunContext,
): Promise<StepOutcome> {
  if (step.action === 'increment') return buildIncrement(session, node, compiled, build, context)
  switch (node.materialized) {
    case 'view':
      return buildView(session, node, step, compiled, build, context)
    case 'materialized_view':
      return buildMaterializedView(session, node, compiled, build, context)
    case 'table':
    case 'incremental':
      return buildTable(session, node, compiled, build, context)
    case 'ephemeral':
    case 'custom':
      throw new Error(`${node.id} is not built here`)
  }
}

/** Batches take their sessions themselves, so none is held while they run. */
async function runBatches(
  node: ModelNode,
  step: Step,
  build: Relation,
  context: RunContext,
): Promise<StepOutcome> {
  const { withSession } = context.warehouse
  const isIncremental = step.action === 'increment'
  await withSession((session) => runPreHooks(session, node, isIncremental, context))
  const table = isIncremental ? partRelation(build, 'delta') : build
  const { intervals, problems, ...built } = await buildBatches(node, step, table, context)
  const { rows, batches } = built
  const message = `${rows} rows in ${batches.length} ${batches.length === 1 ? 'batch' : 'batches'}`
  const failed = problems.length > 0 ? { failed: problems } : {}
  return withSession(async (session) => {
    if (!isIncremental) {
      const publish = await finishTable(session, node, build, rows, context)
      await runPostHooks(session, node, build, context)
      return { ...built, ...failed, message, publish: [{ ...publish, intervals }] }
    }
    const times = timesOf(node, batches)
    const publish = await previewDelta(session, node, table, build, context, times)
    await analyzeIncrement(session, publish, rows)
    return { ...built, ...failed, message, publish: [{ ...publish, intervals }] }
  })
}

async function buildTable(
  session: Session,
  node: ModelNode,
  compiled: CompiledSql,
  build: Relation,
  context: RunContext,
): Promise<StepOutcome> {
  const rows = node.contractEnforced
    ? await buildContractTable(session, node, compiled, build, context)
    : (await session.query(createTableAs(build, unsafeSql(compiled.text), { unlogged: node.unlogged })))
        .rowCount
  const publish = await finishTable(session, node, build, rows, context)
  return { rows, message: `${rows} rows`, compiledCode: compiled.text, publish: [publish] }
}

/** Gives a filled table its indexes and statistics; returns how to publish it. */
async function finishTable(
  session: Session,
  node: ModelNode,
  build: Relation,
  rows: number,
  context: RunContext,
): Promise<SwapTable> {
  for (const index of node.indexes) await session.query(createIndex(build, index, node.relation))
  await analyzeBuilt(session, build, rows)
  context.builds.add(node.relation, build)
  const { details } = relationDetails(node)
  const foreignKeys = node.contractEnforced ? lateForeignKeys(node, context) : []
  return {
    kind: 'swap-table',
    build,
    published: node.relation,
    ...(details && { details }),
    ...(foreignKeys.length > 0 && { details: { ...details, foreignKeys } }),
  }
}

/** Whether a view is nothing but its SELECT, so that it needs no session of its own. */
export function isPlainView(node: ModelNode): boolean {
  if (node.materialized !== 'view' || node.ownBuild) return false
  return !node.contractEnforced && !hasHooks(node) && !hasSqlHeader(node)
}

async function buildView(
  on: Pick<Warehouse, 'runTogether'> | Session,
  node: ModelNode,
  step: Step,
  compiled: CompiledSql,
  build: Relation,
  context: RunContext,
): Promise<StepOutcome> {
  const statement = createView(build, unsafeSql(compiled.text))
  await ('runTogether' in on ? on.runTogether(statement) : on.query(statement))
  context.builds.add(node.relation, build)
  const action = {
    ...(await viewAction(node, compiled, build, context)),
    ...(step.stands && { unchanged: true }),
    ...relationDetails(node),
  }
  return { rows: null, message: 'view', compiledCode: action.definition, publish: [action] }
}
