import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeProblem, ProblemError } from '../core/problem.ts'
import { throwIfCancelled } from './cancelled.ts'
import type { Queryable } from './catalog.ts'
import { sql } from './sql.ts'
import type { Warehouse } from './warehouse.ts'

/*
 * One run at a time works on a project's target schema. The lock is an advisory lock of the control session:
 * the server lets go of it when the connection ends, so a dead holder never blocks anybody.
 */

export interface RunLockRequest {
  readonly project: string
  /** The target schema. */
  readonly schema: string
  /** How long to wait for another run; 0 does not wait, undefined waits until the signal. */
  readonly waitMs?: number | undefined
  readonly signal?: AbortSignal
  /** Called once when another run holds the lock, with a word on who. */
  readonly onWaiting?: (holder: string) => void
}

const firstPauseMs = 100
const longestPauseMs = 2_000

/** Runs the body while holding the lock; throws `run-locked` when the wait is over. */
export async function withRunLock<T>(
  warehouse: Pick<Warehouse, 'control'>,
  request: RunLockRequest,
  body: () => Promise<T>,
): Promise<T> {
  const { control } = warehouse
  const key = lockKey(request)
  await waitForLock(control, key, request)
  try {
    return await body()
  } finally {
    // When the connection is gone, so is the lock.
    await control.query(sql`select pg_advisory_unlock(${key}::bigint)`).catch(() => {})
  }
}

/** 63 bits of a hash: two projects in one database keep apart, and so do two schemas. */
function lockKey({ project, schema }: RunLockRequest): string {
  const hash = createHash('sha256')
    .update(JSON.stringify(['estimand run', project, schema]))
    .digest()
  return (hash.readBigUInt64BE() >> 1n).toString()
}

async function waitForLock(on: Queryable, key: string, request: RunLockRequest): Promise<void> {
  const giveUpAt = request.waitMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + request.waitMs
  // Trying again and again, instead of one statement that waits, keeps the session free for cancelling.
  for (let pauseMs = firstPauseMs, told = false; ; pauseMs = Math.min(longestPauseMs, 2 * pauseMs)) {
    const { rows } = await on.query<{ taken: boolean }>(
      sql`select pg_try_advisory_lock(${key}::bigint) as taken`,
    )
    if (rows[0]!.taken) return
    throwIfCancelled(request.signal)
    const holder = await holderOf(on, key)
    const leftMs = giveUpAt - Date.now()
    if (leftMs <= 0) throw new ProblemError(locked(request, holder))
    if (!told && holder) request.onWaiting?.(holder)
    told ||= holder !== undefined
    await sleep(Math.min(pauseMs, leftMs), undefined, request.signal && { signal: request.signal }).catch(
      () => {},
    )
  }
}

/** `estimand run 2024…, process 4711, since 2024-01-01 12:00:00 UTC`. */
async function holderOf(on: Queryable, key: string): Promise<string | undefined> {
  const { rows } = await on.query<{ holder: string }>(sql`
    select format(
      '%s, process %s, since %s UTC',
      coalesce(nullif(a.application_name, ''), a.usename),
      a.pid,
      to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')
    ) as holder
    from pg_catalog.pg_locks l
    join pg_catalog.pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'advisory'
      and l.granted
      and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
      and l.objsubid = 1
      and (l.classid::bigint << 32) | l.objid::bigint = ${key}::bigint`)
  return rows[0]?.holder
}

function locked({ project, schema }: RunLockRequest, holder: string | undefined) {
  return makeProblem(
    'run-locked',
    `another run of ${project} is at work on schema "${schema}": ${holder ?? ''}`,
    {
      hint: 'wait for it to end, or end it (select pg_terminate_backend(…) with its process number)',
    },
  )
}
