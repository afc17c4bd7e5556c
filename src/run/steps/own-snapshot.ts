import type { CompiledSql } from '../../compile/compiled-sql.ts'
import type { SnapshotNode } from '../../core/node.ts'
import { createIndex, createTableAs, relationIdent, type Session, sql } from '../../warehouse/index.ts'
import { askOn } from '../ask.ts'
import { relationDetails } from '../relation-details.ts'
import { buildRelation } from '../relations.ts'
import type { RunContext, StepOutcome } from '../run-context.ts'

/*
 * A snapshot that macros of the project take part in: a strategy, a hash, the statements that write versions, or the
 * whole materialization. What they come to is any SQL over the table; it runs on a copy, which then takes the place of
 * the table: readers see all of it or nothing, and the run sees the result.
 */

/** Takes the snapshot by macros, the hooks among what they run; returns how to publish it. */
export async function takeOwnSnapshot(
  session: Session,
  node: SnapshotNode,
  compiled: CompiledSql,
  isThere: boolean,
  context: RunContext,
): Promise<StepOutcome> {
  const build = buildRelation(context.plan.buildSchema, node.relation)
  if (isThere) await session.query(createTableAs(build, sql`select * from ${relationIdent(node.relation)}`))
  await context.renderer.materialize(node.id, compiled.text, {
    ...context.renderScope,
    thisRelation: build,
    ask: askOn(session),
  })
  // The first time, the macros make the indexes themselves; a copy has none.
  if (isThere) for (const index of node.indexes) await session.query(createIndex(build, index, node.relation))
  context.builds.add(node.relation, build)
  return {
    rows: null,
    message: isThere ? 'versions brought up to date' : 'first versions',
    ...(isThere && { command: 'INSERT' }),
    compiledCode: compiled.text,
    publish: [{ kind: 'swap-table', build, published: node.relation, ...relationDetails(node) }],
  }
}
