import { setTimeout as sleep } from 'node:timers/promises'
import type { Relation } from '../../core/node.ts'
import { ProblemError } from '../../core/problem.ts'
import { throwIfCancelled } from '../cancelled.ts'
import { existingRelations } from '../catalog.ts'
import { ensureSchema } from '../ensure-schema.ts'
import { relationIdent } from '../relation-sql.ts'
import { ServerError } from '../server-error.ts'
import type { Session } from '../session.ts'
import { type SQLQuery, sql } from '../sql.ts'
import { sqlLiteral } from '../sql-text.ts'
import type { Warehouse } from '../warehouse.ts'
import {
  applyChange,
  changesColumns,
  type GrowTable,
  growsRows,
  isGrowing,
  keepCopy,
} from './apply-change.ts'
import { applyDetails } from './apply-details.ts'
import { carryIndexes } from './carry-indexes.ts'
import { interruptVacuum } from './interrupt-vacuum.ts'
import { describeFunctions } from './keep-replaced.ts'
import type { PublishAction } from './publish-action.ts'
import { publishFunctions, refuseStrays } from './publish-functions.ts'
import { blockedProblem, inUse, publishProblem } from './publish-problem.ts'
import { type Replacement, replaceRelations } from './replace-relations.ts'
import { type KeepIn, nothingKept, type ReplacedRelation } from './replaced-relation.ts'
import { takeLocks } from './take-locks.ts'

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
 * While it holds locks nothing slow happens, and it never waits for them longer than half of the server's
 * deadlock_timeout: a reader who holds what we want and wants what we hold is never the one who is ended, and one who
 * reads something else of ours waits no longer than that. Only the server's own maintenance is waited for longer, with
 * a lock that no reader minds: see interrupt-vacuum.ts.
 */

