import { type ControlSession, type Session, sql } from '../../warehouse/index.ts'
import { cutOffRun } from '../evict-leases.ts'
import { isHeld, workerLock } from '../lease-locks.ts'
import type { StartedBy } from '../leases.ts'
import { type DagOwner, isOf } from './dag-owner.ts'
import { bringOn, type ClaimId, lockRun } from './finish-steps.ts'

/*
 * Who takes steps. A worker is alive as long as its connection holds its advisory lock, or has for a moment lost it;
 * one that hangs keeps its connection, so a worker also says every few seconds that it is there, by the server's clock.
 * Of a dead one the steps go back into the queue. Before another begins one of them, the run of nodes that it was is
 * cut off from the warehouse: its sessions are ended, and its lease is taken from it, so that not even a worker that
 * wakes up again does anything for it at the same time.
 */

/** A connection that is only being opened again has its lock back by then. */
const graceSeconds = 3
/** After so long without a word a worker is taken to hang. */
const silentSeconds = 60
/** A step that so many workers have died of is not given to another. */
const mostLost = 5

export interface WorkerEntry {
  readonly workerId: string
  readonly startedBy: StartedBy
  readonly slots: number
}

/** Enters a worker, whose lock the control session holds from now on. */
export async function enterWorker(
  control: ControlSession,
  owner: DagOwner,
  { workerId, startedBy, slots }: WorkerEntry,
): Promise<void> {
  const { host, user, processId } = startedBy
  await control.query(sql`
    with entered as (
      insert into estimand.workers (worker_id, project, target_schema, host, os_user, process_id, slots)
      values (${workerId}::uuid, ${owner.project}, ${owner.schema}, ${host}, ${user}, ${processId}, ${slots})
      returning lock_number
    )
    select pg_advisory_lock(${workerLock}, lock_number) from entered`)
}

/** What a worker learns when it says that it is there. */
export interface Heartbeat {
  /** Whether others have taken its steps, since they took it for dead. */
  readonly isDead: boolean
  /** Runs of which it has steps that are to be stopped, with the reason. */
  readonly stopped: readonly { readonly dagRunId: string; readonly reason: string }[]
}

/** Says that a worker is there, and takes its lock back where the connection is another than before. */
export async function beat(control: ControlSession, workerId: string): Promise<Heartbeat> {
  const { rows } = await control.query<{ locked: boolean }>(sql`
    update estimand.workers worker
    set heartbeat_at = clock_timestamp()
    where worker_id = ${workerId}::uuid
    returning exists (
      select from pg_catalog.pg_locks l
      where ${isHeld(workerLock, sql`worker.lock_number`)} and l.pid = pg_backend_pid()
    ) as locked`)
  if (rows.length === 0) return { isDead: true, stopped: [] }
  if (!rows[0]!.locked)
    await control.query(sql`
      select pg_try_advisory_lock(${workerLock}, lock_number) from estimand.workers where worker_id = ${workerId}::uuid`)
  const { rows: stopped } = await control.query<{ dagRunId: string; reason: string }>(sql`
    select distinct run.dag_run_id as "dagRunId", run.stop_reason as reason
    from estimand.dag_run_steps step
    join estimand.dag_runs run using (dag_run_id)
    where step.worker_id = ${workerId}::uuid and step.status = 'running' and run.stop_reason is not null`)
  return { isDead: false, stopped }
}

/** Takes a worker out that ends; what it still has goes back into the queue at once. */
export async function leaveWorker(
  control: ControlSession,
  owner: DagOwner,
  workerId: string,
  now: Date,
): Promise<void> {
  await giveBackSteps(control, owner, workerId, now)
}

/** Puts the steps of dead workers back into the queue; returns how many there were. */
export async function takeOverSteps(control: ControlSession, owner: DagOwner, now: Date): Promise<number> {
  const { rows } = await control.query<{ worker_id: string }>(sql`
    select worker_id
    from estimand.workers worker
    where ${isOf(sql`worker`, owner)}
      and (
        heartbeat_at < clock_timestamp() - make_interval(secs => ${silentSeconds})
        or (
          heartbeat_at < clock_timestamp() - make_interval(secs => ${graceSeconds})
          and not exists (
            select from pg_catalog.pg_locks l where ${isHeld(workerLock, sql`worker.lock_number`)}
          )
        )
      )
    union
    -- Who was taken for dead, or left, while it was being handed a step.
    select step.worker_id
    from estimand.dag_run_steps step
    join estimand.dag_runs run using (dag_run_id)
    where ${isOf(sql`run`, owner)} and step.status = 'running'
      and not exists (select from estimand.workers worker where worker.worker_id = step.worker_id)`)
  let taken = 0
  for (const { worker_id } of rows) taken += await giveBackSteps(control, owner, worker_id, now)
  return taken
}

async function giveBackSteps(
  control: ControlSession,
  owner: DagOwner,
  workerId: string,
  now: Date,
): Promise<number> {
  const { rows } = await control.query<{
    dag_run_id: string
    step: string
    run_id: string
    claim: number
  }>(sql`
    select step.dag_run_id, step.step, step.run_id, step.claim
    from estimand.dag_run_steps step
    join estimand.dag_runs run using (dag_run_id)
    where ${isOf(sql`run`, owner)} and step.worker_id = ${workerId}::uuid and step.status = 'running'`)
  let given = 0
  for (const { dag_run_id, step, run_id, claim } of rows) {
    // First nothing of it is at work any more, then another may begin.
    if (!(await cutOffRun(control, run_id))) continue
    given += await giveBack(control, { dagRunId: dag_run_id, step, claim }, now)
  }
  if (given === rows.length)
    await control.query(sql`delete from estimand.workers where worker_id = ${workerId}::uuid`)
  return given
}

async function giveBack(session: Session, { dagRunId, step, claim }: ClaimId, now: Date): Promise<number> {
  return session.transaction(async () => {
    await lockRun(session, dagRunId)
    const { rowCount } = await session.query(sql`
      with lost as (
        update estimand.dag_step_tries
        set status = 'lost', finished_at = ${now.toISOString()}, message = 'its worker died'
        where dag_run_id = ${dagRunId}::uuid and step = ${step} and try = ${claim} and status = 'running'
        returning try
      ),
      before as (
        select count(*) + 1 as times
        from estimand.dag_step_tries
        where dag_run_id = ${dagRunId}::uuid and step = ${step} and status = 'lost'
      )
      update estimand.dag_run_steps
      set worker_id = null,
        status = case when before.times < ${mostLost} then 'queued' else 'failed' end,
        finished_at = case when before.times < ${mostLost} then null else ${now.toISOString()}::timestamptz end,
        message = case when before.times < ${mostLost} then 'its worker died' else 'its workers died' end
      from before
      where dag_run_id = ${dagRunId}::uuid and step = ${step} and claim = ${claim} and status = 'running'`)
    if (rowCount > 0) await bringOn(session, dagRunId, now)
    return rowCount
  })
}
