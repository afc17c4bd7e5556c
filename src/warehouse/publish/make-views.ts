import { relationKey } from '../../core/node.ts'
import { ProblemError } from '../../core/problem.ts'
import { createIndex, createMaterializedView, createView, refreshMaterializedView } from '../relation-sql.ts'
import { ServerError } from '../server-error.ts'
import type { Session } from '../session.ts'
import { type SQLQuery, sql } from '../sql.ts'
import { unsafeSql } from '../sql-text.ts'
import type { Surroundings } from './look-around.ts'
import type { PublishView } from './publish-action.ts'
import { dependentProblem } from './publish-problem.ts'
import { type RelationState, readersFirst } from './relation-state.ts'
import { fill, recreate } from './restore-state.ts'

/*
 * Making views on what has been replaced: ours that could not be moved, and those of others. Materialized ones are made
 * empty, get their owners and all that says who sees what, and are filled then.
 */

interface PendingView {
  readonly statements: readonly SQLQuery[]
  /** Set for a view that is not ours. */
  readonly state?: RelationState
}

/**
 * Makes our views and those of others. Which of ours reads one of theirs is not known before, so whatever does
 * not work yet is tried again after the others, as long as any of them works.
 */
export async function createViews(session: Session, around: Surroundings): Promise<void> {
  const { made } = around
  const own = made.map((view) => ({ statements: createOwnView(view) }))
  // Ours are in order already, and nearly always none of them reads one of theirs: then they go in at once.
  const failure = await tryStatements(
    session,
    own.flatMap(({ statements }) => statements),
  )
  await untilAllWork(session, [
    ...(failure ? own : []),
    ...readLast(around).map((state) => ({ statements: recreate(state), state })),
  ])
}

/** Views of others, each after those of them that it reads. */
function readLast({ dependents, reads }: Surroundings): RelationState[] {
  const byOid = new Map(dependents.map((state) => [state.oid, state]))
  const order = readersFirst([...byOid.keys()], reads).reverse()
  return order.flatMap((oid) => byOid.get(oid) ?? [])
}

/**
 * Fills the materialized views that were made, those of others as their owners: who sees which rows is settled by now.
 */
export async function fillViews(session: Session, around: Surroundings): Promise<void> {
  const own = around.made.filter(({ materialized, statements }) => materialized && !statements)
  const others = readLast(around).filter(({ kind }) => kind === 'materialized_view')
  await untilAllWork(session, [
    ...own.map((view) => ({ statements: fillOwnView(view) })),
    ...others.map((state) => ({ statements: fill(state), state })),
  ])
}

/** Tries whatever does not work yet again after the others, as long as any of them works. */
async function untilAllWork(session: Session, views: readonly PendingView[]): Promise<void> {
  let pending = views
  while (pending.length > 0) {
    const failed: { readonly view: PendingView; readonly error: ServerError }[] = []
    for (const view of pending) {
      const error = await tryStatements(session, view.statements)
      if (error) failed.push({ view, error })
    }
    if (failed.length === pending.length) throw viewError(failed[0]!.view, failed[0]!.error)
    pending = failed.map(({ view }) => view)
  }
}

function createOwnView({ published, definition, statements, materialized }: PublishView): SQLQuery[] {
  const query = unsafeSql(definition)
  if (statements) return statements.map(unsafeSql)
  if (!materialized) return [createView(published, query)]
  return [createMaterializedView(published, query, { withData: false })]
}

function fillOwnView({ published, materialized }: PublishView): SQLQuery[] {
  return [
    refreshMaterializedView(published),
    ...materialized!.indexes.map((index) => createIndex(published, index)),
    ...(materialized!.indexStatements ?? []).map(unsafeSql),
  ]
}

/** Runs statements, or none of them; returns the error if the statements are at fault. */
export async function tryStatements(
  session: Session,
  statements: readonly SQLQuery[],
): Promise<ServerError | undefined> {
  if (statements.length === 0) return undefined
  try {
    await session.runAll([sql`savepoint attempt`, ...statements, sql`release savepoint attempt`])
    return undefined
  } catch (error) {
    if (!(error instanceof ServerError) || error.failure.kind !== 'sql') throw error
    await session.query(sql`rollback to savepoint attempt`)
    return error
  }
}

function viewError({ state }: PendingView, error: ServerError): Error {
  if (!state) return error
  const kind = state.kind === 'view' ? 'view' : 'materialized view'
  return new ProblemError(dependentProblem(relationKey(state), kind, error), { cause: error })
}
