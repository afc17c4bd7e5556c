import { makeProblem, ProblemError } from '../../core/problem.ts'
import { type ControlSession, type Session, sql } from '../../warehouse/index.ts'
import { isHeld, schedulerLock } from '../lease-locks.ts'
import type { StartedBy } from '../leases.ts'
import { type DagOwner, isOf } from './dag-owner.ts'

/*
 * Which of several schedulers fires. As with the leases of runs, alive is who has a connection: the one that holds the
 * advisory lock of the project. Whoever gets it raises the fence, and every transaction that fires looks at the fence
 * `for share`: one that was paused or cut off, and does not know it, can fire nothing any more.
 *
 *   standby ──the lock is free──▶ leading ──its connection is gone, or another took over──▶ standby
 *
 * A process that hangs keeps its connection. So who leads says every few seconds that it still does, by the server's
 * clock; where it has not for long, a standby ends its session.
 */

/** After so long without a word a leader is taken to hang. */
const silentSeconds = 30

/** The right to fire. */
export interface Leadership {
  readonly fence: number
}

/** Tries to become the one that fires; null while another is. */
export async function campaign(
  control: ControlSession,
  owner: DagOwner,
  holder: string,
  { host, user, processId }: StartedBy,
): Promise<Leadership | null> {
  await control.query(sql`
    insert into estimand.scheduler_lease (project, target_schema) values (${owner.project}, ${owner.schema})
    on conflict do nothing`)
  const { rows } = await control.query<{ number: number; locked: boolean }>(sql`
    select lock_number as number, pg_try_advisory_lock(${schedulerLock}, lock_number) as locked
    from estimand.scheduler_lease lease
    where ${isOf(sql`lease`, owner)}`)
  const { number, locked } = rows[0]!
  if (!locked) {
    await endSilent(control, owner, number)
    return null
  }
  const { rows: raised } = await control.query<{ fence: number }>(sql`
    update estimand.scheduler_lease lease
    set fence = fence + 1, holder = ${holder}::uuid, host = ${host}, os_user = ${user}, process_id = ${processId},
      acquired_at = clock_timestamp(), renewed_at = clock_timestamp()
    where ${isOf(sql`lease`, owner)}
    returning fence`)
  return { fence: raised[0]!.fence }
}

/** Says that the leader is there; false when it is not the leader any more. */
export async function renewLeadership(
  control: ControlSession,
  owner: DagOwner,
  { fence }: Leadership,
): Promise<boolean> {
  // A connection that was opened again does not hold the lock of the one before.
  const { rowCount } = await control.query(sql`
    update estimand.scheduler_lease lease
    set renewed_at = clock_timestamp()
    where ${isOf(sql`lease`, owner)} and fence = ${fence}
      and exists (
        select from pg_catalog.pg_locks l
        where ${isHeld(schedulerLock, sql`lease.lock_number`)} and l.pid = pg_backend_pid()
      )`)
  return rowCount > 0
}

/** Gives the right to fire back, so that another takes it at once. */
export async function resignLeadership(control: ControlSession, owner: DagOwner): Promise<void> {
  await control.query(sql`
    select pg_advisory_unlock(${schedulerLock}, l.objid::int)
    from estimand.scheduler_lease lease
    join pg_catalog.pg_locks l
      on ${isHeld(schedulerLock, sql`lease.lock_number`)} and l.pid = pg_backend_pid()
    where ${isOf(sql`lease`, owner)}`)
}

/** Lets what the transaction writes count only if the leader still is one when it commits. */
export async function fenceLeadership(
  session: Pick<Session, 'query'>,
  owner: DagOwner,
  { fence }: Leadership,
): Promise<void> {
  const { rowCount } = await session.query(sql`
    select from estimand.scheduler_lease lease
    where ${isOf(sql`lease`, owner)} and fence = ${fence}
    for share`)
  if (rowCount > 0) return
  throw new ProblemError(
    makeProblem('scheduler-superseded', 'another scheduler has taken over: this one fires nothing any more'),
  )
}

async function endSilent(control: ControlSession, owner: DagOwner, number: number): Promise<void> {
  await control.query(sql`
    select pg_terminate_backend(l.pid)
    from estimand.scheduler_lease lease
    join pg_catalog.pg_locks l on ${isHeld(schedulerLock, sql`${number}`)}
    where ${isOf(sql`lease`, owner)}
      and renewed_at < clock_timestamp() - make_interval(secs => ${silentSeconds})
      and l.pid <> pg_backend_pid()`)
}
