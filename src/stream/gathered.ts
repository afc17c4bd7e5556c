import type { ClaimedPartition, PositionChange } from '../store/index.ts'
import type { BadMessage } from './bad-message.ts'
import { partitionKey, type StreamMessage } from './message.ts'

/** A message that becomes a row. */
export interface GatheredRow {
  readonly line: string
  readonly message: StreamMessage
}

/** A message that cannot, and why. */
export interface DeadLetter {
  readonly message: StreamMessage
  readonly column: string | null
  readonly reason: string
}

/** What is written in one transaction. */
export interface Batch {
  readonly rows: readonly GatheredRow[]
  readonly deadLetters: readonly DeadLetter[]
  readonly changes: readonly PositionChange[]
}

/** Gathers messages until they are worth a transaction. */
export class Gathered {
  readonly rows: GatheredRow[] = []
  readonly deadLetters: DeadLetter[] = []
  sizeBytes = 0
  /** When the first of them came. */
  sinceMs: number | null = null
  private readonly changes = new Map<string, Mutable<PositionChange>>()

  addRow(message: StreamMessage, line: string): void {
    this.rows.push({ line, message })
    this.sizeBytes += line.length + (message.payload?.length ?? 0)
  }

  addDead(message: StreamMessage, { message: reason, column }: BadMessage): void {
    this.deadLetters.push({ message, reason, column })
    this.sizeBytes += message.payload?.length ?? 0
  }

  /** Says that a partition has been read up to an offset. */
  advance(
    held: ClaimedPartition,
    from: bigint,
    to: bigint,
    endOffset: bigint,
    newestMs: number | null,
  ): void {
    const { topic, partition, fence } = held
    const key = partitionKey(held)
    const change = this.changes.get(key)
    if (!change) {
      this.changes.set(key, {
        ...{ topic, partition, fence, from, to, endOffset, rows: 0, deadLetters: 0, newestMs },
      })
      return
    }
    change.to = to
    change.endOffset = endOffset
    if (newestMs !== null) change.newestMs = Math.max(change.newestMs ?? newestMs, newestMs)
  }

  get isEmpty(): boolean {
    return this.changes.size === 0
  }

  batch(): Batch {
    return { rows: this.rows, deadLetters: this.deadLetters, changes: [...this.changes.values()] }
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** The changes with how many rows and dead letters of each partition there were. */
export function countedChanges({ rows, deadLetters, changes }: Batch): PositionChange[] {
  const counts = new Map(changes.map((change) => [partitionKey(change), { rows: 0, deadLetters: 0 }]))
  for (const { message } of rows) counts.get(partitionKey(message))!.rows++
  for (const { message } of deadLetters) counts.get(partitionKey(message))!.deadLetters++
  return changes.map((change) => ({ ...change, ...counts.get(partitionKey(change)) }))
}
