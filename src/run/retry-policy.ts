import { createHash } from 'node:crypto'
import { failureBehind, type ServerFailure } from '../warehouse/index.ts'

/*
 * What may work when it is tried again: that somebody else was in the way, or that the server was not there for a
 * moment. What the SQL itself says fails again however often it is tried, and so does what takes longer than it may.
 *
 *   in the way     serialization failures, deadlocks, locks that were not granted       soon
 *   away           connections that are lost or refused, servers that stop or start     after a second
 *   full           no connection left                                                   after two
 *
 * Each pause is three times the one before, give or take a half, so that those who got into each other's way do not
 * meet again. How much is worked out from who tries and how often: the same run waits the same.
 */

export interface RetrySpec {
  /** How often it is tried again after the first time. */
  readonly retries: number
  /** The first pause, where it is not that of the kind of failure. */
  readonly delayMs?: number
}

/** How often a node is tried again where its config says nothing. */
export const usualRetries = 3

export interface Retry {
  readonly pauseMs: number
  /** Why it may work the next time, in the server's words. */
  readonly reason: string
}

type TransientKind = 'in-the-way' | 'away' | 'full'

const firstPausesMs: Readonly<Record<TransientKind, number>> = { 'in-the-way': 100, away: 1000, full: 2000 }
const growth = 3
const longestPauseMs = 60_000

/** Whether work that failed is tried again, and after how long; `attempt` counts from 1, `who` is whoever tries. */
export function decideRetry(error: unknown, attempt: number, spec: RetrySpec, who: string): Retry | null {
  if (attempt > spec.retries) return null
  const failure = failureBehind(error)
  const kind = failure && transientKind(failure)
  if (!kind) return null
  const usualMs = (spec.delayMs ?? firstPausesMs[kind]) * growth ** (attempt - 1)
  const pauseMs = Math.round(Math.min(longestPauseMs, usualMs) * (0.5 + fraction(who, attempt)))
  return { pauseMs, reason: failure.message }
}

/** Whether the connection was lost, or none came about: what hung on it is gone. */
export function isAway(error: unknown): boolean {
  const failure = failureBehind(error)
  return failure !== null && transientKind(failure) !== null && transientKind(failure) !== 'in-the-way'
}

function transientKind({ kind, sqlstate }: ServerFailure): TransientKind | null {
  if (sqlstate === tooManyConnections) return 'full'
  if (sqlstate === undefined) return kind === 'lost' ? 'away' : null
  if (sqlstate === databaseDropped) return null
  if (kind === 'lost') return 'away'
  return kind === 'retryable' ? 'in-the-way' : null
}

const tooManyConnections = '53300'
const databaseDropped = '57P04'

/** A number from 0 up to 1 that is another for everybody and each time. */
function fraction(who: string, attempt: number): number {
  const hash = createHash('sha256')
    .update(JSON.stringify([who, attempt]))
    .digest()
  return hash.readUInt32BE() / 2 ** 32
}
