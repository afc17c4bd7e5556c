import { setTimeout as sleep } from 'node:timers/promises'
import { type Relation, relationKey } from '../core/node.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { LeaseHolder } from '../core/run-event.ts'
import {
  type ControlSession,
  type Session,
  sql,
  throwIfCancelled,
  type Warehouse,
} from '../warehouse/index.ts'
import { endSessions, evictDead } from './evict-leases.ts'
import { isHeld, leaseLock, publicationLock, sessionLock } from './lease-locks.ts'
import { describeHolder, holdersAhead, isMyTurn } from './lease-queue.ts'

/*
 * One writer: what a run may publish, no other may publish at the same time. Before it begins, a run takes a lease on
 * the relations of its nodes. Leases that have a relation in common are granted one after the other, in the order of
 * their tokens; those that have none are granted at once. Reading takes no lease, since what is published changes in
 * one moment.
 *
 *   queued ──nobody before it wants the same──▶ granted ──▶ released, the row is gone
 *      │                                           │
 *      └──────────its connection is gone───────────┴──▶ superseded by another
 *
 * A lease lives as long as the control session that holds its advisory lock: the server lets go of that when the
 * connection ends, so a dead holder keeps nobody waiting. A holder that was only paused, or cut off for a moment, does
 * not know that it is dead. So whoever takes its place says so in its row, after ending the sessions that it has left,
 * and the token is its fence: every write to the store and every publication checks, and keeps checked until it is
 * committed, that the row still stands; and no session begins to work without.
 */

export interface LeaseRequest {
  /** Null for work that is no run. */
  readonly runId: string | null
  readonly project: string
  /** The target schema. */
  readonly schema: string
  readonly command: string
  readonly startedBy: StartedBy
  /** What may be published. */
  readonly relations: readonly Relation[]
  /** How long to wait for others; 0 does not wait, undefined waits until the signal. */
  readonly waitMs?: number | undefined
  readonly signal?: AbortSignal
  /** Asks the server again where the connection is lost before the lease is granted; without it, it is asked once. */
  readonly askAgain?: <T>(work: (attempt: number) => Promise<T>) => Promise<T>
  /** Called when others are before it, and again when others are. */
  readonly onWaiting?: (holders: readonly LeaseHolder[]) => void
}

/** Where and by whom a command was called. */
export interface StartedBy {
  readonly host: string
  readonly user: string
  readonly processId: number
}

export interface Lease {
  readonly token: number
  readonly startedBy: StartedBy
  /** Makes sure that the lease is still held, also over a new connection; throws `run-superseded`. */
  hold(): Promise<void>
  /** Ends those of the lease's sessions that the server still works for though their connection is lost to us. */
  endSessions(processIds: readonly number[]): Promise<void>
  /** Lets what the transaction writes count only if the lease is still held when it commits. */
  fence(session: Session): Promise<void>
  /** The same for publishing, which is for one at a time: others' views change with what they read. */
  beginPublication(session: Session): Promise<void>
}

const firstPauseMs = 50
const longestPauseMs = 1_000

/** Runs the body while holding a lease; throws `run-locked` when the wait is over. The store is there already. */
export async function withLease<T>(
  warehouse: Pick<Warehouse, 'control' | 'prepareSessions' | 'lostProcesses'>,
  request: LeaseRequest,
  body: (lease: Lease) => Promise<T>,
): Promise<T> {
  const { control } = warehouse
  throwIfCancelled(request.signal)
  const lease = await askAgain(request, async (attempt) => {
    if (attempt > 1) await leaveLine(control, request)
    return enqueue(control, request)
  })
  const unwatch = control.onLost(() => void lease.hold().catch(() => {}))
  try {
    await waitForTurn(control, lease, request)
    warehouse.prepareSessions((session) => joinLease(session, lease.token))
    return await body(lease)
  } finally {
    unwatch()
    warehouse.prepareSessions(null)
    // The server may go on with a transaction whose connection is lost to us, and that holds the lease's row.
    await lease.endSessions(warehouse.lostProcesses()).catch(() => {})
    await release(control, lease.token)
  }
}

