import type { Relation } from '../core/node.ts'
import type { Plan } from '../core/plan.ts'
import type { RunResult } from '../core/run-result.ts'
import { type ControlSession, type Session, type SQLQuery, sql } from '../warehouse/index.ts'
import { deadLeases, evictDead } from './evict-leases.ts'
import type { Lease } from './leases.ts'

/** Whose runs: two projects, or two schemas of one, may share a database. */
export interface RunOwner {
  readonly project: string
  readonly target: string
  readonly schema: string
}

/** Says that a run has begun, in which schema it builds, and who called it; the same again where that is said already. */
export async function recordRunStarted(
  session: Session,
  lease: Lease,
  owner: RunOwner,
  plan: Plan,
  manifestHash: string,
): Promise<void> {
  const { rowCount } = await session.query(sql`
    insert into estimand.runs
      (run_id, project, target, target_schema, command, status, build_schema, started_at,
       lease_token, manifest_hash, host, os_user, process_id)
    select ${plan.runId}::uuid, ${owner.project}, ${owner.target}, ${owner.schema}, ${plan.command}, 'running',
      ${plan.buildSchema}, ${plan.startedAt}::timestamptz, token, ${manifestHash}, host, os_user, process_id
    from estimand.leases
    where token = ${lease.token} and superseded_by is null
    for share
    on conflict (run_id) do nothing`)
  if (rowCount === 0) await lease.hold()
}

/** Writes how a run and each of its nodes ended; the same again where it has been written already. */
export async function recordRunFinished(
  session: Session,
  lease: Lease,
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
    attempts: node.attempts ?? 1,
  }))
  await session.transaction(async () => {
    await lease.fence(session)
    await session.query(sql`
      update estimand.runs
      set status = ${result.status},
          finished_at = ${finishedAt.toISOString()},
          problems = ${JSON.stringify(result.problems)}::jsonb
      where run_id = ${result.runId}`)
    await session.query(sql`
      insert into estimand.node_runs
        (run_id, node_id, status, started_at, finished_at, duration_ms, row_count, message, attempts)
      select ${result.runId}, node_id, status, started_at, finished_at, duration_ms, row_count, message, attempts
      from jsonb_to_recordset(${JSON.stringify(nodes)}::jsonb) as node (
        node_id text, status text, started_at timestamptz, finished_at timestamptz,
        duration_ms double precision, row_count bigint, message text, attempts int
      )
      on conflict (run_id, node_id) do nothing`)
  })
}

/** Drops what stands in a build schema. */
export type DropBuilds = (session: Session, buildSchema: string) => Promise<void>

/**
 * Clears away what is left of runs that never said how they ended: their sessions, their builds, their standing as
 * runs that are at work. One whose holder lives is left alone. Returns the schemas that were dropped.
 */
export async function clearDeadRuns(
  control: ControlSession,
  lease: Lease,
  owner: RunOwner,
  dropBuilds: DropBuilds,
): Promise<string[]> {
  const { dead, left } = await lookForDead(control, lease, owner)
  if (dead.length > 0) await evictDead(control, lease.token, dead)
  else if (!left) return []
  return control.transaction(async () => {
    await lease.fence(control)
    // Whoever else begins at this moment clears away the others.
    const { rows } = await control.query<{ run_id: string; build_schema: string }>(sql`
      select run_id, build_schema
      from estimand.runs
      where ${isLeft(owner)}
      for update skip locked`)
    for (const { build_schema } of rows) await dropBuilds(control, build_schema)
    // One that was cut off behind its publication has done what it was to do.
    await control.query(sql`
      update estimand.runs
      set status = case when published_at is null then 'abandoned' else 'interrupted' end
      where run_id = any(${rows.map((row) => row.run_id)}::uuid[])`)
    return rows.map((row) => row.build_schema)
  })
}

/** A run that is said to be at work and has no lease. */
function isLeft({ project, schema }: RunOwner): SQLQuery {
  return sql`runs.status = 'running'
    and runs.project = ${project}
    and runs.target_schema = ${schema}
    and not exists (
      select from estimand.leases where leases.run_id = runs.run_id and leases.superseded_by is null
    )`
}

/** In one question, since nearly always there is nothing to clear away. */
async function lookForDead(on: Pick<Session, 'query'>, lease: Lease, owner: RunOwner) {
  const { rows } = await on.query<{ tokens: number[]; left: boolean }>(sql`
    select
      array(${deadLeases(lease.token)}) as tokens,
      exists (select from estimand.runs where ${isLeft(owner)}) as left`)
  const { tokens, left } = rows[0]!
  return { dead: tokens.map((token) => ({ token, isAlive: false })), left }
}

/** Whether a run that publishes everything at once has done so. */
export async function hasRunPublished(session: Session, runId: string): Promise<boolean> {
  const { rowCount } = await session.query(sql`
    select from estimand.runs where run_id = ${runId}::uuid and published_at is not null`)
  return rowCount > 0
}

/** Whether a run has published all of the relations; asked when the answer to its commit was lost. */
export async function hasPublished(
  session: Session,
  runId: string,
  relations: readonly Relation[],
): Promise<boolean> {
  const schemas = relations.map(({ schema }) => schema)
  const names = relations.map(({ identifier }) => identifier)
  const { rows } = await session.query<{ missing: boolean }>(sql`
    select exists (
      select from unnest(${schemas}::text[], ${names}::text[]) as wanted (schema_name, relation_name)
      left join estimand.publications using (schema_name, relation_name)
      where publications.run_id is distinct from ${runId}::uuid
    ) as missing`)
  return relations.length > 0 && !rows[0]!.missing
}
