import { ServerError } from '../server-error.ts'
import type { Session } from '../session.ts'
import { type SQLQuery, sql } from '../sql.ts'
import { sqlLiteral } from '../sql-text.ts'

/*
 * Statements that lock many relations one after the other wait for each as long as lock_timeout says, so for all of them
 * longer. Meanwhile whoever comes waits behind what is locked already; after its deadlock_timeout a reader who holds
 * something that we want would be ended for it. So the time for all of them together is limited as well.
 */

export interface LockLimits {
  /** How long the wait for one lock may be, which is set already. */
  readonly lockTimeoutMs: number
  /** How many relations are locked: each takes a moment. */
  readonly relations: number
  /** What the session is set to otherwise. */
  readonly statementTimeout: string
}

const slackMs = { all: 150, relation: 1 }

/** Runs statements that lock; throws what a lock that is not granted throws when all of it takes too long. */
export async function takeLocks(
  session: Session,
  statements: readonly SQLQuery[],
  { lockTimeoutMs, relations, statementTimeout }: LockLimits,
): Promise<void> {
  const endAt = performance.now() + lockTimeoutMs + slackMs.all + slackMs.relation * relations
  try {
    for (const statement of statements) {
      const leftMs = Math.max(1, Math.ceil(endAt - performance.now()))
      await session.runAll([setStatementTimeout(String(leftMs)), statement])
    }
    await session.runAll([setStatementTimeout(statementTimeout)])
  } catch (error) {
    const isOver = performance.now() >= endAt
    if (!(error instanceof ServerError) || error.failure.sqlstate !== '57014' || !isOver) throw error
    const failure = { ...error.failure, kind: 'retryable' as const, sqlstate: '55P03' }
    throw new ServerError(failure, error.sentText, { cause: error })
  }
}

function setStatementTimeout(value: string): SQLQuery {
  return sql`select set_config('statement_timeout', ${sqlLiteral(value)}, true)`
}
