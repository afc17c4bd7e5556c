import type { StreamPartition } from '../store/index.ts'

/** A message as Kafka has it. */
export interface StreamMessage extends StreamPartition {
  readonly offset: bigint
  /** When it was written, as its producer or the broker says; null when nobody does. */
  readonly timestampMs: number | null
  readonly key: Buffer | null
  readonly payload: Buffer | null
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[]
}

/** A partition among those of all topics. */
export function partitionKey({ topic, partition }: StreamPartition): string {
  return `${topic}/${partition}`
}
