import type { StreamSpec } from '../core/load-spec.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import { type ClaimedPartition, claimPartitions, type StreamPartition } from '../store/index.ts'
import type { Warehouse } from '../warehouse/index.ts'
import { BadMessage } from './bad-message.ts'
import { Gathered } from './gathered.ts'
import { kafkaReason, saysKafka } from './kafka.ts'
import { partitionKey, type StreamMessage } from './message.ts'
import { pauseUnless } from './pause-unless.ts'
import type { PayloadReader } from './payload.ts'
import type { FetchedPartition } from './read-records.ts'
import type { RowMaker } from './row-maker.ts'
import type { TopicReader } from './topic-reader.ts'
import { Displaced, type StreamTables, writeBatch } from './write-batch.ts'

/*
 * One session of reading: from joining the group until something ends it. It claims the partitions that the group
 * gives it, goes on from where the store says they stand, gathers rows and writes them batch by batch, a batch being
 * written while the next is gathered. When the group gives partitions to others, what is gathered and not yet written
 * is dropped: whoever reads next reads it again. Any failure ends the session, and the next begins from the store: what
 * a lost connection has left undecided is decided there.
 */

/** What a session reads, and where it goes. */
export interface SessionTask {
  readonly name: string
  readonly spec: StreamSpec
  readonly tables: StreamTables
  readonly payloads: PayloadReader
  readonly makeRow: RowMaker
  readonly warehouse: Warehouse
  readonly topics: TopicReader
  /** Who reads, for the store. */
  readonly reader: string
  readonly clock: () => Date
  readonly signal: AbortSignal
  /** Whether to end when everything is read that was there. */
  readonly untilCaughtUp: boolean
  readonly onWritten: (written: WrittenBatch) => void
}

/** What is told of a batch that was written. */
export interface WrittenBatch {
  readonly rows: number
  readonly deadLetters: number
  /** Messages behind the ends of the partitions that are held. */
  readonly lag: number
}

/** A partition that is held, with what is known of it. */
interface Held extends ClaimedPartition {
  position: bigint
  endOffset: bigint | null
}

const idleWaitMs = 500
const mostBytes = 32 << 20
const lookAgainMs = 60_000

/** Reads until the signal is given, everything is read (where that is asked for), or something fails. */
export async function readSession(task: SessionTask): Promise<void> {
  const { spec, topics, signal, clock } = task
  let generation = -1
  let held = new Map<string, Held>()
  let gathered = new Gathered()
  const writer = makeWriter(task, () => lagOf(held))
  let looked = clock().getTime()
  const sizes = await topics.topics()
  let pending: Promise<FetchedPartition[]> | null = null
  const fetchNext = (): Promise<FetchedPartition[]> => {
    const positions = new Map([...held].map(([key, { position }]) => [key, position]))
    const next = topics.fetch(positions, waitMs(gathered, spec, clock))
    next.catch(() => {})
    return next
  }
  while (!signal.aborted) {
    writer.check()
    const assignment = topics.assignment()
    if (assignment.generation !== generation) {
      generation = assignment.generation
      await writer.settle()
      gathered = new Gathered()
      held = await claim(task, assignment.partitions)
      pending = null
    }
    if (held.size === 0) {
      if (task.untilCaughtUp) return
      await pauseUnless(signal, idleWaitMs)
      continue
    }
    pending ??= fetchNext()
    const fetched = await pending.catch((error: unknown) => {
      throw explained(error, task, held)
    })
    if (topics.assignment().generation !== generation) continue
    for (const part of fetched) note(held.get(partitionKey(part))!, part)
    const isLast = task.untilCaughtUp && [...held.values()].every(isAtEnd)
    pending = isLast ? null : fetchNext()
    const refused = await gather(task, gathered, fetched, held)
    const isFull = gathered.rows.length >= spec.batch.rows || gathered.sizeBytes >= mostBytes
    if (isFull || isLast || refused || waitMs(gathered, spec, clock) === 0) {
      await writer.write(gathered)
      gathered = new Gathered()
    }
    if (refused || isLast) break
    if (clock().getTime() - looked > lookAgainMs) {
      looked = clock().getTime()
      const now = await topics.topics()
      if ([...sizes].some(([name, { partitions }]) => now.get(name)?.partitions !== partitions)) return
    }
  }
  if (!gathered.isEmpty) await writer.write(gathered)
  await writer.finish()
  if (task.spec.onBadRow === 'fail' && writer.refused) throw writer.refused

  /** Makes rows of what was fetched; true where a bad message ends the session, which `writer.refused` has then. */
  async function gather(
    { payloads, makeRow }: SessionTask,
    into: Gathered,
    parts: readonly FetchedPartition[],
    of: ReadonlyMap<string, Held>,
  ): Promise<boolean> {
    await payloads.prepare(eachPayload(parts))
    for (const part of parts) {
      const from = of.get(partitionKey(part))!
      if (part.to === part.from) continue
      into.sinceMs ??= clock().getTime()
      let newestMs: number | null = null
      for (const message of part.messages) {
        try {
          into.addRow(message, makeRow(message, payloads.read(message.payload)))
        } catch (error) {
          if (!(error instanceof BadMessage)) throw error
          if (spec.onBadRow === 'fail') {
            if (message.offset > part.from)
              into.advance(from, part.from, message.offset, part.endOffset, newestMs)
            writer.refused = badMessage(task.name, message, error)
            return true
          }
          into.addDead(message, error)
        }
        if (message.timestampMs !== null)
          newestMs = Math.max(newestMs ?? message.timestampMs, message.timestampMs)
      }
      into.advance(from, part.from, part.to, part.endOffset, newestMs)
    }
    return false
  }
}

