import type { Consumer } from '@platformatic/kafka'
import type { StreamPartition } from '../store/index.ts'
import type { StreamMessage } from './message.ts'

/*
 * From what a broker sends to messages: without those of transactions that were given up, without the markers of
 * transactions, without those before the offset that was asked for (a broker sends whole batches).
 */

type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>
type FetchedPart = NonNullable<FetchResponse>['responses'][number]['partitions'][number]

const isTransactional = 1 << 4
const isControl = 1 << 5
const noTimestamp = -1n

/** What a fetch brought of one partition. */
export interface FetchedPartition extends StreamPartition {
  readonly from: bigint
  /** Where to go on. */
  readonly to: bigint
  /** The offset that the next message gets. */
  readonly endOffset: bigint
  readonly messages: readonly StreamMessage[]
}

/** Reads what was fetched of a partition from an offset on. */
export function readRecords(place: StreamPartition, from: bigint, part: FetchedPart): FetchedPartition {
  const messages: StreamMessage[] = []
  const aborted = [...part.abortedTransactions].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1))
  const givenUp = new Set<bigint>()
  let to = from
  for (const batch of part.records ?? []) {
    const last = batch.firstOffset + BigInt(batch.lastOffsetDelta)
    while (aborted[0] && aborted[0].firstOffset <= last) givenUp.add(aborted.shift()!.producerId)
    if (batch.attributes & isControl) {
      // The marker's key holds a version and what it marks, 0 for given up: the producer's next one counts again.
      if (batch.records[0]?.key?.readInt16BE(2) === 0) givenUp.delete(batch.producerId)
    } else if (!(batch.attributes & isTransactional && givenUp.has(batch.producerId))) {
      for (const record of batch.records) {
        const offset = batch.firstOffset + BigInt(record.offsetDelta)
        if (offset < from) continue
        const timestamp = batch.firstTimestamp + record.timestampDelta
        messages.push({
          ...{ topic: place.topic, partition: place.partition, offset },
          timestampMs: batch.firstTimestamp === noTimestamp ? null : Number(timestamp),
          ...{ key: record.key, payload: record.value, headers: record.headers },
        })
      }
    }
    if (last >= to) to = last + 1n
  }
  const endOffset = part.lastStableOffset >= 0n ? part.lastStableOffset : part.highWatermark
  return { ...place, from, to, endOffset, messages }
}
