import type { NodeId } from '../core/node.ts'
import { type Session, sql } from '../warehouse/index.ts'
import type { RunOwner } from './runs.ts'

/** How many runs are looked at, and how many successes of a node count. */
const lookBackRuns = 30
const countedSuccesses = 5

/** How long nodes took when they last succeeded, in seconds: the median; nodes that never did are missing. */
export async function readDurations(session: Session, owner: RunOwner): Promise<ReadonlyMap<NodeId, number>> {
  const { rows } = await session.query<{ node_id: string; seconds: number }>(sql`
    select node_id, percentile_cont(0.5) within group (order by duration_ms) / 1000 as seconds
    from (
      select
        node_runs.node_id,
        node_runs.duration_ms,
        row_number() over (partition by node_runs.node_id order by recent.started_at desc) as age
      from (
        select run_id, started_at
        from estimand.runs
        where project = ${owner.project} and target_schema = ${owner.schema}
        order by started_at desc
        limit ${lookBackRuns}
      ) as recent
      join estimand.node_runs using (run_id)
      where node_runs.status in ('success', 'pass', 'warn')
    ) as successes
    where age <= ${countedSuccesses}
    group by node_id`)
  return new Map(rows.map(({ node_id, seconds }) => [node_id, seconds]))
}
