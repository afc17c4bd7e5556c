import type { Dag } from '../../core/dag.ts'
import type { DagRunCause } from '../../core/dag-run.ts'
import { type Session, type SQLQuery, sql } from '../../warehouse/index.ts'
import { isoTime } from '../iso-time.ts'
import { handOutLock } from '../lease-locks.ts'
import { type DagOwner, isOf } from './dag-owner.ts'
import { bringOn } from './finish-steps.ts'

/*
 * The queue: which runs start, and which steps a worker gets. Counting what is at work and adding to it is for one at a
 * time, so that limits hold however many workers there are; handing out takes milliseconds. Rows that somebody is just
 * writing to are passed over, and come next time.
 */

/** A step that a worker is to carry out. */
export interface ClaimedStep {
  readonly dagRunId: string
  readonly step: string
  /** To be given with everything that is said of the step from here on. */
  readonly claim: number
  readonly try: number
  readonly cause: 'first' | 'retry' | 'take_over' | 'asked'
  /** The id of the run of nodes that it is to be. */
  readonly runId: string
  /** The run of nodes that it was the last time, which this one may go on with. */
  readonly previousRunId: string | null
  /** Tries before this one that count. */
  readonly attempts: number
  readonly dag: Dag
  readonly run: ClaimedRun
}

/** What a step knows of its run. */
export interface ClaimedRun {
  readonly cause: DagRunCause
  readonly instant: string | null
  readonly intervalStart: string
  readonly intervalEnd: string
  readonly queuedAt: string
  readonly vars: Readonly<Record<string, unknown>>
  readonly retryCount: number
}

/** Starts the queued runs for which their DAGs and backfills have room; returns how many. */
export async function startDagRuns(session: Session, owner: DagOwner, now: Date): Promise<number> {
  const waiting = await session.query(sql`
    select from estimand.dag_runs run where ${isOf(sql`run`, owner)} and status = 'queued' limit 1`)
  if (waiting.rowCount === 0) return 0
  return session.transaction(async () => {
    await oneAtATime(session)
    const { rows } = await session.query<{ dag_run_id: string; again: boolean }>(sql`
      with at_work as (
        select dag, backfill_id, count(*) as runs
        from estimand.dag_runs run
        where ${isOf(sql`run`, owner)} and status = 'running'
        group by dag, backfill_id
      ),
      in_line as (
        select dag_run_id, dag, backfill_id, coalesce(backfill_parallel, max_active_runs) as room,
          row_number() over (
            partition by dag, backfill_id order by interval_end, queued_at, dag_run_id
          ) as place
        from estimand.dag_runs run
        where ${isOf(sql`run`, owner)} and status = 'queued' and (not depends_on_past or ${pastIsWell(owner)})
          and (waits_for = '[]' or ${othersAreOver(owner)})
      )
      update estimand.dag_runs run
      set status = 'running',
        started_at = coalesce(run.started_at, ${now.toISOString()}::timestamptz),
        deadline_at = ${now.toISOString()}::timestamptz
          + make_interval(secs => (run.definition ->> 'timeoutSeconds')::double precision)
      from in_line
      left join at_work
        on at_work.dag = in_line.dag and at_work.backfill_id is not distinct from in_line.backfill_id
      where run.dag_run_id = in_line.dag_run_id and run.status = 'queued'
        and in_line.place <= in_line.room - coalesce(at_work.runs, 0)
      returning run.dag_run_id, run.retry_count > 0 as again`)
    await session.query(sql`
      update estimand.dag_run_steps
      set status = 'queued'
      where dag_run_id = any(${rows.filter(({ again }) => !again).map((row) => row.dag_run_id)}::uuid[])
        and needs = '{}' and run_when <> 'failure'`)
    for (const { dag_run_id, again } of rows) if (again) await bringOn(session, dag_run_id, now)
    return rows.length
  })
}

/** Whether the run of the interval before has succeeded, or there is none. */
function pastIsWell(owner: DagOwner): SQLQuery {
  return sql`coalesce((${pastRun(owner, sql`past.status = 'success'`)}), true)`
}

/** Something of the run of the interval before. */
export function pastRun(owner: DagOwner, what: SQLQuery): SQLQuery {
  return sql`
    select ${what}
    from estimand.dag_runs past
    where ${isOf(sql`past`, owner)} and past.dag = run.dag and past.interval_end < run.interval_end
    order by past.interval_end desc, past.queued_at desc
    limit 1`
}

/** Whether the runs of other DAGs have ended that it waits for. */
function othersAreOver(owner: DagOwner): SQLQuery {
  return sql`not exists (
    select from jsonb_array_elements(run.waits_for) as awaited
    where not coalesce((${awaitedRun(
      owner,
      sql`other.status = 'success' or (awaited ->> 'on' = 'done' and other.status not in ('queued', 'running'))`,
    )}), false)
  )`
}

/**
 * Something of the run of another DAG that is waited for: of a DAG without schedule its latest, else that of the instant.
 * Where the instant was passed over, since nobody was there for it, the next run stands for it.
 */
export function awaitedRun(owner: DagOwner, what: SQLQuery): SQLQuery {
  const instant = sql`(awaited ->> 'intervalEnd')::timestamptz`
  return sql`
    select ${what}
    from estimand.dag_runs other
    where ${isOf(sql`other`, owner)} and other.dag = awaited ->> 'dag'
      and (
        awaited ->> 'intervalEnd' is null
        or other.interval_end = ${instant}
        or (
          other.interval_end > ${instant} and exists (
            select from estimand.dag_states state
            where ${isOf(sql`state`, owner)} and state.dag = other.dag and state.fired_up_to >= ${instant}
          )
        )
      )
    order by
      case when awaited ->> 'intervalEnd' is not null then other.interval_end end,
      other.interval_end desc, other.queued_at desc
    limit 1`
}

