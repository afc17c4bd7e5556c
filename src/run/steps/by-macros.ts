import type { CompiledSql } from '../../compile/compiled-sql.ts'
import { renameRelations } from '../../compile/sql/relation-names.ts'
import { type Statement, splitStatements } from '../../compile/sql/statements.ts'
import { type ModelNode, type OwnBuild, type Relation, relationKey } from '../../core/node.ts'
import type { Step } from '../../core/plan.ts'
import {
  createTableAs,
  existingRelations,
  type PublishAction,
  relationIdent,
  type Session,
  sql,
} from '../../warehouse/index.ts'
import { askOn } from '../ask.ts'
import { runPostHooks, runPreHooks } from '../hooks.ts'
import { relationDetails } from '../relation-details.ts'
import type { RunContext, StepOutcome } from '../run-context.ts'
import { analyzeBuilt } from './analyze-built.ts'
import { viewAction } from './view-action.ts'

/*
 * A model that macros of the project have a part in building: `create_table_as`, say, or `get_merge_sql`. What they
 * come to is any SQL; it runs where the run builds, an increment on a copy of the published table. What is there then
 * takes the place of the published relation.
 */

/** A model that it is about. */
type OwnModel = ModelNode & { readonly ownBuild: OwnBuild }

/** Builds a model by the macros that dbt builds it by; returns how to publish it. */
export async function buildByMacros(
  session: Session,
  node: OwnModel,
  { action }: Step,
  compiled: CompiledSql,
  build: Relation,
  context: RunContext,
): Promise<StepOutcome> {
  const isIncremental = action === 'increment'
  const { hooks } = node.ownBuild
  if (isIncremental) await copyPublished(session, node, build)
  if (!hooks) await runPreHooks(session, node, isIncremental, context)
  const sent: Statement[] = []
  const ask = askOn(session)
  const scope = {
    ...context.renderScope,
    isIncremental,
    thisRelation: build,
    ask: (text: string) => {
      sent.push(...splitStatements(text))
      return ask(text)
    },
  }
  await context.renderer.materialize(node.id, compiled.text, scope, { hooks })
  context.builds.add(node.relation, build)
  const outcome = await outcomeOf(session, node, compiled, build, sent, context)
  const isView = node.materialized === 'view' || node.materialized === 'materialized_view'
  const isThere = hooks || isView || (await runPostHooks(session, node, build, context))
  const command = node.incrementalStrategy === 'merge' ? 'MERGE' : 'INSERT'
  return { ...outcome, ...(isIncremental && { command }), ...(!isThere && { publish: [] }) }
}

async function copyPublished(session: Session, node: ModelNode, build: Relation): Promise<void> {
  const all = sql`select * from ${relationIdent(node.relation)}`
  await session.query(createTableAs(build, all, { unlogged: node.unlogged }))
}

/** What stands there now. Macros may make a table where a view is configured. */
async function outcomeOf(
  session: Session,
  node: OwnModel,
  compiled: CompiledSql,
  build: Relation,
  sent: readonly Statement[],
  context: RunContext,
): Promise<StepOutcome> {
  const [there] = await existingRelations(session, [build])
  // Grants and comments are the project's affair where it makes them itself.
  const details = node.ownBuild.details ? {} : relationDetails(node)
  const outcome = { rows: null, message: there?.kind ?? 'nothing', compiledCode: compiled.text, publish: [] }
  if (!there) return outcome
  if (there.kind === 'table') {
    const { rows } = await session.query<{ readonly n: string }>(
      sql`select count(*)::text as n from ${relationIdent(build)}`,
    )
    const count = Number(rows[0]!.n)
    await analyzeBuilt(session, build, count)
    const action: PublishAction = { kind: 'swap-table', build, published: node.relation, ...details }
    return { ...outcome, rows: count, message: `${count} rows`, publish: [action] }
  }
  const statements = statementsOfView(sent).map((text) => forReaders(text, node, build, context))
  const action: PublishAction = {
    ...(await viewAction(node, compiled, build, context)),
    ...details,
    ...(statements.length > 0 && { statements }),
    ...(there.kind === 'materialized_view' && { materialized: { indexes: node.indexes } }),
  }
  return { ...outcome, publish: [action] }
}

const makesView: ReadonlySet<string> = new Set(['ViewStmt', 'CreateTableAsStmt'])

/** What made a view, and what was done to it after that. */
function statementsOfView(sent: readonly Statement[]): string[] {
  const from = sent.findLastIndex(({ kind }) => makesView.has(kind))
  return (from < 0 ? [] : sent.slice(from))
    .filter(({ kind }) => kind !== 'SelectStmt')
    .map(({ text }) => text)
}

/** A statement about a view, with what is published in place of what the run has built. */
function forReaders(text: string, node: ModelNode, build: Relation, context: RunContext): string {
  const standing = new Map(
    context.builds.all().map((one) => [relationKey(one.build), one.published] as const),
  )
  standing.set(relationKey(build), node.relation)
  const { database } = context.warehouse.target
  return renameRelations(text, database, (relation) => standing.get(relationKey(relation)) ?? null)
}
