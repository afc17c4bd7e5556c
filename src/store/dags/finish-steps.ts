import type { Dag } from '../../core/dag.ts'
import { type DagStepStatus, progressOf, type StopReason } from '../../core/dag-run.ts'
import { type Session, sql } from '../../warehouse/index.ts'

/** Which try of which step of which run. */
export interface ClaimId {
  readonly dagRunId: string
  readonly step: string
  readonly claim: number
}

/** How a try of a step ended. */
export interface EndedTry {
  readonly status: 'success' | 'failed' | 'cancelled'
  readonly exitCode: number | null
  readonly message: string
  /** The end of what it said. */
  readonly log: string
  /** When it is to be tried again; null for not any more. */
  readonly retryAt: Date | null
}

/** What came of a run by a step's end; `taken` when the step was taken away meanwhile, and nothing was written. */
export interface AfterStep {
  readonly taken: boolean
  readonly ended: 'success' | 'failed' | 'cancelled' | null
}

/** Writes how a step ended, and brings its run on. */
export async function finishStep(
  session: Session,
  { dagRunId, step, claim }: ClaimId,
  { status, exitCode, message, log, retryAt }: EndedTry,
  now: Date,
): Promise<AfterStep> {
  return session.transaction(async () => {
    await lockRun(session, dagRunId)
    const { rowCount } = await session.query(sql`
      with ended as (
        update estimand.dag_run_steps
        set status = ${retryAt ? 'queued' : status}, not_before = ${retryAt?.toISOString() ?? null}::timestamptz,
          attempts = attempts + 1, exit_code = ${exitCode}::int, message = ${message}, worker_id = null,
          finished_at = ${now.toISOString()}
        where dag_run_id = ${dagRunId}::uuid and step = ${step} and claim = ${claim} and status = 'running'
        returning claim
      )
      update estimand.dag_step_tries
      set status = ${status}, finished_at = ${now.toISOString()}, exit_code = ${exitCode}::int,
        message = ${message}, log = ${log}
      from ended
      where dag_run_id = ${dagRunId}::uuid and step = ${step} and try = ended.claim`)
    if (rowCount === 0) return { taken: true, ended: null }
    return { taken: false, ended: await bringOn(session, dagRunId, now) }
  })
}

/** What is decided of one run is for one at a time. */
export async function lockRun(session: Pick<Session, 'query'>, dagRunId: string): Promise<void> {
  await session.query(sql`select from estimand.dag_runs where dag_run_id = ${dagRunId}::uuid for update`)
}

/** Lets go on what waits in a run and can now, or ends the run; within a transaction that has locked it. */
export async function bringOn(
  session: Pick<Session, 'query'>,
  dagRunId: string,
  now: Date,
): Promise<'success' | 'failed' | 'cancelled' | null> {
  const { rows: runs } = await session.query<{
    definition: Dag
    stop: StopReason | null
    status: string
  }>(sql`
    select definition, stop_reason as stop, status from estimand.dag_runs where dag_run_id = ${dagRunId}::uuid`)
  const run = runs[0]
  if (!run) return null
  const { rows } = await session.query<{ step: string; status: DagStepStatus }>(sql`
    select step, status from estimand.dag_run_steps where dag_run_id = ${dagRunId}::uuid`)
  const known = new Map(rows.map(({ step, status }) => [step, status]))
  const standings = run.definition.steps.map(({ name, needs, when }) => ({
    ...{ name, needs, when, status: known.get(name)! },
  }))
  const { steps, ended } = progressOf(standings, run.stop)
  if (steps.size > 0)
    await session.query(sql`
      update estimand.dag_run_steps step
      set status = changed.status
      from unnest(${[...steps.keys()]}::text[], ${[...steps.values()]}::text[]) as changed (step, status)
      where step.dag_run_id = ${dagRunId}::uuid and step.step = changed.step`)
  if (ended)
    await session.query(sql`
      update estimand.dag_runs
      set status = ${ended}, finished_at = ${now.toISOString()}
      where dag_run_id = ${dagRunId}::uuid and status in ('queued', 'running')`)
  return ended
}
