import { setTimeout as sleep } from 'node:timers/promises'
import { Producer } from '@platformatic/kafka'
import type { StreamSpec } from '../core/load-spec.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import { avroType } from './avro-payload.ts'
import { clientOptions } from './kafka.ts'
import type { RunnableStream } from './run-stream.ts'

/*
 * Writes rows into the topic of a stream as the stream expects its messages, at a rate: a table that was generated, or
 * any other, becomes traffic.
 */

/** A row of the table that is replayed, by column. */
export type ReplayRow = Readonly<Record<string, unknown>>

export interface ReplayOptions {
  /** The column whose value is the key. */
  readonly key: string | null
  /** Messages a second; null for as many as can be. */
  readonly rate: number | null
  /** The share of payloads that are cut off. */
  readonly spoil: number
  readonly seed: number
  readonly signal: AbortSignal
  readonly now: () => number
  readonly onSent: (count: number) => void
}

const mostOfSend = 2_000
const mostUnderWay = 4

/** Sends every row, in order; returns how many were sent and how many of them were cut off. */
export async function replayRows(
  { connection, spec }: RunnableStream,
  rows: AsyncIterable<ReplayRow>,
  encode: (row: ReplayRow) => Buffer,
  options: ReplayOptions,
): Promise<{ readonly sent: number; readonly spoilt: number }> {
  const producer = new Producer({ ...clientOptions(connection), retries: 10 })
  const random = seededRandom(options.seed)
  const topic = spec.topics[0]!
  const underWay = new Set<Promise<unknown>>()
  let failure: unknown
  let messages: { topic: string; key?: Buffer; value: Buffer }[] = []
  let sent = 0
  let spoilt = 0
  const startedMs = options.now()
  const send = async (): Promise<void> => {
    if (messages.length === 0) return
    const sending = producer.send({ messages, acks: -1 }).catch((error: unknown) => {
      failure ??= error
    })
    underWay.add(sending)
    void sending.finally(() => underWay.delete(sending))
    sent += messages.length
    options.onSent(sent)
    messages = []
    // With a key the order of messages is kept, so that one follows the other.
    while (underWay.size >= (options.key === null ? mostUnderWay : 1)) await Promise.race(underWay)
    if (failure !== undefined) throw failure
  }
  try {
    for await (const row of rows) {
      if (options.signal.aborted) break
      const whole = encode(row)
      const isSpoilt = options.spoil > 0 && random() < options.spoil
      if (isSpoilt) spoilt++
      const value = isSpoilt ? whole.subarray(0, Math.floor(whole.length / 2)) : whole
      const key = options.key === null ? undefined : row[options.key]
      messages.push({ topic, value, ...(key != null && { key: Buffer.from(String(key)) }) })
      const isDue = options.rate !== null && messages.length >= Math.max(1, options.rate / 50)
      if (messages.length >= mostOfSend || isDue) {
        await send()
        if (options.rate !== null)
          await sleep(Math.max(0, (sent / options.rate) * 1000 - (options.now() - startedMs)))
      }
    }
    await send()
    await Promise.all(underWay)
    if (failure !== undefined) throw failure
    return { sent, spoilt }
  } finally {
    await producer.close().catch(() => {})
  }
}

/** How a row becomes the payload of a stream: the fields where the stream looks for its columns. */
export function payloadWriter(spec: StreamSpec, schema: string | null): (row: ReplayRow) => Buffer {
  const numberOf = Object.keys(spec.schemas.byId)[0]
  const head = spec.schemas.wireFormat === 'plain' ? null : Buffer.alloc(5)
  if (head) {
    if (numberOf === undefined)
      throw new ProblemError(
        makeProblem('not-supported', 'a replay needs the schema as a file', { hint: 'give schema_files' }),
      )
    head.writeUInt32BE(Number(numberOf), 1)
  }
  const type = spec.format === 'avro' ? avroType(schema ?? '') : null
  return (row) => {
    const payload = payloadOf(spec, row)
    const body = type ? type.toBuffer(payload) : Buffer.from(JSON.stringify(payload))
    return head ? Buffer.concat([head, body]) : body
  }
}

const unitMs = { s: 1000, ms: 1, us: 0.001 } as const

function payloadOf({ fields }: StreamSpec, row: ReplayRow): Record<string, unknown> {
  const payload: Record<string, unknown> = {}
  for (const { column, from, unit } of fields) {
    if (from.startsWith('$') || !(column in row)) continue
    const value = row[column]
    const names = from.split('.')
    let into = payload
    for (const name of names.slice(0, -1)) {
      into[name] ??= {}
      into = into[name] as Record<string, unknown>
    }
    into[names.at(-1)!] =
      unit !== null && typeof value === 'string' ? Date.parse(value) / unitMs[unit] : value
  }
  return payload
}

/** Mulberry32 (Tommy Ettinger): small, and good enough to choose what is spoilt. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