/** Hands steps to a worker, the oldest first, as far as pools have room. */
export async function claimSteps(
  session: Session,
  owner: DagOwner,
  to: {
    readonly workerId: string
    readonly host: string
    readonly count: number
    readonly pools: Readonly<Record<string, number>>
    /** Only steps of these runs; of all where nothing is said. */
    readonly only?: readonly string[]
  },
  now: Date,
): Promise<ClaimedStep[]> {
  const ready = sql`
    run.status = 'running' and run.stop_reason is null and ${isOf(sql`run`, owner)}
    and (${to.only ?? null}::uuid[] is null or run.dag_run_id = any(${to.only ?? null}::uuid[]))
    and step.status = 'queued' and (step.not_before is null or step.not_before <= ${now.toISOString()})`
  const any = await session.query(sql`
    select from estimand.dag_run_steps step join estimand.dag_runs run using (dag_run_id) where ${ready} limit 1`)
  if (any.rowCount === 0) return []
  const { rows } = await session.transaction(async () => {
    await oneAtATime(session)
    return session.query<ClaimRow>(sql`
      with pool as (
        select name, places::int
          - (
            select count(*)
            from estimand.dag_run_steps step
            join estimand.dag_runs run using (dag_run_id)
            where ${isOf(sql`run`, owner)} and step.status = 'running' and step.pool = name
          ) as room
        from jsonb_each_text(${JSON.stringify(to.pools)}::jsonb) as limits (name, places)
      ),
      in_line as (
        select step.dag_run_id, step.step, step.pool, run.interval_end, run.queued_at, step.position,
          row_number() over (
            partition by step.pool order by run.interval_end, run.queued_at, step.position
          ) as place
        from estimand.dag_run_steps step
        join estimand.dag_runs run using (dag_run_id)
        where ${ready}
      ),
      chosen as (
        select step.dag_run_id, step.step
        from estimand.dag_run_steps step
        join in_line using (dag_run_id, step)
        left join pool on pool.name = in_line.pool
        -- Looked at again once the row is locked: its run may have been stopped meanwhile.
        where step.status = 'queued' and (pool.room is null or in_line.place <= pool.room)
        order by in_line.interval_end, in_line.queued_at, in_line.position
        limit ${to.count}
        for update of step skip locked
      ),
      claimed as (
        update estimand.dag_run_steps step
        set status = 'running', claim = step.claim + 1, worker_id = ${to.workerId}::uuid, run_id = gen_random_uuid(),
          not_before = null, finished_at = null, exit_code = null, message = '',
          started_at = ${now.toISOString()}
        from estimand.dag_run_steps before, chosen
        where step.dag_run_id = chosen.dag_run_id and step.step = chosen.step
          and before.dag_run_id = chosen.dag_run_id and before.step = chosen.step
        returning step.*, before.run_id as previous_run_id
      ),
      tries as (
        insert into estimand.dag_step_tries
          (dag_run_id, step, try, cause, run_id, worker_id, host, started_at)
        select claimed.dag_run_id, claimed.step, claimed.claim, ${causeOf()}, claimed.run_id, claimed.worker_id,
          ${to.host}, ${now.toISOString()}
        from claimed
        left join estimand.dag_step_tries last
          on last.dag_run_id = claimed.dag_run_id and last.step = claimed.step and last.try = claimed.claim - 1
        returning dag_run_id, step, cause
      )
      select claimed.dag_run_id, claimed.step, claimed.claim, claimed.attempts, claimed.run_id,
        claimed.previous_run_id, tries.cause as try_cause, run.definition, run.cause, run.vars, run.retry_count,
        ${isoTime(sql`run.instant`)} as instant, ${isoTime(sql`run.interval_start`)} as interval_start,
        ${isoTime(sql`run.interval_end`)} as interval_end, ${isoTime(sql`run.queued_at`)} as queued_at
      from claimed
      join tries using (dag_run_id, step)
      join estimand.dag_runs run on run.dag_run_id = claimed.dag_run_id`)
  })
  return rows.map(claimedStep)
}

interface ClaimRow {
  readonly dag_run_id: string
  readonly step: string
  readonly claim: number
  readonly attempts: number
  readonly run_id: string
  readonly previous_run_id: string | null
  readonly try_cause: ClaimedStep['cause']
  readonly definition: Dag
  readonly cause: DagRunCause
  readonly vars: Readonly<Record<string, unknown>>
  readonly retry_count: number
  readonly instant: string | null
  readonly interval_start: string
  readonly interval_end: string
  readonly queued_at: string
}

/** Why it is begun: after what became of the try before. */
function causeOf(): SQLQuery {
  return sql`case
    when last.try is null then 'first'
    when last.status = 'lost' then 'take_over'
    when claimed.attempts = 0 then 'asked'
    else 'retry'
  end`
}

function claimedStep(row: ClaimRow): ClaimedStep {
  return {
    ...{ dagRunId: row.dag_run_id, step: row.step, claim: row.claim, try: row.claim, cause: row.try_cause },
    ...{ runId: row.run_id, previousRunId: row.previous_run_id, attempts: row.attempts, dag: row.definition },
    run: {
      ...{ cause: row.cause, instant: row.instant, queuedAt: row.queued_at, vars: row.vars },
      ...{ intervalStart: row.interval_start, intervalEnd: row.interval_end, retryCount: row.retry_count },
    },
  }
}

/** What the statements behind it see is what the one before has left. */
async function oneAtATime(session: Session): Promise<void> {
  await session.query(sql`select pg_advisory_xact_lock(${handOutLock}, 0)`)
}
