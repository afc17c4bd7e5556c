import { setTimeout as sleep } from 'node:timers/promises'
import type { Relation } from '../../core/node.ts'
import { ProblemError } from '../../core/problem.ts'
import { throwIfCancelled } from '../cancelled.ts'
import { createSchema } from '../relation-sql.ts'
import { ServerError } from '../server-error.ts'
import type { Session } from '../session.ts'
import { sql } from '../sql.ts'
import { sqlLiteral } from '../sql-text.ts'
import type { Warehouse } from '../warehouse.ts'
import { applyChange, changesColumns } from './apply-change.ts'
import { applyDetails } from './apply-details.ts'
import { carryIndexes } from './carry-indexes.ts'
import type { PublishAction } from './publish-action.ts'
import { publishFunctions, refuseStrays } from './publish-functions.ts'
import { inUse, publishProblem } from './publish-problem.ts'
import { type Replacement, replaceRelations } from './replace-relations.ts'

/*
 * Publishing: one transaction after which everything that a run built is visible, and before which nothing is.
 *
 *   1  functions are made, deltas applied, and others' indexes made on the builds; readers go on reading the rows of
 *      yesterday
 *   2  a savepoint; then everything that changes its identity is locked, with a short lock_timeout
 *        not granted → back to the savepoint, which gives the locks up; wait; again
 *   3  views that read what is replaced are dropped, tables change places or columns, views are made again
 *   4  grants and comments; what the caller wants noted with it; commit
 *
 * While it holds locks nothing slow happens, and it never waits for a lock longer than half of the server's
 * deadlock_timeout: a reader who holds what we want and wants what we hold is never the one who is ended.
 */

export interface PublishOptions {
  /**
   * The schema in which the run built, the beginning of the names of its others. Views there may be in the way of a
   * changed column; they are dropped and not made again.
   */
  readonly buildSchema?: string
  /** What comes first in the transaction: whether it is allowed at all. */
  readonly first?: (session: Session) => Promise<void>
  /** Statements that are to be true with the publication: notes in the store. */
  readonly within?: (session: Session, replacement: Replacement) => Promise<void>
  /** How long to go on when readers hold on to a table; ten minutes if not said. */
  readonly maxWaitMs?: number
  readonly signal?: AbortSignal
  /** Called once, with those who are in the way. */
  readonly onWaiting?: (holders: string) => void
}

export interface PublishResult extends Replacement {
  readonly relations: readonly Relation[]
}

/**
 * How long each try waits for a lock, over and over. Readers with short statements that lock the same tables in
 * another order leave many short gaps, which many short tries hit; a long one is needed where somebody always
 * reads, since only a waiting lock keeps new readers out.
 */
const lockTimeoutsMs = [10, 20, 40, 80, 160, 400]
const longestPauseMs = 2_000
const defaultMaxWaitMs = 10 * 60_000

/** Makes the actions visible, all or none; they come in the order of the graph. */
export async function publish(
  warehouse: Pick<Warehouse, 'withSession'>,
  actions: readonly PublishAction[],
  options: PublishOptions = {},
): Promise<PublishResult> {
  return warehouse.withSession(async (session) => {
    try {
      await makeSchemas(session, actions)
      return await session.transaction(async () => {
        await options.first?.(session)
        return publishWithin(session, actions, options)
      })
    } catch (error) {
      if (error instanceof ServerError) throw new ProblemError(publishProblem(error), { cause: error })
      throw error
    }
  })
}

/** In a transaction of their own: Citus refuses schema DDL after other work. */
async function makeSchemas(session: Session, actions: readonly PublishAction[]): Promise<void> {
  const wanted = [...new Set(actions.map(({ published }) => published.schema))]
  const { rows } = await session.query<{ name: string }>(sql`
    select name
    from unnest(${wanted}::text[]) as name
    where not exists (select from pg_catalog.pg_namespace where nspname = name)`)
  for (const { name } of rows) await session.query(createSchema(name))
}

async function publishWithin(
  session: Session,
  actions: readonly PublishAction[],
  options: PublishOptions,
): Promise<PublishResult> {
  await publishFunctions(session, actions)
  for (const action of actions) {
    if (!changesColumns(action)) await applyChange(session, action)
  }
  await carryIndexes(session, actions)
  const replacement = await replaceWhenFree(session, actions, options)
  await applyDetails(session, actions)
  if (options.buildSchema && actions.some(({ kind }) => kind === 'function'))
    await refuseStrays(session, options.buildSchema)
  await options.within?.(session, replacement)
  return { relations: actions.map(({ published }) => published), ...replacement }
}

/** Tries until the locks are granted, giving up all of them between tries. */
async function replaceWhenFree(
  session: Session,
  actions: readonly PublishAction[],
  options: PublishOptions,
): Promise<Replacement> {
  // Nothing changes its identity, so nothing is locked.
  if (actions.every(({ kind }) => kind === 'keep')) return { recreated: [], kept: [] }
  const { rows } = await session.query<{ lockTimeout: string; searchPath: string }>(sql`
    select
      current_setting('lock_timeout') as "lockTimeout",
      current_setting('search_path') as "searchPath",
      -- What is said to be published has to outlive a crash; the embedded server does not wait for its log otherwise.
      case current_setting('synchronous_commit')
        when 'off' then set_config('synchronous_commit', 'on', true)
      end`)
  const { lockTimeout, searchPath } = rows[0]!
  const giveUpAt = Date.now() + (options.maxWaitMs ?? defaultMaxWaitMs)
  await session.query(sql`savepoint free`)
  for (let attempt = 0; ; attempt++) {
    throwIfCancelled(options.signal)
    const timeoutMs = lockTimeoutsMs[attempt % lockTimeoutsMs.length]!
    try {
      await session.query(sql`set local lock_timeout = ${sqlLiteral(String(timeoutMs))}`)
      const replacement = await replaceRelations(session, actions, searchPath, options.buildSchema)
      await session.query(sql`set local lock_timeout = ${sqlLiteral(lockTimeout)}`)
      return replacement
    } catch (error) {
      if (!isLockTimeout(error)) throw error
      await session.query(sql`rollback to savepoint free`)
      const holders = await inUse(session, actions)
      if (attempt === lockTimeoutsMs.length) options.onWaiting?.(holders.join(', '))
      if (Date.now() > giveUpAt) throw new ProblemError(publishProblem(error, holders), { cause: error })
      await sleep(pauseMs(attempt))
    }
  }
}

/** None to speak of at first, then as long as half of the tries before, and never long. */
function pauseMs(attempt: number): number {
  return Math.min(longestPauseMs, 5 * 1.5 ** attempt)
}

function isLockTimeout(error: unknown): error is ServerError {
  // A deadlock ends the transaction only as far as the savepoint, too.
  return error instanceof ServerError && ['55P03', '40P01'].includes(error.failure.sqlstate ?? '')
}
