import { type Session, sql } from '../../warehouse/index.ts'
import { isoTime } from '../iso-time.ts'
import { type DagOwner, isOf } from './dag-owner.ts'

/** What the store knows of a DAG besides its runs. */
export interface DagState {
  readonly dag: string
  readonly isPaused: boolean
  /** Who paused or resumed it last, and when. */
  readonly changedBy: string | null
  readonly changedAt: string | null
  readonly firstSeenAt: string
  /** Every instant of its schedule up to this one was fired or passed over. */
  readonly firedUpTo: string
}

/** How a DAG begins that is seen for the first time. */
export interface SeenDag {
  readonly dag: string
  readonly isPausedAtFirst: boolean
  /** Its first instant comes after this time. */
  readonly firesAfter: string
}

/** Says which DAGs the project has; those that were known before stay as they are. */
export async function recordSeenDags(
  session: Pick<Session, 'query'>,
  owner: DagOwner,
  dags: readonly SeenDag[],
  now: Date,
): Promise<void> {
  const rows = dags.map(({ dag, isPausedAtFirst, firesAfter }) => ({
    ...{ dag, is_paused: isPausedAtFirst, fired_up_to: firesAfter },
  }))
  await session.query(sql`
    insert into estimand.dag_states as known
      (project, target_schema, dag, is_paused, first_seen_at, seen_at, fired_up_to)
    select ${owner.project}, ${owner.schema}, dag, is_paused, ${now.toISOString()}, ${now.toISOString()}, fired_up_to
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as seen (
      dag text, is_paused boolean, fired_up_to timestamptz
    )
    order by dag
    on conflict (project, target_schema, dag) do update set seen_at = excluded.seen_at`)
}

/** What is known of all DAGs that a scheduler ever saw, by name. */
export async function readDagStates(
  session: Pick<Session, 'query'>,
  owner: DagOwner,
): Promise<ReadonlyMap<string, DagState>> {
  const { rows } = await session.query<DagState>(sql`
    select dag, is_paused as "isPaused", changed_by as "changedBy", ${isoTime(sql`changed_at`)} as "changedAt",
      ${isoTime(sql`first_seen_at`)} as "firstSeenAt", ${isoTime(sql`fired_up_to`)} as "firedUpTo"
    from estimand.dag_states state
    where ${isOf(sql`state`, owner)}
    order by dag`)
  return new Map(rows.map((state) => [state.dag, state]))
}

/** Pauses or resumes DAGs; returns the names of those that were the other way before. */
export async function setPaused(
  session: Pick<Session, 'query'>,
  owner: DagOwner,
  dags: readonly string[],
  isPaused: boolean,
  by: string,
  now: Date,
): Promise<string[]> {
  const { rows } = await session.query<{ dag: string }>(sql`
    update estimand.dag_states state
    set is_paused = ${isPaused}, changed_by = ${by}, changed_at = ${now.toISOString()}
    where ${isOf(sql`state`, owner)} and dag = any(${dags}::text[]) and is_paused <> ${isPaused}
    returning dag`)
  return rows.map(({ dag }) => dag)
}
