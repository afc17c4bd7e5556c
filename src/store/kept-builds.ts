import type { NodeId } from '../core/node.ts'
import type { BuildRelation, StepAction } from '../core/plan.ts'
import { type PublishAction, type Session, sql } from '../warehouse/index.ts'
import { hasTable } from './has-table.ts'
import type { Lease } from './leases.ts'
import type { RunOwner } from './runs.ts'

/** What a failed run made of one node, with all that decides whether a later run may take it as it is. */
export interface KeptBuild {
  readonly nodeId: NodeId
  readonly action: StepAction
  /** Changes with the node's own definition, and with what it is made from. */
  readonly identity: string
  /** The states of relations that it read and that the run did not build, by relation key; null for unknown. */
  readonly inputs: Readonly<Record<string, string | null>>
  /** The builds that readers within a run get for its relations. */
  readonly builds: readonly BuildRelation[]
  /** Which files its builds and deltas are, by relation key: whether they are still there, with their rows. */
  readonly files: Readonly<Record<string, string>>
  /** What makes it live. */
  readonly publish: readonly PublishAction[]
  /** For tests: only those that passed or warned are kept. */
  readonly verdict?: 'pass' | 'warn'
}

/** The builds of a run that failed. */
export interface KeptRun {
  readonly buildSchema: string
  readonly builds: readonly KeptBuild[]
}

/** The builds that are kept of a run; null where there are none. */
export async function readKeptRun(session: Session, owner: RunOwner, runId: string): Promise<KeptRun | null> {
  if (!(await hasTable(session, 'kept_builds'))) return null
  const { rows } = await session.query<{ build_schema: string; build: KeptBuild }>(sql`
    select runs.build_schema, kept.build
    from estimand.kept_builds kept
    join estimand.runs on runs.run_id = kept.run_id
    where kept.run_id::text = ${runId} and ${isOf(owner)}`)
  const [first] = rows
  return first ? { buildSchema: first.build_schema, builds: rows.map(({ build }) => build) } : null
}

/**
 * Keeps builds of a run that is still at work, so that another can go on from there if this one is killed. What a run has
 * kept in this way is forgotten when it ends.
 */
export async function addKeptBuilds(
  session: Pick<Session, 'query'>,
  lease: Lease,
  runId: string,
  builds: readonly KeptBuild[],
): Promise<void> {
  await session.query(sql`
    insert into estimand.kept_builds (run_id, node_id, build)
    select ${runId}, build ->> 'nodeId', build
    from estimand.leases
    cross join jsonb_array_elements(${JSON.stringify(builds)}::jsonb) as build
    where token = ${lease.token} and superseded_by is null
    on conflict (run_id, node_id) do update set build = excluded.build`)
}

/** Says what of a run is kept, in place of what was kept before of the same relations. */
export async function recordKeptBuilds(
  session: Session,
  lease: Lease,
  owner: RunOwner,
  runId: string,
  builds: readonly KeptBuild[],
): Promise<void> {
  await session.transaction(async () => {
    await lease.fence(session)
    await forgetKeptBuilds(session, lease, owner)
    await session.query(sql`
      insert into estimand.kept_builds (run_id, node_id, build)
      select ${runId}, build ->> 'nodeId', build
      from jsonb_array_elements(${JSON.stringify(builds)}::jsonb) as build`)
  })
}

/**
 * Forgets the kept builds of the lease's own run and of runs that built some of what the lease is about, and returns the
 * schemas in which they stand. Somebody else may be going on with others.
 */
export async function forgetKeptBuilds(session: Session, lease: Lease, owner: RunOwner): Promise<string[]> {
  const { rows } = await session.query<{ build_schema: string }>(sql`
    delete from estimand.kept_builds kept
    using estimand.runs
    where runs.run_id = kept.run_id
      and ${isOf(owner)}
      and kept.run_id in (
        select leases.run_id from estimand.leases where leases.token = ${lease.token}
        union all
        select others.run_id
        from estimand.kept_builds others
        cross join lateral jsonb_array_elements((others.build -> 'builds') || (others.build -> 'publish')) as one
        where (one -> 'published' ->> 'schema') || '.' || (one -> 'published' ->> 'identifier') in (
          select unnest(leases.relations) from estimand.leases where leases.token = ${lease.token}
        )
      )
    returning runs.build_schema`)
  return [...new Set(rows.map((row) => row.build_schema))]
}

/**
 * Forgets what is kept of runs that are long over, and returns the schemas in which it stands: of a node that the
 * project has no more nobody else would. What a retry goes on with at the moment stays.
 */
export async function forgetOldBuilds(session: Session, owner: RunOwner): Promise<string[]> {
  const { rows } = await session.query<{ build_schema: string }>(sql`
    delete from estimand.kept_builds kept
    using estimand.runs
    where runs.run_id = kept.run_id
      and ${isOf(owner)}
      and runs.started_at < clock_timestamp() - interval '7 days'
      and not exists (
        select from estimand.runs retries
        join estimand.leases on leases.run_id = retries.run_id and leases.superseded_by is null
        where retries.build_schema = runs.build_schema
      )
    returning runs.build_schema`)
  return [...new Set(rows.map((row) => row.build_schema))]
}

function isOf({ project, schema }: RunOwner) {
  return sql`runs.project = ${project} and runs.target_schema = ${schema}`
}
