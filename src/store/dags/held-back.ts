import type { DagRunStatus } from '../../core/dag-run.ts'
import { type Session, sql } from '../../warehouse/index.ts'
import { hasTable } from '../has-table.ts'
import { isoTime } from '../iso-time.ts'
import { type DagOwner, isOf } from './dag-owner.ts'
import { awaitedRun, pastRun } from './hand-out.ts'

/** Something that keeps a queued run from starting. */
export type Obstacle =
  /** A run of another DAG, which it depends on; without status it has not been made yet. */
  | {
      readonly kind: 'dag'
      readonly dag: string
      /** Of its instant; null for the latest. */
      readonly intervalEnd: string | null
      readonly on: 'success' | 'done'
      readonly status: DagRunStatus | null
    }
  /** The run of the interval before has not succeeded. */
  | { readonly kind: 'past'; readonly dagRunId: string; readonly status: DagRunStatus }

/** A queued run that cannot start, and why. */
export interface HeldBackRun {
  readonly dagRunId: string
  readonly dag: string
  readonly queuedAt: string
  /** When it is given up; null for never. */
  readonly until: string | null
  readonly obstacles: readonly Obstacle[]
}

/** The queued runs that wait for other runs; those that only wait for room are not among them. */
export async function readHeldBack(session: Session, owner: DagOwner): Promise<HeldBackRun[]> {
  if (!(await hasTable(session, 'dag_runs'))) return []
  const { rows } = await session.query<HeldBackRun>(sql`
    select run.dag_run_id as "dagRunId", run.dag, ${isoTime(sql`run.queued_at`)} as "queuedAt",
      ${isoTime(sql`coalesce(
        run.deadline_at,
        case when run.waits_for <> '[]'
          then run.queued_at + make_interval(secs => (run.definition ->> 'timeoutSeconds')::double precision) end
      )`)} as until,
      held.obstacles
    from estimand.dag_runs run
    cross join lateral (
      select jsonb_agg(obstacle) as obstacles
      from (
        select jsonb_build_object(
          'kind', 'dag', 'dag', awaited ->> 'dag', 'on', awaited ->> 'on', 'intervalEnd', awaited -> 'intervalEnd',
          'status', found.status
        ) as obstacle
        from jsonb_array_elements(run.waits_for) as awaited
        left join lateral (${awaitedRun(owner, sql`other.status`)}) as found on true
        where found.status is null
          or found.status in ('queued', 'running')
          or (found.status <> 'success' and awaited ->> 'on' = 'success')
        union all
        select jsonb_build_object('kind', 'past', 'dagRunId', past.dag_run_id, 'status', past.status)
        from (${pastRun(owner, sql`past.dag_run_id, past.status`)}) as past
        where run.depends_on_past and past.status <> 'success'
      ) as one
    ) as held
    where ${isOf(sql`run`, owner)} and run.status = 'queued' and held.obstacles is not null
    order by run.queued_at, run.dag_run_id`)
  return rows
}
