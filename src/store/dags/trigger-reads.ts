import { type Session, sql } from '../../warehouse/index.ts'
import { isoTime } from '../iso-time.ts'
import { type DagOwner, isOf } from './dag-owner.ts'

/** A run of one DAG that is to start one of another. */
export interface FollowUp {
  readonly dag: string
  readonly causedBy: string
  readonly intervalStart: string
  readonly intervalEnd: string
}

/** The runs that have ended since and are to start runs of other DAGs, which have not been made yet. */
export async function readFollowUps(
  session: Pick<Session, 'query'>,
  owner: DagOwner,
  wanted: readonly { readonly dag: string; readonly after: string; readonly on: 'success' | 'done' }[],
  since: Date,
): Promise<FollowUp[]> {
  const { rows } = await session.query<FollowUp>(sql`
    select wanted.dag, ended.dag_run_id as "causedBy", ${isoTime(sql`ended.interval_start`)} as "intervalStart",
      ${isoTime(sql`ended.interval_end`)} as "intervalEnd"
    from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as wanted (dag text, after text, "on" text)
    join estimand.dag_states state on ${isOf(sql`state`, owner)} and state.dag = wanted.dag and not state.is_paused
    join estimand.dag_runs ended on ${isOf(sql`ended`, owner)} and ended.dag = wanted.after
    where ended.finished_at >= greatest(state.first_seen_at, state.changed_at, ${since.toISOString()}::timestamptz)
      and (ended.status = 'success' or (wanted."on" = 'done' and ended.status in ('failed', 'cancelled')))
      and not exists (
        select from estimand.dag_runs made
        where ${isOf(sql`made`, owner)} and made.dag = wanted.dag
          and made.occasion = 'after ' || ended.dag_run_id::text
      )
    order by ended.finished_at`)
  return rows
}

/** What brings new data: a table, or any of a schema. */
export interface DataSource {
  readonly dag: string
  readonly schema: string
  readonly table: string | null
}

/** When loads and streams of ours last brought rows for each DAG that waits for them; DAGs without are missing. */
export async function readNewData(
  session: Pick<Session, 'query'>,
  sources: readonly DataSource[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await session.query<{ dag: string; at: string }>(sql`
    select wanted.dag, ${isoTime(sql`max(got.at)`)} as at
    from jsonb_to_recordset(${JSON.stringify(sources)}::jsonb) as wanted (dag text, schema text, "table" text)
    cross join lateral (
      select publication.published_at as at
      from estimand.publications publication
      join estimand.node_runs node using (run_id, node_id)
      where publication.schema_name = wanted.schema
        and (wanted."table" is null or publication.relation_name = wanted."table")
        and publication.node_id like 'load.%' and node.row_count > 0
      union all
      select position.committed_at
      from estimand.stream_positions position
      where position.schema_name = wanted.schema
        and (wanted."table" is null or position.relation_name = wanted."table")
        and position.row_count > 0
    ) as got
    where got.at is not null
    group by wanted.dag`)
  return new Map(rows.map(({ dag, at }) => [dag, at]))
}
