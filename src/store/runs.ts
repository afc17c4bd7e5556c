import type { Plan } from '../core/plan.ts'
import type { RunResult } from '../core/run-result.ts'
import { type Session, sql } from '../warehouse/index.ts'

/** Whose runs: two projects, or two schemas of one, may share a database. */
export interface RunOwner {
  readonly project: string
  readonly target: string
  readonly schema: string
}

/** Says that a run has begun, and in which schema it builds. */
export async function recordRunStarted(session: Session, owner: RunOwner, plan: Plan): Promise<void> {
  await session.query(sql`
    insert into estimand.runs (run_id, project, target, target_schema, command, status, build_schema, started_at)
    values (${plan.runId}, ${owner.project}, ${owner.target}, ${owner.schema}, ${plan.command}, 'running',
            ${plan.buildSchema}, ${plan.startedAt})`)
}

/** Writes how a run and each of its nodes ended. */
export async function recordRunFinished(
  session: Session,
  result: RunResult,
  finishedAt: Date,
): Promise<void> {
  const nodes = result.results.map((node) => ({
    node_id: node.nodeId,
    status: node.status,
    started_at: node.startedAt,
    finished_at: node.finishedAt,
    duration_ms: node.durationMs,
    row_count: node.rows,
    message: node.message,
  }))
  await session.transaction(async () => {
    await session.query(sql`
      update estimand.runs
      set status = ${result.status},
          finished_at = ${finishedAt.toISOString()},
          problems = ${JSON.stringify(result.problems)}::jsonb
      where run_id = ${result.runId}`)
    await session.query(sql`
      insert into estimand.node_runs
        (run_id, node_id, status, started_at, finished_at, duration_ms, row_count, message)
      select ${result.runId}, node_id, status, started_at, finished_at, duration_ms, row_count, message
      from jsonb_to_recordset(${JSON.stringify(nodes)}::jsonb) as node (
        node_id text, status text, started_at timestamptz, finished_at timestamptz,
        duration_ms double precision, row_count bigint, message text
      )`)
  })
}

/**
 * Build schemas of runs that never said how they ended, and marks those runs abandoned. Call it while holding
 * the run lock of the owner: then nobody can be at work in them.
 */
export async function takeAbandonedBuildSchemas(session: Session, owner: RunOwner): Promise<string[]> {
  const { rows } = await session.query<{ build_schema: string }>(sql`
    update estimand.runs
    set status = 'abandoned'
    where status = 'running' and project = ${owner.project} and target_schema = ${owner.schema}
    returning build_schema`)
  return rows.map((row) => row.build_schema)
}
