import { type Relation, relationKey } from '../core/node.ts'
import { migrateStore, readStreamPositions, readStreamRate, type StreamPosition } from '../store/index.ts'
import type { Warehouse } from '../warehouse/index.ts'
import { closeConsumer, makeConsumer, usualGroupTimes } from './kafka.ts'
import { partitionKey } from './message.ts'
import type { RunnableStream } from './run-stream.ts'

/** How far a stream is. */
export interface StreamStanding {
  readonly stream: string
  readonly table: string
  readonly rowsPerSecond: number
  /** Whether the brokers have said how much there is; else it is what was known at the last batch. */
  readonly isLive: boolean
  /** Messages that are not read yet; null where nobody knows how many there are. */
  readonly partitions: readonly (StreamPosition & { readonly lag: number | null })[]
}

/** Asks the store and, where they answer, the brokers how far a stream is. */
export async function streamStanding(
  warehouse: Warehouse,
  stream: RunnableStream,
  relation: Relation,
  now: Date,
  onSilent: (error: unknown) => void,
): Promise<StreamStanding> {
  await warehouse.withSession(migrateStore)
  const positions = await readStreamPositions(warehouse, relation)
  const ends = await endsOf(stream).catch((error: unknown) => {
    onSilent(error)
    return null
  })
  return {
    stream: stream.name,
    table: relationKey(relation),
    rowsPerSecond: await readStreamRate(warehouse, relation, now),
    isLive: ends !== null,
    partitions: positions.map((position) => {
      const end = ends?.get(partitionKey(position)) ?? position.endOffset
      const lag = end === null ? null : Math.max(0, Number(end - position.nextOffset))
      return { ...position, lag }
    }),
  }
}

/** The offsets that the next messages get, by partition key. */
export async function endsOf(
  stream: RunnableStream,
  which: 'earliest' | 'latest' = 'latest',
): Promise<ReadonlyMap<string, bigint>> {
  const { connection, spec } = stream
  const consumer = makeConsumer(connection, spec.group, usualGroupTimes, () => {})
  try {
    const timestamp = which === 'latest' ? -1n : -2n
    const found = await consumer.listOffsets({ topics: [...spec.topics], timestamp, isolationLevel: 1 })
    return new Map(
      [...found].flatMap(([topic, offsets]) =>
        offsets.map((offset, partition) => [partitionKey({ topic, partition }), offset] as const),
      ),
    )
  } finally {
    await closeConsumer(consumer)
  }
}

/** Kafka's ids of a stream's topics. */
export async function topicIdsOf({ connection, spec }: RunnableStream): Promise<ReadonlyMap<string, string>> {
  const consumer = makeConsumer(connection, spec.group, usualGroupTimes, () => {})
  try {
    const { topics } = await consumer.metadata({ topics: [...spec.topics] })
    return new Map([...topics].map(([name, { id }]) => [name, id]))
  } finally {
    await closeConsumer(consumer)
  }
}