export interface PublishOptions {
  /**
   * The schema in which the run built, the beginning of the names of its others. Views there may be in the way of a
   * changed column; they are dropped and not made again.
   */
  readonly buildSchema?: string
  /** Keeps the tables that are replaced, where this says; without it they are dropped. */
  readonly keepIn?: KeepIn
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
const lockTimeoutsMs = [10, 20, 40, 80, 160, 250]
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
      await makeSchemas(session, actions, options.keepIn)
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
async function makeSchemas(
  session: Session,
  actions: readonly PublishAction[],
  keepIn?: KeepIn,
): Promise<void> {
  const kept = actions.flatMap((action) =>
    keepIn && (action.kind === 'swap-table' || action.kind === 'view' || growsRows(action))
      ? [keepIn(action.published).schema]
      : [],
  )
  const wanted = [...new Set([...actions.map(({ published }) => published.schema), ...kept])]
  const { rows } = await session.query<{ name: string }>(sql`
    select name
    from unnest(${wanted}::text[]) as name
    where not exists (select from pg_catalog.pg_namespace where nspname = name)`)
  for (const { name } of rows) await ensureSchema(session, name)
}

async function publishWithin(
  session: Session,
  actions: readonly PublishAction[],
  options: PublishOptions,
): Promise<PublishResult> {
  const waitMs = options.maxWaitMs ?? defaultMaxWaitMs
  const giveUpAt = performance.now() + waitMs
  const before = await readSettings(session)
  const free = { session, actions, giveUpAt, options, lockTimeout: before.lockTimeout }
  if (actions.some(growsRows)) await probeLocks(free, before)
  // Nobody waits for this transaction yet, but somebody may keep it from writing rows: it waits, and not for ever.
  await session.runAll([setLockTimeout(String(Math.max(1, Math.ceil(waitMs)))), sql`savepoint start`])
  let changed: readonly ReplacedRelation[]
  try {
    changed = await changeInPlace(session, actions, options.keepIn)
    await carryIndexes(session, actions)
  } catch (error) {
    if (!isLockTimeout(error)) throw error
    await session.query(sql`rollback to savepoint start`)
    throw new ProblemError(blockedProblem(await inUse(session, actions)), { cause: error })
  }
  const replaced = await replaceWhenFree(free, before)
  const replacement = { ...replaced, before: [...replaced.before, ...changed] }
  if (options.buildSchema && actions.some(({ kind }) => kind === 'function'))
    await refuseStrays(session, options.buildSchema)
  await options.within?.(session, replacement)
  return { relations: actions.map(({ published }) => published), ...replacement }
}

interface Settings {
  readonly lockTimeout: string
  readonly statementTimeout: string
  readonly searchPath: string
}

/** A table that is changed in place without anything being kept: it was not to be changed, or nothing can be kept. */
function changedWithout({ published, isEmpty }: GrowTable): ReplacedRelation {
  const common = { ...nothingKept, relation: published }
  return isEmpty ? { ...common, kind: 'rows', written: { by: [], rows: 0 } } : { ...common, kind: 'grown' }
}

/** Reads what the session is set to, and sees to it that what is said to be published outlives a crash. */
async function readSettings(session: Session): Promise<Settings> {
  const { rows } = await session.query<Settings>(sql`
    select
      current_setting('lock_timeout') as "lockTimeout",
      current_setting('statement_timeout') as "statementTimeout",
      current_setting('search_path') as "searchPath",
      -- The embedded server does not wait for its log otherwise.
      case current_setting('synchronous_commit')
        when 'off' then set_config('synchronous_commit', 'on', true)
      end`)
  return rows[0]!
}

/** Makes functions and writes rows; returns what was there before, where that is to be kept. */
async function changeInPlace(
  session: Session,
  actions: readonly PublishAction[],
  keepIn: KeepIn | undefined,
): Promise<readonly ReplacedRelation[]> {
  const before = keepIn ? [...(await describeFunctions(session, actions))] : []
  await publishFunctions(session, actions)
  for (const action of actions) {
    // Columns change later, when nobody reads the table.
    const kept = changesColumns(action)
      ? await keepCopy(session, action, keepIn)
      : await applyChange(session, action, keepIn)
    if (kept) before.push(kept)
    else if (keepIn && isGrowing(action)) before.push(changedWithout(action))
  }
  return before
}

/** What is tried until nobody is in the way. */
interface WhenFree {
  readonly session: Session
  readonly actions: readonly PublishAction[]
  readonly giveUpAt: number
  readonly options: PublishOptions
  readonly lockTimeout: string
}

/**
 * Waits until the tables could be locked. Who is in the way for long is found before rows are written, so that they are
 * not written in vain, and a retry finds the tables as they were when the deltas were made.
 */
async function probeLocks(free: WhenFree, { statementTimeout }: Settings): Promise<void> {
  const { session, actions } = free
  const found = await existingRelations(
    session,
    actions.filter(({ kind }) => kind !== 'keep' && kind !== 'function').map(({ published }) => published),
  )
  const tables = found.filter(({ kind }) => kind === 'table').map(relationIdent)
  if (tables.length === 0) return
  const statement = sql`lock table ${sql.join(tables, ', ')} in access exclusive mode`
  const limits = { relations: tables.length, statementTimeout }
  await whenFree(free, (lockTimeoutMs) => takeLocks(session, [statement], { ...limits, lockTimeoutMs }))
  await session.query(sql`rollback to savepoint free`)
}

/** Replaces what is to be replaced, as soon as the locks are granted. */
async function replaceWhenFree(
  free: WhenFree,
  { searchPath, statementTimeout }: Settings,
): Promise<Replacement> {
  const { session, actions, lockTimeout, options } = free
  // Nothing changes its identity, so nothing is locked.
  if (actions.every(({ kind }) => kind === 'keep')) {
    await session.runAll([setLockTimeout(lockTimeout)])
    await applyDetails(session, actions)
    return { recreated: [], kept: [], before: [] }
  }
  return whenFree(free, async (lockTimeoutMs) => {
    const settings = { searchPath, statementTimeout, lockTimeoutMs }
    const replacement = await replaceRelations(session, actions, settings, options)
    // Foreign keys lock what they point at, while readers wait for what is locked already.
    await applyDetails(session, actions)
    return replacement
  })
}

/** Tries until the locks are granted, giving up all of them between tries. */
async function whenFree<T>(
  { session, actions, giveUpAt, options, lockTimeout }: WhenFree,
  body: (lockTimeoutMs: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    throwIfCancelled(options.signal)
    const timeoutMs = lockTimeoutsMs[attempt % lockTimeoutsMs.length]!
    try {
      const begin = attempt === 0 ? [sql`savepoint free`] : []
      await session.runAll([...begin, setLockTimeout(String(timeoutMs))])
      const value = await body(timeoutMs)
      await session.runAll([setLockTimeout(lockTimeout)])
      return value
    } catch (error) {
      // A deadlock ends the transaction only as far as the savepoint, too.
      if (!isLockTimeout(error) && !isDeadlock(error)) throw error
      await session.query(sql`rollback to savepoint free`)
      if (!(await interruptVacuum(session, actions.flatMap(tablesOf))))
        await session.query(sql`rollback to savepoint free`)
      const isOver = performance.now() > giveUpAt
      const holders = isOver || attempt === lockTimeoutsMs.length ? await inUse(session, actions) : []
      if (isOver) throw new ProblemError(blockedProblem(holders), { cause: error })
      if (attempt === lockTimeoutsMs.length)
        options.onWaiting?.(holders.join('; ') || 'sessions that come and go')
      await pause(attempt, options.signal)
    }
  }
}

/** What an action replaces or moves. */
function tablesOf(action: PublishAction): Relation[] {
  return action.kind === 'swap-table' ? [action.published, action.build] : [action.published]
}

function setLockTimeout(value: string): SQLQuery {
  return sql`set local lock_timeout = ${sqlLiteral(value)}`
}

/** None to speak of at first, then as long as half of the tries before, and never long. */
async function pause(attempt: number, signal: AbortSignal | undefined): Promise<void> {
  const pauseMs = Math.min(longestPauseMs, 5 * 1.5 ** attempt)
  await sleep(pauseMs, undefined, signal && { signal }).catch(() => {})
}

function isLockTimeout(error: unknown): error is ServerError {
  return error instanceof ServerError && error.failure.sqlstate === '55P03'
}

function isDeadlock(error: unknown): error is ServerError {
  return error instanceof ServerError && error.failure.sqlstate === '40P01'
}
