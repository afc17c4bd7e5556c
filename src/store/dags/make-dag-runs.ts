import type { Dag } from '../../core/dag.ts'
import type { DagRunCause } from '../../core/dag-run.ts'
import { type Session, sql } from '../../warehouse/index.ts'
import { type DagOwner, isOf } from './dag-owner.ts'
import { fenceLeadership, type Leadership } from './scheduler-lease.ts'

/** A run of a DAG that is to be. */
export interface NewDagRun {
  readonly dagRunId: string
  readonly dag: Dag
  /** What it is for: of two runs of a DAG with the same occasion only the first is made. */
  readonly occasion: string
  readonly cause: DagRunCause
  readonly causedBy?: string
  readonly askedBy?: string
  readonly instant?: string
  readonly intervalStart: string
  readonly intervalEnd: string
  /** Values over those of the DAG. */
  readonly vars?: Readonly<Record<string, unknown>>
  /** Runs of other DAGs that have to have ended before it starts. */
  readonly waitsFor?: readonly AwaitedRun[]
  /** The backfill that it is part of, and how many of its runs may be at work at the same time. */
  readonly backfill?: { readonly id: string; readonly parallel: number }
}

/** The run of another DAG for the interval that ends then; of one without schedule its latest. */
export interface AwaitedRun {
  readonly dag: string
  readonly on: 'success' | 'done'
  readonly intervalEnd: string | null
}

/** How far the schedule of a DAG has been fired. */
export interface FiredUpTo {
  readonly dag: string
  readonly firedUpTo: string
}

/** Makes runs; returns the ids of those whose occasion had none yet. */
export async function makeDagRuns(
  session: Pick<Session, 'query'>,
  owner: DagOwner,
  runs: readonly NewDagRun[],
  now: Date,
): Promise<string[]> {
  if (runs.length === 0) return []
  const { rows } = await session.query<{ dag_run_id: string }>(sql`
    with made as (
      insert into estimand.dag_runs (
        dag_run_id, project, target_schema, dag, occasion, cause, caused_by, asked_by, instant, interval_start,
        interval_end, vars, version, definition, max_active_runs, depends_on_past, waits_for, backfill_id, backfill_parallel,
        is_to_tell, queued_at
      )
      select dag_run_id, ${owner.project}, ${owner.schema}, dag, occasion, cause, caused_by, asked_by, instant,
        interval_start, interval_end, vars, definition ->> 'version', definition,
        (definition ->> 'maxActiveRuns')::int, (definition ->> 'dependsOnPast')::boolean, waits_for, backfill_id,
        backfill_parallel,
        exists (select from jsonb_each(definition -> 'notifications') as wanted (occasion, targets) where targets <> '[]'),
        ${now.toISOString()}
      from jsonb_to_recordset(${JSON.stringify(runs.map(rowOf))}::jsonb) as run (
        dag_run_id uuid, dag text, occasion text, cause text, caused_by uuid, asked_by text, instant timestamptz,
        interval_start timestamptz, interval_end timestamptz, vars jsonb, definition jsonb, waits_for jsonb, backfill_id uuid,
        backfill_parallel int
      )
      on conflict (project, target_schema, dag, occasion) do nothing
      returning dag_run_id, definition
    ),
    steps as (
      insert into estimand.dag_run_steps (dag_run_id, step, position, kind, needs, run_when, pool)
      select made.dag_run_id, step ->> 'name', position, step ->> 'kind',
        array(select jsonb_array_elements_text(step -> 'needs')), step ->> 'when', step ->> 'pool'
      from made
      cross join lateral jsonb_array_elements(made.definition -> 'steps') with ordinality as one (step, position)
    )
    select dag_run_id from made`)
  return rows.map((row) => row.dag_run_id)
}

/**
 * Makes the runs that schedules and triggers ask for and says how far schedules have been fired, both or neither; only
 * the leader can.
 */
export async function fireDagRuns(
  session: Session,
  owner: DagOwner,
  leadership: Leadership,
  runs: readonly NewDagRun[],
  fired: readonly FiredUpTo[],
  now: Date,
): Promise<string[]> {
  return session.transaction(async () => {
    await fenceLeadership(session, owner, leadership)
    const made = await makeDagRuns(session, owner, runs, now)
    if (fired.length > 0)
      await session.query(sql`
        update estimand.dag_states state
        set fired_up_to = greatest(state.fired_up_to, fired."firedUpTo")
        from jsonb_to_recordset(${JSON.stringify(fired)}::jsonb) as fired (dag text, "firedUpTo" timestamptz)
        where ${isOf(sql`state`, owner)} and state.dag = fired.dag`)
    return made
  })
}

function rowOf(run: NewDagRun): Readonly<Record<string, unknown>> {
  return {
    dag_run_id: run.dagRunId,
    dag: run.dag.name,
    occasion: run.occasion,
    cause: run.cause,
    caused_by: run.causedBy ?? null,
    asked_by: run.askedBy ?? null,
    instant: run.instant ?? null,
    interval_start: run.intervalStart,
    interval_end: run.intervalEnd,
    vars: run.vars ?? {},
    definition: run.dag,
    waits_for: run.waitsFor ?? [],
    backfill_id: run.backfill?.id ?? null,
    backfill_parallel: run.backfill?.parallel ?? null,
  }
}
