import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { StreamSpec } from '../core/load-spec.ts'
import { makeProblem, type Problem, ProblemError } from '../core/problem.ts'
import { recordStreamMetrics } from '../store/index.ts'
import { describeFailure, ServerError, type Warehouse } from '../warehouse/index.ts'
import { makeReadAvro } from './avro-payload.ts'
import { ensureStreamTables } from './ensure-tables.ts'
import { makeReadJsonSchema } from './json-schema-payload.ts'
import { type GroupTimes, type KafkaConnection, kafkaReason } from './kafka.ts'
import { pauseUnless } from './pause-unless.ts'
import { makePayloadReader, type PayloadReader, readJson } from './payload.ts'
import { readSession, type WrittenBatch } from './read-session.ts'
import { makeRowMaker } from './row-maker.ts'
import { makeSchemaSource, type Registry } from './schema-source.ts'
import { openTopicReader } from './topic-reader.ts'

/*
 * Reads a stream for as long as it is asked to. Where the brokers or the warehouse are away it waits, longer each time,
 * and begins a new session; what can only be mended by a person ends it.
 */

/** A stream with its templates rendered. */
export interface RunnableStream {
  readonly name: string
  readonly spec: StreamSpec
  readonly connection: KafkaConnection
  readonly registry: Registry | null
}

export interface StreamOptions {
  readonly times: GroupTimes
  readonly untilCaughtUp: boolean
  /** How often is told how it goes. */
  readonly reportEveryMs: number
}

/** How a stream goes. */
export type StreamEvent =
  | { readonly type: 'started'; readonly stream: string; readonly reader: string }
  | ({ readonly type: 'progress'; readonly stream: string } & StreamCounts)
  | { readonly type: 'waiting'; readonly stream: string; readonly reason: string; readonly pauseMs: number }
  | { readonly type: 'stopped'; readonly stream: string; readonly rows: number; readonly deadLetters: number }

/** What was done in a stretch of time. */
export interface StreamCounts {
  readonly seconds: number
  readonly batches: number
  readonly rows: number
  readonly deadLetters: number
  readonly lag: number
}

export interface StreamEffects {
  /** Lends a warehouse that is connected anew; only the stream ends what runs on it. */
  readonly withWarehouse: (body: (warehouse: Warehouse) => Promise<void>) => Promise<void>
  /** The text of a file of the project. */
  readonly readFile: (path: string) => string
  readonly clock: () => Date
  readonly signal: AbortSignal
  readonly tell: (event: StreamEvent) => void
}

const leastPauseMs = 500
const mostPauseMs = 30_000