function* eachPayload(parts: readonly FetchedPartition[]): Iterable<Buffer | null> {
  for (const { messages } of parts) for (const { payload } of messages) yield payload
}

function note(held: Held, { to, endOffset }: FetchedPartition): void {
  held.position = to
  held.endOffset = endOffset
}

function isAtEnd({ position, endOffset }: Held): boolean {
  return endOffset !== null && position >= endOffset
}

function lagOf(held: ReadonlyMap<string, Held>): number {
  let lag = 0
  for (const { position, endOffset } of held.values())
    if (endOffset !== null && endOffset > position) lag += Number(endOffset - position)
  return lag
}

/** How long there is to wait for more: not at all when the oldest row has waited for long enough. */
function waitMs({ sinceMs }: Gathered, { batch }: StreamSpec, clock: () => Date): number {
  const patienceMs = batch.seconds * 1000
  if (sinceMs === null) return Math.min(idleWaitMs, patienceMs)
  const left = patienceMs - (clock().getTime() - sinceMs)
  return Math.round(Math.min(idleWaitMs, Math.max(0, left)))
}

/** Writes one batch at a time, while the next is gathered. */
function makeWriter(task: SessionTask, lag: () => number) {
  let running: Promise<void> | null = null
  let failure: unknown
  const writeNow = async (gathered: Gathered): Promise<void> => {
    const written = await task.warehouse.withSession((session) =>
      writeBatch(session, task.tables, gathered.batch(), task.clock()),
    )
    task.onWritten({ ...written, lag: lag() })
  }
  const finish = async (): Promise<void> => {
    await running
    running = null
    if (failure !== undefined) throw failure
  }
  return {
    /** The message that ends the stream, where bad messages do. */
    refused: null as ProblemError | null,
    /** Throws what has gone wrong meanwhile. */
    check(): void {
      if (failure !== undefined) throw failure
    },
    /** Begins to write when what was given before is written. */
    async write(gathered: Gathered): Promise<void> {
      await finish()
      if (gathered.isEmpty) return
      running = writeNow(gathered).catch((error: unknown) => {
        failure = error
      })
    },
    finish,
    /** Waits for what is on its way; that another reader has taken over is no failure here. */
    async settle(): Promise<void> {
      await running
      running = null
      if (failure instanceof Displaced) failure = undefined
      if (failure !== undefined) throw failure
    },
  }
}

/** Claims what the group gives, from now on against whoever had it. */
async function claim(
  { spec, topics, warehouse, reader, tables, name }: SessionTask,
  partitions: readonly StreamPartition[],
): Promise<Map<string, Held>> {
  if (partitions.length === 0) return new Map()
  const [known, starts] = await Promise.all([topics.topics(), topics.bounds(spec.start)])
  const relation = { schema: tables.rows.schema, identifier: tables.rows.name }
  const claims = partitions.map((place) => ({
    ...place,
    topicId: known.get(place.topic)!.id,
    start: starts.get(partitionKey(place))!,
  }))
  const claimed = await warehouse.withSession((session) => claimPartitions(session, relation, reader, claims))
  for (const { topic, topicId } of claimed)
    if (known.get(topic)!.id !== topicId) throw positionLost(name, `topic '${topic}' was made anew`)
  return new Map(
    claimed.map((one) => [partitionKey(one), { ...one, position: one.nextOffset, endOffset: null }]),
  )
}

/** The error of a fetch; what cannot pass by itself as a problem. */
function explained(error: unknown, { name }: SessionTask, held: ReadonlyMap<string, Held>): unknown {
  if (saysKafka(error, 'OFFSET_OUT_OF_RANGE')) {
    const places = [...held].map(([key, { position }]) => `${key} at ${position}`).join(', ')
    return positionLost(name, `Kafka has not got all of what comes next any more (${places})`)
  }
  if ((error as { code?: string })?.code === 'PLT_KFK_UNSUPPORTED_COMPRESSION')
    return new ProblemError(
      makeProblem('not-supported', `stream '${name}': ${kafkaReason(error)}`, {
        hint: 'zstd needs Node.js 22.15 or newer; gzip, snappy and lz4 work everywhere',
      }),
    )
  return error
}

function positionLost(name: string, why: string): ProblemError {
  return new ProblemError(
    makeProblem('stream-position-lost', `stream '${name}' cannot go on: ${why}`, {
      hint: `estimand stream reset ${name} --to earliest goes on with what there is; what was lost stays lost`,
    }),
  )
}

function badMessage(
  name: string,
  { topic, partition, offset }: StreamMessage,
  bad: BadMessage,
): ProblemError {
  const column = bad.column === null ? '' : `, column '${bad.column}'`
  return new ProblemError(
    makeProblem(
      'stream-bad-message',
      `stream '${name}': ${topic}/${partition} at ${offset}${column}: ${bad.message}`,
      {
        hint: "what came before it is written; 'on_bad_row: quarantine' keeps such messages in a table of their own",
      },
    ),
  )
}
