import type { Dag } from '../../core/dag.ts'
import type { DagRunCause, DagRunStatus, DagStepStatus, StopReason } from '../../core/dag-run.ts'
import { type Session, type SQLQuery, sql } from '../../warehouse/index.ts'
import { hasTable } from '../has-table.ts'
import { isoTime } from '../iso-time.ts'
import { type DagOwner, isOf } from './dag-owner.ts'

/** A run of a DAG as the store knows it; times as toISOString writes them. */
export interface DagRun {
  readonly dagRunId: string
  readonly dag: string
  readonly occasion: string
  readonly cause: DagRunCause
  readonly causedBy: string | null
  readonly askedBy: string | null
  readonly instant: string | null
  readonly intervalStart: string
  readonly intervalEnd: string
  readonly status: DagRunStatus
  readonly stopReason: StopReason | null
  readonly backfillId: string | null
  readonly retryCount: number
  readonly queuedAt: string
  readonly startedAt: string | null
  readonly deadlineAt: string | null
  readonly finishedAt: string | null
  readonly steps: readonly DagRunStep[]
}

/** A step of such a run. */
export interface DagRunStep {
  readonly step: string
  readonly kind: string
  readonly status: DagStepStatus
  readonly attempts: number
  readonly runId: string | null
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly notBefore: string | null
  readonly exitCode: number | null
  readonly message: string
}

/** One time that a step was begun. */
export interface DagStepTry {
  readonly step: string
  readonly try: number
  readonly cause: 'first' | 'retry' | 'take_over' | 'asked'
  readonly runId: string
  readonly host: string
  readonly status: 'running' | 'success' | 'failed' | 'cancelled' | 'lost'
  readonly startedAt: string
  readonly finishedAt: string | null
  readonly exitCode: number | null
  readonly message: string
  readonly log: string
}

/** How a node of a step went. */
export interface DagNodeTiming {
  readonly runId: string
  readonly nodeId: string
  readonly status: string
  readonly durationMs: number
  readonly rows: number | null
}

/** Which runs are wanted. */
export interface DagRunFilter {
  readonly dag?: string
  readonly statuses?: readonly DagRunStatus[]
  readonly causes?: readonly DagRunCause[]
  readonly backfillId?: string
  readonly limit: number
}

/** The newest runs first. */
export async function readDagRuns(
  session: Session,
  owner: DagOwner,
  { dag, statuses, causes, backfillId, limit }: DagRunFilter,
): Promise<DagRun[]> {
  if (!(await hasTable(session, 'dag_runs'))) return []
  return readDagRunsWhere(
    session,
    sql`${isOf(sql`run`, owner)}
      and (${dag ?? null}::text is null or run.dag = ${dag ?? null})
      and (${statuses ?? null}::text[] is null or run.status = any(${statuses ?? null}::text[]))
      and (${causes ?? null}::text[] is null or run.cause = any(${causes ?? null}::text[]))
      and (${backfillId ?? null}::uuid is null or run.backfill_id = ${backfillId ?? null}::uuid)`,
    limit,
  )
}

/** The runs whose id begins so; more than one where it is short. */
export async function findDagRuns(session: Session, owner: DagOwner, id: string): Promise<DagRun[]> {
  if (!(await hasTable(session, 'dag_runs'))) return []
  return readDagRunsWhere(
    session,
    sql`${isOf(sql`run`, owner)} and starts_with(run.dag_run_id::text, ${id})`,
    10,
  )
}

/** The runs of a DAG that speak about times between two instants and nothing else. */
export async function readRunsWithin(
  session: Pick<Session, 'query'>,
  owner: DagOwner,
  dag: string,
  from: string,
  to: string,
): Promise<DagRun[]> {
  return readDagRunsWhere(
    session,
    sql`${isOf(sql`run`, owner)} and run.dag = ${dag}
      and run.interval_start >= ${from}::timestamptz and run.interval_end <= ${to}::timestamptz`,
    mostRuns,
  )
}

