import { type Session, sql } from '../../warehouse/index.ts'
import { type DagOwner, isOf } from './dag-owner.ts'

/** How long runs of DAGs are kept. */
export interface DagRetention {
  readonly days: number
  /** So many of each DAG are kept, however old they are. */
  readonly runs: number
}

/** Forgets the runs of long ago with their steps and logs; returns how many. Instants stay fired. */
export async function forgetOldDagRuns(
  session: Pick<Session, 'query'>,
  owner: DagOwner,
  { days, runs }: DagRetention,
  now: Date,
): Promise<number> {
  const before = new Date(now.getTime() - days * 86_400_000).toISOString()
  const { rowCount } = await session.query(sql`
    delete from estimand.dag_runs
    where dag_run_id in (
      select dag_run_id
      from (
        select dag_run_id, finished_at, row_number() over (partition by dag order by queued_at desc) as age
        from estimand.dag_runs run
        where ${isOf(sql`run`, owner)} and status not in ('queued', 'running')
      ) as over
      where age > ${runs} and finished_at < ${before}::timestamptz
    )`)
  return rowCount
}
