import type { Consumer } from '@platformatic/kafka'
import type { StreamPartition } from '../store/index.ts'
import { closeConsumer, type GroupTimes, type KafkaConnection, makeConsumer } from './kafka.ts'
import { partitionKey } from './message.ts'
import { type FetchedPartition, readRecords } from './read-records.ts'

/*
 * Reads topics as a member of a group. Kafka says which partitions are this reader's; from where each is read, the
 * caller says.
 */

/** The partitions that the group gives a reader, counted up with each change. */
export interface Assignment {
  readonly generation: number
  readonly partitions: readonly StreamPartition[]
}

export interface TopicReader {
  readonly assignment: () => Assignment
  /** Kafka's ids of the topics and how many partitions each has. */
  readonly topics: () => Promise<ReadonlyMap<string, { readonly id: string; readonly partitions: number }>>
  /** The first offset that is kept, or the next one to be written, of partitions by key. */
  readonly bounds: (which: 'earliest' | 'latest') => Promise<ReadonlyMap<string, bigint>>
  /** Fetches from offsets by partition key; comes back empty after `waitMs` when there is nothing new. */
  readonly fetch: (positions: ReadonlyMap<string, bigint>, waitMs: number) => Promise<FetchedPartition[]>
  readonly close: () => Promise<void>
}

export interface TopicReaderOptions {
  readonly connection: KafkaConnection
  readonly topics: readonly string[]
  readonly group: string
  readonly times: GroupTimes
}

const maxBytes = 8 << 20
const maxBytesOfPartition = 1 << 20
const earliest = -2n
const latest = -1n

/** Joins the group and waits for its first assignment. */
export async function openTopicReader({
  connection,
  topics,
  group,
  times,
}: TopicReaderOptions): Promise<TopicReader> {
  let failure: Error | undefined
  const onError = (error: Error): void => {
    failure ??= error
  }
  const member = makeConsumer(connection, group, times, onError)
  const fetcher = makeConsumer(connection, group, times, onError)
  let assignment: Assignment = { generation: 0, partitions: [] }
  const close = async (): Promise<void> => {
    // Leaving wakes whoever else reads; a broker that is away takes it for left some time later.
    await Promise.all([closeConsumer(member), closeConsumer(fetcher)])
  }
  try {
    const metadata = () => fetcher.metadata({ topics: [...topics] })
    await metadata()
    member.topics.trackAll(...topics)
    fetcher.topics.trackAll(...topics)
    member.on('consumer:group:join', ({ assignments = [] }) => {
      const partitions = assignments.flatMap(({ topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      )
      assignment = { generation: assignment.generation + 1, partitions }
    })
    await member.joinGroup({})
    return {
      assignment: () => {
        if (failure) throw failure
        return assignment
      },
      async topics() {
        const found = await fetcher.metadata({ topics: [...topics], forceUpdate: true })
        return new Map(
          [...found.topics].map(([name, { id, partitionsCount }]) => [
            name,
            { id, partitions: partitionsCount },
          ]),
        )
      },
      async bounds(which) {
        const timestamp = which === 'earliest' ? earliest : latest
        const found = await fetcher.listOffsets({ topics: [...topics], timestamp, isolationLevel: 1 })
        return new Map(
          [...found].flatMap(([topic, offsets]) =>
            offsets.map((offset, partition) => [partitionKey({ topic, partition }), offset] as const),
          ),
        )
      },
      fetch: (positions, waitMs) => fetchFrom(fetcher, topics, positions, waitMs),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Asks each broker that leads one of the partitions, all at once. */
async function fetchFrom(
  fetcher: Consumer,
  topics: readonly string[],
  positions: ReadonlyMap<string, bigint>,
  waitMs: number,
): Promise<FetchedPartition[]> {
  const metadata = await fetcher.metadata({ topics: [...topics] })
  const names = new Map([...metadata.topics].map(([name, { id }]) => [id, name]))
  const byLeader = new Map<number, Map<string, number[]>>()
  for (const [topic, { partitions }] of metadata.topics)
    for (const [partition, { leader }] of partitions.entries()) {
      if (!positions.has(partitionKey({ topic, partition }))) continue
      const ofLeader = byLeader.get(leader) ?? new Map<string, number[]>()
      byLeader.set(leader, ofLeader.set(topic, [...(ofLeader.get(topic) ?? []), partition]))
    }
  const answers = await Promise.all(
    [...byLeader].map(([node, wanted]) =>
      fetcher.fetch({
        node,
        maxWaitTime: waitMs,
        minBytes: 1,
        maxBytes,
        isolationLevel: 1,
        topics: [...wanted].map(([topic, partitions]) => ({
          topicId: metadata.topics.get(topic)!.id,
          partitions: partitions.map((partition) => ({
            partition,
            currentLeaderEpoch: -1,
            fetchOffset: positions.get(partitionKey({ topic, partition }))!,
            lastFetchedEpoch: -1,
            partitionMaxBytes: maxBytesOfPartition,
          })),
        })),
      }),
    ),
  )
  return answers.flatMap(({ responses }) =>
    responses.flatMap(({ topicId, partitions }) =>
      partitions.map((part) => {
        const place = { topic: names.get(topicId)!, partition: part.partitionIndex }
        return readRecords(place, positions.get(partitionKey(place))!, part)
      }),
    ),
  )
}
