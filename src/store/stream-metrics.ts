import type { Relation } from '../core/node.ts'
import { type Queryable, sql } from '../warehouse/index.ts'
import { isoTime } from './iso-time.ts'

/** What a reader did in a stretch of time. */
export interface StreamMetrics {
  readonly seconds: number
  readonly batches: number
  readonly rows: number
  readonly deadLetters: number
  readonly lag: number
}

const keptDays = 14

/** Keeps what a reader did, and forgets what was long ago. */
export async function recordStreamMetrics(
  on: Queryable,
  { schema, identifier }: Relation,
  reader: string,
  now: Date,
  { seconds, batches, rows, deadLetters, lag }: StreamMetrics,
): Promise<void> {
  await on.query(sql`
    insert into estimand.stream_metrics (
      schema_name, relation_name, at, reader, seconds, batch_count, row_count, dead_letter_count, lag
    )
    values (
      ${schema}, ${identifier}, ${now.toISOString()}::timestamptz, ${reader}, ${seconds}, ${batches}, ${rows},
      ${deadLetters}, ${lag}
    )
    on conflict do nothing`)
  const before = new Date(now.getTime() - keptDays * 86_400_000).toISOString()
  await on.query(sql`
    delete from estimand.stream_metrics
    where schema_name = ${schema} and relation_name = ${identifier} and at < ${before}::timestamptz`)
}

/** Where a stream stands, as the store knows. */
export interface StreamPosition {
  readonly topic: string
  readonly partition: number
  readonly topicId: string
  readonly nextOffset: bigint
  readonly endOffset: bigint | null
  readonly reader: string
  /** ISO 8601, like the other. */
  readonly committedAt: string | null
  readonly rows: number
  readonly deadLetters: number
  readonly newestMessageAt: string | null
}

/** The positions of a stream in order. */
export async function readStreamPositions(
  on: Queryable,
  { schema, identifier }: Relation,
): Promise<StreamPosition[]> {
  const { rows } = await on.query<{
    topic: string
    partition: number
    topic_id: string
    next_offset: string
    end_offset: string | null
    claimed_by: string
    committed_at: string | null
    rows: number
    dead_letters: number
    newest_message_at: string | null
  }>(sql`
    select topic, partition, topic_id, next_offset::text, end_offset::text, claimed_by,
      ${isoTime(sql`committed_at`)} as committed_at, row_count::float8 as rows,
      dead_letter_count::float8 as dead_letters, ${isoTime(sql`newest_message_at`)} as newest_message_at
    from estimand.stream_positions
    where schema_name = ${schema} and relation_name = ${identifier}
    order by topic, partition`)
  return rows.map((row) => ({
    ...{ topic: row.topic, partition: row.partition, topicId: row.topic_id, reader: row.claimed_by },
    ...{ nextOffset: BigInt(row.next_offset), rows: row.rows, deadLetters: row.dead_letters },
    endOffset: row.end_offset === null ? null : BigInt(row.end_offset),
    ...{ committedAt: row.committed_at, newestMessageAt: row.newest_message_at },
  }))
}

/** Rows a second over the last minute before `now`, of all readers of a stream. */
export async function readStreamRate(
  on: Queryable,
  { schema, identifier }: Relation,
  now: Date,
): Promise<number> {
  const since = new Date(now.getTime() - 60_000).toISOString()
  const { rows } = await on.query<{ rate: number | null }>(sql`
    select sum(rate)::float8 as rate
    from (
      select sum(row_count) / sum(seconds) as rate
      from estimand.stream_metrics
      where schema_name = ${schema} and relation_name = ${identifier} and at >= ${since}::timestamptz
      group by reader
    ) as readers`)
  return rows[0]?.rate ?? 0
}
