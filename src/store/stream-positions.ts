import type { Relation } from '../core/node.ts'
import { type Session, sql } from '../warehouse/index.ts'

/*
 * The positions of streams. They are in the warehouse and not in Kafka, because only there they can change together
 * with the rows. A reader claims a partition, which raises the partition's fence, and commits with the fence that it
 * got: once another has claimed the partition, nothing of the first one's reaches the table any more, however late it
 * wakes up.
 */

export interface StreamPartition {
  readonly topic: string
  readonly partition: number
}

/** A partition that a reader is about to read. */
export interface PartitionClaim extends StreamPartition {
  /** Kafka's id of the topic. */
  readonly topicId: string
  /** Where to begin if the partition has never been read. */
  readonly start: bigint
}

/** A partition that a reader may write up to the next claim. */
export interface ClaimedPartition extends StreamPartition {
  /** The topic's id when the partition was first read. */
  readonly topicId: string
  readonly nextOffset: bigint
  readonly fence: bigint
}

/** How far a batch brings a partition. */
export interface PositionChange extends StreamPartition {
  readonly fence: bigint
  readonly from: bigint
  readonly to: bigint
  readonly endOffset: bigint
  readonly rows: number
  readonly deadLetters: number
  /** The newest message's time, if there is one. */
  readonly newestMs: number | null
}

/** Takes partitions over from whoever read them, and tells where they stand. */
export async function claimPartitions(
  session: Session,
  relation: Relation,
  reader: string,
  claims: readonly PartitionClaim[],
): Promise<ClaimedPartition[]> {
  const rows = claims.map(({ topic, partition, topicId, start }) => ({
    ...{ topic, partition, topic_id: topicId, next_offset: start.toString() },
  }))
  const { rows: claimed } = await session.query<{
    topic: string
    partition: number
    topic_id: string
    next_offset: string
    fence: string
  }>(sql`
    insert into estimand.stream_positions as known (
      schema_name, relation_name, topic, partition, topic_id, next_offset, claimed_by, claimed_at
    )
    select ${relation.schema}, ${relation.identifier}, topic, partition, topic_id, next_offset, ${reader},
      clock_timestamp()
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as claim (
      topic text, partition int, topic_id text, next_offset bigint
    )
    order by topic, partition
    on conflict (schema_name, relation_name, topic, partition) do update
    set fence = known.fence + 1, claimed_by = excluded.claimed_by, claimed_at = excluded.claimed_at
    returning topic, partition, topic_id, next_offset::text, fence::text`)
  return claimed.map(({ topic, partition, topic_id: topicId, next_offset, fence }) => ({
    ...{ topic, partition, topicId },
    ...{ nextOffset: BigInt(next_offset), fence: BigInt(fence) },
  }))
}

/**
 * Moves positions on, within the transaction that writes the rows; call it last. False, when another reader has
 * claimed one of the partitions or brought it elsewhere: then the transaction must not be committed.
 */
export async function movePositions(
  session: Session,
  relation: Relation,
  changes: readonly PositionChange[],
): Promise<boolean> {
  const rows = changes.map((change) => ({
    ...{ topic: change.topic, partition: change.partition, fence: change.fence.toString() },
    ...{ from_offset: change.from.toString(), to_offset: change.to.toString() },
    ...{ end_offset: change.endOffset.toString(), rows: change.rows, dead_letters: change.deadLetters },
    newest: change.newestMs === null ? null : new Date(change.newestMs).toISOString(),
  }))
  // Locked in one order, so that two readers never wait for each other.
  const { rowCount } = await session.query(sql`
    with change as (
      select *
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as change (
        topic text, partition int, fence bigint, from_offset bigint, to_offset bigint, end_offset bigint,
        rows bigint, dead_letters bigint, newest timestamptz
      )
    ),
    held as (
      select position.topic, position.partition
      from estimand.stream_positions as position
      join change using (topic, partition)
      where position.schema_name = ${relation.schema} and position.relation_name = ${relation.identifier}
        and position.fence = change.fence and position.next_offset = change.from_offset
      order by position.topic, position.partition
      for update of position
    )
    update estimand.stream_positions as position
    set next_offset = change.to_offset,
      committed_at = clock_timestamp(),
      end_offset = change.end_offset,
      row_count = position.row_count + change.rows,
      dead_letter_count = position.dead_letter_count + change.dead_letters,
      newest_message_at = greatest(position.newest_message_at, change.newest)
    from change
    join held using (topic, partition)
    where position.schema_name = ${relation.schema} and position.relation_name = ${relation.identifier}
      and position.topic = change.topic and position.partition = change.partition`)
  return rowCount === changes.length
}

/** Forgets where the stream of a table stands: it begins anew. */
export async function forgetPositions(session: Session, relation: Relation): Promise<void> {
  await session.query(sql`
    delete from estimand.stream_positions
    where schema_name = ${relation.schema} and relation_name = ${relation.identifier}`)
}

/** Sets where a stream goes on, against whoever reads it now. */
export async function setPositions(
  session: Session,
  relation: Relation,
  by: string,
  places: readonly PartitionClaim[],
): Promise<void> {
  await session.transaction(async () => {
    await claimPartitions(session, relation, by, places)
    for (const { topic, partition, topicId, start } of places)
      await session.query(sql`
        update estimand.stream_positions
        set next_offset = ${start.toString()}::bigint, topic_id = ${topicId}, end_offset = null
        where schema_name = ${relation.schema} and relation_name = ${relation.identifier}
          and topic = ${topic} and partition = ${partition}`)
  })
}