function askAgain<T>({ askAgain: ask }: LeaseRequest, work: (attempt: number) => Promise<T>): Promise<T> {
  return ask ? ask(work) : work(1)
}

/** Gives up a place in line of which the answer was lost: it would be waited for. */
async function leaveLine(
  control: ControlSession,
  { runId, command, startedBy }: LeaseRequest,
): Promise<void> {
  await control.query(sql`
    with place as (
      delete from estimand.leases
      where run_id is not distinct from ${runId}::uuid
        and (command, host, process_id) = (${command}, ${startedBy.host}, ${startedBy.processId})
        and superseded_by is null
      returning token
    )
    select pg_terminate_backend(l.pid)
    from place
    join pg_catalog.pg_locks l on ${isHeld(leaseLock, sql`place.token`)}
    where l.pid <> pg_backend_pid()`)
}

/**
 * Stands in line. Tokens are given one at a time, so that nobody comes before one who has looked already; and the lock
 * is held before anybody sees the row, since a lease without it would look dead. Leases whose place another took are only
 * there to say who it was, for a day.
 */
async function enqueue(control: ControlSession, request: LeaseRequest): Promise<Lease> {
  const { runId, project, schema, command, startedBy } = request
  const relations = [...new Set(request.relations.map(relationKey))]
  const { rows } = await control.query<{ token: number; pid: number }>(sql`
    with line as materialized (
      select pg_advisory_xact_lock(${leaseLock}, 0)
    ), swept as (
      delete from estimand.leases
      where superseded_by is not null and queued_at < clock_timestamp() - interval '1 day'
    ), ticket as (
      insert into estimand.leases
        (run_id, project, target_schema, command, host, os_user, process_id, relations)
      select ${runId}::uuid, ${project}, ${schema}, ${command}, ${startedBy.host}, ${startedBy.user},
        ${startedBy.processId}, ${relations}::text[]
      from line
      returning token
    )
    select token, pg_backend_pid() as pid, pg_advisory_lock(${leaseLock}, token) from ticket`)
  return makeLease(control, rows[0]!.token, rows[0]!.pid, startedBy)
}

function makeLease(control: ControlSession, token: number, lockedBy: number, startedBy: StartedBy): Lease {
  let holder = lockedBy
  let holding: Promise<void> | undefined
  const hold = async (): Promise<void> => {
    holder = await relock(control, token, holder)
  }
  const fence = async (session: Session): Promise<void> => {
    const { rowCount } = await session.query(sql`
      select from estimand.leases where token = ${token} and superseded_by is null for share`)
    if (rowCount === 0) throw await superseded(session, token)
  }
  return {
    token,
    startedBy,
    hold() {
      holding ??= hold().finally(() => {
        holding = undefined
      })
      return holding
    },
    async endSessions(processIds) {
      if (processIds.length > 0) await endSessions(control, token, processIds)
    },
    fence,
    async beginPublication(session) {
      const { rowCount } = await session.query(sql`
        select pg_advisory_xact_lock(${publicationLock}, 0)
        from estimand.leases
        where token = ${token} and superseded_by is null
        for share`)
      if (rowCount === 0) throw await superseded(session, token)
    },
  }
}

const relockTries = 50
const relockPauseMs = 100

/** Takes the lock of a lease again if it hung on a connection that was lost; returns the connection that holds it. */
async function relock(control: ControlSession, token: number, holder: number): Promise<number> {
  for (let tries = 0; tries < relockTries; tries++) {
    const look = lookAtLease(control, token, holder)
    // That the connection is lost may show only now; the next question goes over another.
    const { pid, held, locked } = await (tries === 0
      ? look.catch(() => lookAtLease(control, token, holder))
      : look)
    if (!held) break
    if (locked) return pid
    // The server may not have noticed yet that the connection before is gone.
    await control.query(sql`
      select pg_terminate_backend(l.pid)
      from pg_catalog.pg_locks l
      where ${isHeld(leaseLock, sql`${token}`)} and l.pid = ${holder}`)
    await sleep(relockPauseMs)
  }
  throw await superseded(control, token)
}

