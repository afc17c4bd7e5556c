import type { StopReason } from '../../core/dag-run.ts'
import { type Session, sql } from '../../warehouse/index.ts'
import { type DagOwner, isOf } from './dag-owner.ts'
import { bringOn, lockRun } from './finish-steps.ts'

/** Ends a run: what waits does not begin any more, and what is at work is stopped by its worker. False where it is over. */
export async function stopDagRun(
  session: Session,
  dagRunId: string,
  reason: StopReason,
  now: Date,
): Promise<boolean> {
  return session.transaction(async () => {
    await lockRun(session, dagRunId)
    const { rowCount } = await session.query(sql`
      update estimand.dag_runs
      set stop_reason = ${reason}
      where dag_run_id = ${dagRunId}::uuid and status in ('queued', 'running') and stop_reason is null`)
    if (rowCount > 0) await bringOn(session, dagRunId, now)
    return rowCount > 0
  })
}

/** Ends the runs whose deadline has passed; returns their ids. */
export async function stopOverdueRuns(session: Session, owner: DagOwner, now: Date): Promise<string[]> {
  const { rows } = await session.query<{ dag_run_id: string }>(sql`
    select dag_run_id
    from estimand.dag_runs run
    where ${isOf(sql`run`, owner)} and status in ('queued', 'running') and stop_reason is null
      and (
        deadline_at <= ${now.toISOString()}
        -- What waits for others waits no longer than it may take.
        or (
          status = 'queued' and waits_for <> '[]' and deadline_at is null
          and queued_at + make_interval(secs => (definition ->> 'timeoutSeconds')::double precision)
            <= ${now.toISOString()}
        )
      )`)
  const stopped: string[] = []
  for (const { dag_run_id } of rows)
    if (await stopDagRun(session, dag_run_id, 'deadline', now)) stopped.push(dag_run_id)
  return stopped
}

/**
 * Has a run that is over and did not succeed go on: the steps that did not succeed are done again. Returns their names;
 * null where the run is not over, or nothing of it is left to do.
 */
export async function retryDagRun(session: Session, dagRunId: string, now: Date): Promise<string[] | null> {
  return session.transaction(async () => {
    await lockRun(session, dagRunId)
    const { rowCount } = await session.query(sql`
      update estimand.dag_runs
      set status = 'queued', stop_reason = null, finished_at = null,
        -- Where it waits for others, it may wait as long again.
        deadline_at = case when waits_for <> '[]' then ${now.toISOString()}::timestamptz
          + make_interval(secs => (definition ->> 'timeoutSeconds')::double precision) end,
        retry_count = retry_count + 1, notified = '{}',
        is_to_tell = exists (
          select from jsonb_each(definition -> 'notifications') as wanted (occasion, targets) where targets <> '[]'
        )
      where dag_run_id = ${dagRunId}::uuid and status in ('failed', 'cancelled')`)
    if (rowCount === 0) return null
    const { rows } = await session.query<{ step: string }>(sql`
      with again as (
        update estimand.dag_run_steps
        set status = 'waiting', attempts = 0, not_before = null, worker_id = null
        where dag_run_id = ${dagRunId}::uuid and status <> 'success'
        returning step, position
      )
      select step from again order by position`)
    return rows.map(({ step }) => step)
  })
}
