import type { Dag, NotificationOccasion } from '../../core/dag.ts'
import { type Session, sql } from '../../warehouse/index.ts'
import { type DagOwner, isOf } from './dag-owner.ts'
import { type DagRun, readDagRunsWhere } from './read-dag-runs.ts'

/** A run of which somebody wants to be told something. */
export interface EndedRun {
  readonly run: DagRun
  readonly dag: Dag
  readonly occasion: NotificationOccasion
}

/** Who was not told within this time is not told any more: nobody wants to hear of last week at once. */
const lookBackDays = 1

/** What people asked to be told and have not been yet: that a run failed, succeeded, or takes too long. */
export async function readRunsToTell(session: Session, owner: DagOwner, now: Date): Promise<EndedRun[]> {
  const since = new Date(now.getTime() - lookBackDays * 86_400_000).toISOString()
  const { rows } = await session.query<{ id: string; dag: Dag; occasion: NotificationOccasion }>(sql`
    select run.dag_run_id as id, run.definition as dag, due.occasion
    from estimand.dag_runs run
    cross join lateral (
      values
        ('on_failure', run.status = 'failed'),
        ('on_success', run.status = 'success'),
        (
          'on_sla_miss',
          coalesce(run.finished_at, ${now.toISOString()}::timestamptz) > coalesce(run.instant, run.queued_at)
            + make_interval(secs => (run.definition ->> 'slaSeconds')::double precision)
        )
    ) as due (occasion, is_so)
    where ${isOf(sql`run`, owner)} and run.is_to_tell and due.is_so
      and coalesce(run.finished_at, ${now.toISOString()}::timestamptz) >= ${since}::timestamptz
      and (run.status in ('queued', 'running') or run.finished_at >= ${since}::timestamptz)
      and jsonb_array_length(run.definition -> 'notifications' -> due.occasion) > 0
      and not (due.occasion = any(run.notified))`)
  if (rows.length === 0) return []
  const ids = rows.map(({ id }) => id)
  const runs = await readDagRunsWhere(session, sql`run.dag_run_id = any(${ids}::uuid[])`, ids.length)
  const byId = new Map(runs.map((run) => [run.dagRunId, run]))
  return rows.flatMap(({ id, dag, occasion }) => {
    const run = byId.get(id)
    return run ? [{ run, dag, occasion }] : []
  })
}

/** Says that people have been told. */
export async function recordTold(
  session: Pick<Session, 'query'>,
  dagRunId: string,
  occasion: NotificationOccasion,
): Promise<void> {
  await session.query(sql`
    update estimand.dag_runs
    set notified = notified || ${occasion}::text
    where dag_run_id = ${dagRunId}::uuid and not (${occasion} = any(notified))`)
}

/** Looks no more at runs that are over and of which nobody is to be told anything any more. */
export async function settleNotices(
  session: Pick<Session, 'query'>,
  owner: DagOwner,
  now: Date,
): Promise<void> {
  const since = new Date(now.getTime() - lookBackDays * 86_400_000).toISOString()
  await session.query(sql`
    update estimand.dag_runs run
    set is_to_tell = false
    where ${isOf(sql`run`, owner)} and is_to_tell and finished_at < ${since}::timestamptz`)
}