async function lookAtLease(control: ControlSession, token: number, holder: number) {
  const { rows } = await control.query<{ pid: number; held: boolean; locked: boolean }>(sql`
    select
      pg_backend_pid() as pid,
      exists (select from estimand.leases where token = ${token} and superseded_by is null) as held,
      case
        when pg_backend_pid() = ${holder} then true
        else pg_try_advisory_lock(${leaseLock}, ${token})
      end as locked`)
  return rows[0]!
}

/** Lets a session work for a lease, and be found by whoever takes its place. */
export async function joinLease(session: Session, token: number): Promise<void> {
  const { rowCount } = await session.query(sql`
    select pg_advisory_lock_shared(${sessionLock}, token)
    from estimand.leases
    where token = ${token} and superseded_by is null
    for share`)
  if (rowCount === 0) throw await superseded(session, token)
}

async function waitForTurn(control: ControlSession, lease: Lease, request: LeaseRequest): Promise<void> {
  const { waitMs, signal } = request
  // Not the clock of the day, which somebody may set meanwhile.
  const giveUpAt = waitMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + waitMs
  let told = ''
  // Asking again and again, instead of one statement that waits, keeps the session free for cancelling.
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, 2 * pauseMs)) {
    const living = await askAgain(request, async (attempt) => {
      if (attempt > 1) await lease.hold()
      if (await isMyTurn(control, lease.token)) return null
      return evictDead(control, lease.token, await holdersAhead(control, lease.token))
    })
    if (living === null) return
    if (living.length === 0) continue
    throwIfCancelled(signal)
    const leftMs = giveUpAt - performance.now()
    if (leftMs <= 0) throw new ProblemError(locked(request, living))
    const tokens = living.map(({ token }) => token).join()
    if (tokens !== told) request.onWaiting?.(living)
    told = tokens
    await sleep(Math.min(pauseMs, leftMs), undefined, signal && { signal }).catch(() => {})
    throwIfCancelled(signal)
    await askAgain(request, () => lease.hold())
  }
}

/** When the connection is gone for good, so is the lock, and the next run does the rest. */
async function release(control: ControlSession, token: number): Promise<void> {
  const giveBack = () =>
    control.query(sql`
      with gone as (
        delete from estimand.leases where token = ${token} and superseded_by is null
      )
      select pg_advisory_unlock(${leaseLock}, l.objid::int)
      from pg_catalog.pg_locks l
      where ${isHeld(leaseLock, sql`${token}`)} and l.pid = pg_backend_pid()`)
  // That the connection is lost may show only now; another one takes back at least that somebody is at work.
  await giveBack()
    .catch(giveBack)
    .catch(() => {})
}

function locked({ schema }: LeaseRequest, holders: readonly LeaseHolder[]) {
  const [first] = holders
  return makeProblem(
    'run-locked',
    `another run is at work on schema "${schema}": ${describeHolder(first!)}`,
    {
      hint: 'wait for it to end (--wait-timeout), or end it: with Ctrl-C where it runs',
    },
  )
}

/** That somebody else has taken the place of a run, and who. */
async function superseded(on: Pick<Session, 'query'>, token: number): Promise<ProblemError> {
  const { rows } = await on.query<{ successor: string }>(sql`
    select format('%s of %s on %s', 'estimand ' || runs.command, runs.os_user, runs.host) as successor
    from estimand.leases
    join estimand.runs on runs.lease_token = leases.superseded_by
    where leases.token = ${token}`)
  const who = rows[0] ? `: ${rows[0].successor}` : ''
  return new ProblemError(
    makeProblem(
      'run-superseded',
      `the connection was lost, and another run took the place of this one${who}`,
      {
        hint: 'what the other run publishes counts; run again if this one was to do more',
      },
    ),
  )
}