/** Reads until the signal is given or, where that is asked for, everything is read. */
export async function runStream(
  stream: RunnableStream,
  options: StreamOptions,
  effects: StreamEffects,
): Promise<void> {
  const { signal, tell } = effects
  const reader = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`
  const payloads = payloadReader(stream, effects)
  const total = { rows: 0, deadLetters: 0 }
  let pauseMs = leastPauseMs
  tell({ type: 'started', stream: stream.name, reader })
  while (!signal.aborted) {
    try {
      await effects.withWarehouse((warehouse) =>
        oneSession(stream, options, effects, { warehouse, reader, payloads }, (written) => {
          total.rows += written.rows
          total.deadLetters += written.deadLetters
          pauseMs = leastPauseMs
        }),
      )
      if (options.untilCaughtUp) break
    } catch (error) {
      if (signal.aborted && !isLasting(error)) break
      if (isLasting(error)) throw error
      if (saysAuthentication(error)) throw refusedProblem(stream, error)
      tell({ type: 'waiting', stream: stream.name, reason: reasonOf(error), pauseMs })
      await pauseUnless(signal, pauseMs)
      pauseMs = Math.min(mostPauseMs, pauseMs * 2)
    }
  }
  tell({ type: 'stopped', stream: stream.name, ...total })
}

interface Means {
  readonly warehouse: Warehouse
  readonly reader: string
  readonly payloads: PayloadReader
}

async function oneSession(
  { name, spec, connection }: RunnableStream,
  { times, untilCaughtUp, reportEveryMs }: StreamOptions,
  { clock, signal, tell }: StreamEffects,
  { warehouse, reader, payloads }: Means,
  onWritten: (written: WrittenBatch) => void,
): Promise<void> {
  await warehouse.withSession((session) => ensureStreamTables(session, spec))
  const [rows, deadLetters = null] = spec.tables
  const tables = { rows: rows!, deadLetters }
  const relation = { schema: rows!.schema, identifier: rows!.name }
  const meter = makeMeter(clock)
  const report = async (): Promise<void> => {
    const counts = meter.take()
    if (counts.batches === 0) return
    tell({ type: 'progress', stream: name, ...counts })
    await recordStreamMetrics(warehouse, relation, reader, clock(), counts)
  }
  let reporting: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    // Telling how it goes must not end it: where the warehouse is away, the session finds out by itself.
    reporting = report().catch(() => {})
  }, reportEveryMs)
  const topics = await openTopicReader({ connection, topics: spec.topics, group: spec.group, times }).catch(
    (error: unknown) => {
      clearInterval(timer)
      throw error
    },
  )
  try {
    await readSession({
      ...{ name, spec, tables, payloads, warehouse, topics, reader, clock, signal, untilCaughtUp },
      makeRow: makeRowMaker(rows!, spec.fields),
      onWritten(written) {
        meter.add(written)
        onWritten(written)
      },
    })
  } finally {
    clearInterval(timer)
    await reporting
    await report().catch(() => {})
    await topics.close()
  }
}

/** Counts what is written between two reports. */
function makeMeter(clock: () => Date) {
  let since = clock().getTime()
  let counts = { batches: 0, rows: 0, deadLetters: 0, lag: 0 }
  return {
    add({ rows, deadLetters, lag }: WrittenBatch): void {
      counts.batches++
      counts.rows += rows
      counts.deadLetters += deadLetters
      counts.lag = lag
    },
    take(): StreamCounts {
      const now = clock().getTime()
      const taken = { ...counts, seconds: Math.max(0.001, (now - since) / 1000) }
      since = now
      counts = { batches: 0, rows: 0, deadLetters: 0, lag: counts.lag }
      return taken
    },
  }
}

function payloadReader({ spec, registry }: RunnableStream, effects: StreamEffects): PayloadReader {
  const source = makeSchemaSource(spec.schemas, registry, effects.readFile, effects.signal)
  const make = { json: () => readJson, avro: makeReadAvro, 'json-schema': makeReadJsonSchema }[spec.format]
  return makePayloadReader(spec.format, source, make)
}

/** What passes by itself, of what comes as a problem. */
const passing: ReadonlySet<Problem['code']> = new Set([
  'warehouse-unreachable',
  'warehouse-lost',
  'warehouse-disk-full',
])
/** A table that somebody has dropped is made anew, so that is not the end either. */
const mendable = /^(08|40|53|55|57|58|XX|42P01|3F000)/

function isLasting(error: unknown): boolean {
  if (error instanceof ProblemError) return !error.problems.every(({ code }) => passing.has(code))
  if (error instanceof ServerError) return !mendable.test(error.failure.sqlstate ?? '08')
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError
    ? !/fetch failed/.test(error.message)
    : false
}

function saysAuthentication(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(saysAuthentication)
  return (error as { code?: unknown } | null)?.code === 'PLT_KFK_AUTHENTICATION'
}

function refusedProblem({ name }: RunnableStream, error: unknown): ProblemError {
  const message = `the brokers of stream '${name}' refuse the user or password: ${kafkaReason(error)}`
  return new ProblemError(makeProblem('kafka-unreachable', message, { hint: "look at 'sasl' of the stream" }))
}

function reasonOf(error: unknown): string {
  if (error instanceof ServerError) return describeFailure(error.failure)
  return kafkaReason(error)
}
