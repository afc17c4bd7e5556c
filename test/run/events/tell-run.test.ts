import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { eventCodes } from '../../../src/core/events/event-names.ts'
import { type EventRecord, eventRecordSchema } from '../../../src/core/events/event-schema.ts'
import { makeEventStream } from '../../../src/core/events/event-stream.ts'
import type { Manifest } from '../../../src/core/manifest.ts'
import { makeProblem } from '../../../src/core/problem.ts'
import type { RunEvent } from '../../../src/core/run-event.ts'
import { tellBackfill } from '../../../src/run/events/tell-backfill.ts'
import { makeRunTeller } from '../../../src/run/events/tell-run.ts'
import { sampleNodes, samplePlan, sampleResult } from '../../cli/display/sample-run.ts'

const repository = join(import.meta.dirname, '..', '..', '..')
const text = (...path: string[]) => readFileSync(join(repository, ...path), 'utf8')
const golden = join(import.meta.dirname, 'version-1.jsonl')
const load = 'load.shop.world'
const orders = 'model.shop.orders'
const view = 'model.shop.stg_orders'
const notNull = 'test.shop.not_null_orders_id'
const problem = makeProblem('sql-failed' as never, 'column "x" does not exist', {
  place: { file: 'models/orders.sql', line: 2, column: 8 },
  source: 'select 1,\n  x as y',
  hint: 'did you mean z?',
})

/** One run in which everything happens that a run can tell of. */
const results = [
  sampleResult(load, { rows: 1000, message: '1000 rows' }),
  sampleResult(orders, { status: 'error', problem, message: 'column "x" does not exist' }),
  sampleResult(view, {
    status: 'skipped',
    startedAt: null,
    finishedAt: null,
    durationMs: 0,
    message: 'orders failed',
    thread: null,
  }),
  sampleResult(notNull, { status: 'warn', rows: 3, message: '3 rows' }),
]
const finished = (at: number): RunEvent => ({
  type: 'node_finished',
  index: at + 1,
  total: 4,
  result: results[at]!,
})
const run: readonly RunEvent[] = [
  { type: 'waiting_for_lock', holder: 'build since 10:00', holders: [] },
  { type: 'run_started', plan: samplePlan, nodeNames: {} },
  { type: 'node_started', nodeId: load, index: 1, total: 4, at: '2026-01-01T00:00:00Z' },
  { type: 'node_progress', nodeId: load, rows: 500, expectedRows: null },
  { type: 'node_retried', nodeId: load, attempt: 1, pauseMs: 100, reason: 'the connection was lost' },
  finished(0),
  {
    type: 'batch_finished',
    nodeId: orders,
    done: 1,
    total: 2,
    batch: { id: '2026-01-01', start: 'a', end: 'b', status: 'success', rows: 7 },
  },
  finished(1),
  finished(2),
  finished(3),
  { type: 'node_finished', index: 4, total: 4, result: sampleResult(view, { status: 'no-op' }) },
  {
    type: 'node_finished',
    index: 4,
    total: 4,
    result: sampleResult(view, { status: 'reused', message: 'nothing has changed' }),
  },
  { type: 'log', level: 'warn', message: 'publishing is tried again', nodeId: orders },
  { type: 'publish_started', relations: 2 },
  { type: 'publish_finished', relations: 2, durationMs: 12 },
  {
    type: 'run_finished',
    result: {
      ...{
        runId: 'run-1',
        command: 'build',
        status: 'failed',
        startedAt: '2026-01-01T00:00:00Z',
        elapsedMs: 2000,
      },
      ...{ published: false, publishMs: null, results, problems: [problem] },
    },
  },
]

function told(): EventRecord[] {
  const records: EventRecord[] = []
  const clock = () => new Date('2026-01-01T00:00:00Z')
  const stream = makeEventStream({ invocationId: 'one', processId: 1, clock, scrub: (text) => text })
  stream.subscribe((record) => records.push(record))
  const manifest = { nodes: sampleNodes, quoting: {} } as unknown as Manifest
  const tell = makeRunTeller(
    stream,
    manifest,
    { name: 'dev', type: 'postgres', database: 'shop' } as never,
    4,
  )
  for (const event of run) tell(event)
  tellBackfill({ type: 'model_skipped', nodeId: orders, because: load }, stream)
  return records
}

describe('the events of a run', () => {
  it('are those that version 1 had: one that changes its meaning makes a new version', async () => {
    await expect(
      told()
        .map((record) => `${JSON.stringify(record)}\n`)
        .join(''),
    ).toMatchFileSnapshot(golden)
  })

  it('fit the schema, those of the past as well, and unknown fields are passed over', () => {
    const past = readFileSync(golden, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    for (const record of [...told(), ...past]) {
      expect(eventRecordSchema.parse({ ...record, later: true })).toEqual({ ...record, later: true })
      expect(record.info.code).toBe(eventCodes[record.info.name as keyof typeof eventCodes])
    }
    const [record] = told()
    expect(eventRecordSchema.safeParse({ ...record, version: 2 }).success).toBe(false)
  })

  it('are described by the JSON Schema of the documentation', async () => {
    const schema = z.toJSONSchema(eventRecordSchema, { reused: 'ref' })
    const path = join(repository, 'docs', 'reference', 'events.schema.json')
    await expect(`${JSON.stringify(schema, null, 1)}\n`).toMatchFileSnapshot(path)
  })

  it('are in the reference, each by name and code', () => {
    const listed = [...text('docs/reference/events.md').matchAll(/^\| `(\w+)` +\| ([A-Z]+\d+) /gm)].map(
      ([, name, code]) => [name, code],
    )
    expect(Object.fromEntries(listed)).toEqual(eventCodes)
  })

  it('name the node that they are about, and its failure at the end once more', () => {
    const ofOrders = told().filter(({ node_id }) => node_id === orders)
    expect(ofOrders.map(({ info }) => info.name)).toEqual([
      'LogBatchResult',
      'LogModelResult',
      'NodeFinished',
      'Note',
      'RunResultFailure',
      'RunResultError',
      'BackfillProgress',
    ])
    const stats = told().find(({ info }) => info.name === 'StatsLine')!
    expect(stats.info.msg).toBe('Done. PASS=1 WARN=1 ERROR=1 SKIP=1 NO-OP=0 REUSED=0 TOTAL=4')
  })
})

describe('a subscriber', () => {
  it('that fails hears nothing more, and keeps nobody else from hearing', () => {
    const heard: string[] = []
    const clock = () => new Date(0)
    const stream = makeEventStream({ invocationId: 'one', processId: 1, clock, scrub: (text) => text })
    stream.subscribe(() => {
      heard.push('failing')
      throw new Error('no')
    })
    const end = stream.subscribe(({ info }) => heard.push(info.msg))
    const say = (msg: string) => stream.tell({ name: 'Note', level: 'info', msg, data: { msg } })
    say('one')
    say('two')
    end()
    say('three')
    expect(heard).toEqual(['failing', 'one', 'two'])
  })
})