const mostRuns = 100_000

/** The runs with these ids. */
export async function readRunsById(
  session: Pick<Session, 'query'>,
  ids: readonly string[],
): Promise<DagRun[]> {
  return readDagRunsWhere(session, sql`run.dag_run_id = any(${ids}::uuid[])`, ids.length)
}

/** The runs for which a condition on `run` holds, the newest first. */
export async function readDagRunsWhere(
  session: Pick<Session, 'query'>,
  where: SQLQuery,
  limit: number,
): Promise<DagRun[]> {
  const { rows } = await session.query<DagRun>(sql`
    select run.dag_run_id as "dagRunId", run.dag, run.occasion, run.cause, run.caused_by as "causedBy",
      run.asked_by as "askedBy", ${isoTime(sql`run.instant`)} as instant,
      ${isoTime(sql`run.interval_start`)} as "intervalStart", ${isoTime(sql`run.interval_end`)} as "intervalEnd",
      run.status, run.stop_reason as "stopReason", run.backfill_id as "backfillId",
      run.retry_count as "retryCount", ${isoTime(sql`run.queued_at`)} as "queuedAt",
      ${isoTime(sql`run.started_at`)} as "startedAt", ${isoTime(sql`run.deadline_at`)} as "deadlineAt",
      ${isoTime(sql`run.finished_at`)} as "finishedAt",
      (
        select coalesce(jsonb_agg(jsonb_build_object(
          'step', step.step, 'kind', step.kind, 'status', step.status, 'attempts', step.attempts,
          'runId', step.run_id, 'startedAt', ${isoTime(sql`step.started_at`)},
          'finishedAt', ${isoTime(sql`step.finished_at`)}, 'notBefore', ${isoTime(sql`step.not_before`)},
          'exitCode', step.exit_code, 'message', step.message
        ) order by step.position), '[]')
        from estimand.dag_run_steps step
        where step.dag_run_id = run.dag_run_id
      ) as steps
    from estimand.dag_runs run
    where ${where}
    order by run.queued_at desc, run.interval_end desc, run.dag_run_id
    limit ${limit}`)
  return rows
}

/** Every time that a step of a run was begun, in order. */
export async function readStepTries(
  session: Pick<Session, 'query'>,
  dagRunId: string,
): Promise<DagStepTry[]> {
  const { rows } = await session.query<DagStepTry>(sql`
    select tries.step, tries.try, tries.cause, tries.run_id as "runId", tries.host, tries.status,
      ${isoTime(sql`tries.started_at`)} as "startedAt", ${isoTime(sql`tries.finished_at`)} as "finishedAt",
      tries.exit_code as "exitCode", tries.message, tries.log
    from estimand.dag_step_tries tries
    join estimand.dag_run_steps step using (dag_run_id, step)
    where tries.dag_run_id = ${dagRunId}::uuid
    order by step.position, tries.try`)
  return rows
}

/** How long the nodes of a run took, of each step the last time. */
export async function readNodeTimings(
  session: Pick<Session, 'query'>,
  dagRunId: string,
): Promise<DagNodeTiming[]> {
  const { rows } = await session.query<DagNodeTiming>(sql`
    select node.run_id as "runId", node.node_id as "nodeId", node.status, node.duration_ms as "durationMs",
      node.row_count as rows
    from estimand.dag_run_steps step
    join estimand.node_runs node using (run_id)
    where step.dag_run_id = ${dagRunId}::uuid
    order by step.position, node.started_at nulls last, node.node_id`)
  return rows
}

/** The DAG as it was when a run was made. */
export async function readDagOfRun(session: Pick<Session, 'query'>, dagRunId: string): Promise<Dag | null> {
  const { rows } = await session.query<{ definition: Dag }>(sql`
    select definition from estimand.dag_runs where dag_run_id = ${dagRunId}::uuid`)
  return rows[0]?.definition ?? null
}
