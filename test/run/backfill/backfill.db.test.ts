import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { select } from '../../../src/core/selection/index.ts'
import {
  type BackfillEvent,
  type BackfillRequest,
  type BackfillResult,
  backfill,
  lookForBackfill,
} from '../../../src/run/backfill/backfill.ts'
import type { BackfillOptions, BackfillPlan } from '../../../src/run/backfill/plan-backfill.ts'
import { sql, unsafeSql, withWarehouse } from '../../../src/warehouse/index.ts'
import { type Files, withProject } from '../../project/temp-project.ts'
import { day, microbatch, shownTimes, timeProject, timeRange } from '../intervals/time-project.ts'
import { projectFile } from '../project-files.ts'
import { rollBack } from '../roll-back.ts'
import { compileProject, useProjectDatabase } from '../run-project.ts'

const database = useProjectDatabase()
const project = timeProject(database)
const { run, fill, rows, ledger, change } = project

interface Backfilled {
  readonly plan: BackfillPlan
  readonly result: BackfillResult
  readonly events: readonly BackfillEvent[]
}

interface BackfillChanges extends Partial<BackfillOptions>, Partial<BackfillRequest> {
  readonly signal?: AbortSignal
  readonly onEvent?: (event: BackfillEvent) => void
}

/** Backfills models of the time project at a time. */
function fillBack(models: Files, now: Date, changes: BackfillChanges = {}): Promise<Backfilled> {
  const files = { 'project.yml': projectFile, 'models/sources.yml': project.sources, ...models }
  const { from, to, force = false, publishEvery, signal, onEvent, ...requested } = changes
  const { threads = 4 } = requested
  return withProject(files, async (root) => {
    const env = { DATABASE_URL: database.url }
    const { manifest, renderer } = await compileProject(root, database.connection, { env })
    const { nodeIds } = select(manifest, { select: [], exclude: [], resourceTypes: ['model'] })
    return withWarehouse(
      database.connection,
      { threads, applicationName: 'estimand test' },
      async (warehouse) => {
        const request: BackfillRequest = {
          command: 'backfill',
          nodeIds,
          manifest,
          renderer,
          warehouse,
          connection: database.connection,
          projectRoot: root,
          publish: 'run',
          keepPublications: 0,
          failFast: false,
          waitMs: 10_000,
          startedBy: { host: 'here', user: 'tester', processId: process.pid },
          threads,
          ...requested,
        }
        const options = {
          force,
          now,
          ...(from && { from }),
          ...(to && { to }),
          ...(publishEvery && { publishEvery }),
        }
        const plan = await lookForBackfill({ ...request, runId: randomUUID() }, options)
        const events: BackfillEvent[] = []
        const result = await backfill(request, plan, {
          emit: (event) => {
            events.push(event)
            onEvent?.(event)
          },
          clock: () => now,
          signal: signal ?? new AbortController().signal,
          newId: randomUUID,
        })
        return { plan, result, events }
      },
    )
  })
}

/** Four events a day; each key comes back on another day, earlier or later. */
const events = Array.from({ length: 80 }, (_, number) => {
  const at = new Date(day(1).getTime() + ((number * 7919) % (19 * 24)) * 3_600_000)
  return `(${number % 40}, 'v${number}', '${at.toISOString()}')`
})

describe('a backfill', () => {
  const models = { 'models/m.sql': microbatch() }
  beforeEach(() => fill(...events))

  test('builds what is asked for beside what is there, and a later run the rest', async () => {
    await run(models, day(3), { eventTime: { start: day(1), end: day(3) } })
    const { result, plan } = await fillBack(models, day(20.5), { from: day(5), to: day(8) })
    expect(result).toMatchObject({ status: 'success', models: [{ batches: { done: 3, total: 3 } }] })
    expect(plan.models[0]!.done).toEqual([])
    expect(await ledger('m')).toEqual(['01-01..01-03 v1', '01-05..01-08 v1'])
    await run(models, day(20.5))
    expect(await ledger('m')).toEqual(['01-01..01-20T12 v1'])
  })

  test('makes a table that was never built, in chunks', async () => {
    const seen: number[] = []
    const { result } = await fillBack(models, day(20), {
      publishEvery: 7,
      onEvent: (event) => event.type === 'chunk_started' && seen.push(event.chunk.batches),
    })
    expect(seen).toEqual([7, 7, 5])
    expect(result.models[0]).toMatchObject({ status: 'success', batches: { done: 19, total: 19 } })
    const filled = await rows('m')
    await run(models, day(20), { fullRefresh: true })
    expect(filled).toEqual(await rows('m'))
  })

  test('publishes everything of a model at once if nothing is said', async () => {
    const { events: told } = await fillBack(models, day(20))
    expect(told.filter(({ type }) => type === 'chunk_finished')).toHaveLength(1)
    const runs = await database.rows(sql`select command from estimand.runs where command = 'backfill'`)
    expect(runs.length).toBeGreaterThan(0)
  })

  test('can be taken back, publication by publication, as far as they are kept', async () => {
    await run(models, day(10), { keepPublications: 2 })
    const before = { rows: await rows('m'), ledger: await ledger('m') }
    await change(sql`update shop.events set v = v || '!'`)
    const { result } = await fillBack(models, day(10), {
      ...{ from: day(2), to: day(6), publishEvery: 2, force: true, keepPublications: 2 },
    })
    expect(result.models[0]).toMatchObject({ status: 'success', batches: { done: 4, total: 4 } })
    expect(await rows('m')).not.toEqual(before.rows)
    await rollBack(database.connection)
    await rollBack(database.connection)
    expect({ rows: await rows('m'), ledger: await ledger('m') }).toEqual(before)
  })

  test('goes on where it was stopped; what was published stays', async () => {
    const control = new AbortController()
    const stopped = await fillBack(models, day(20), {
      publishEvery: 4,
      signal: control.signal,
      onEvent(event) {
        // Within the third chunk.
        if (event.type !== 'chunk_event' || event.event.type !== 'batch_finished') return
        if (event.event.batch.start === day(10).toISOString()) control.abort()
      },
    })
    expect(stopped.result).toMatchObject({
      status: 'cancelled',
      models: [{ batches: { done: 8, total: 19 } }],
    })
    expect(await ledger('m')).toEqual(['01-01..01-09 v1'])

    const resumed = await fillBack(models, day(20), { publishEvery: 4 })
    expect(shownTimes(resumed.plan.models[0]!.due)).toEqual(['01-09..01-20'])
    expect(resumed.result).toMatchObject({
      status: 'success',
      models: [{ batches: { done: 11, total: 11 } }],
    })
    const filled = await rows('m')
    const again = await fillBack(models, day(20))
    expect(again.result.models[0]).toMatchObject({
      status: 'success',
      batches: { done: 0, total: 0 },
      runs: [],
    })
    const forced = await fillBack(models, day(20), { force: true, from: day(3), to: day(5) })
    expect(forced.result.models[0]!.batches).toEqual({ done: 2, total: 2 })
    await run(models, day(20), { fullRefresh: true })
    expect(await rows('m')).toEqual(filled)
  })

  test('is cancelled between two chunks as within one', async () => {
    const control = new AbortController()
    let chunks = 0
    const { result } = await fillBack(models, day(20), {
      publishEvery: 4,
      signal: control.signal,
      onEvent(event) {
        if (event.type === 'chunk_started' && ++chunks === 3) control.abort()
      },
    })
    expect(result).toMatchObject({ status: 'cancelled', models: [{ batches: { done: 8, total: 19 } }] })
    expect(await ledger('m')).toEqual(['01-01..01-09 v1'])
  })

  test('keeps the chunks apart from one that fails', async () => {
    const failing = {
      'models/m.sql': microbatch(
        '',
        "id / (case when at::date = '2026-01-06' then 0 else 1 end) as id, v, at",
      ),
      'models/n.sql': microbatch().replace("source('shop', 'events')", "ref('m')"),
    }
    await change(sql`insert into shop.events values (77, 'x', '2026-01-06 12:00Z')`)
    const { result, events: told } = await fillBack(failing, day(9), { publishEvery: 2 })
    expect(result).toMatchObject({
      status: 'failed',
      models: [
        { status: 'failed', batches: { done: 6, total: 8 } },
        { status: 'skipped', batches: { done: 0, total: 8 } },
      ],
    })
    expect(await ledger('m')).toEqual(['01-01..01-05 v1', '01-07..01-09 v1'])
    expect(told).toContainEqual(expect.objectContaining({ type: 'model_skipped' }))
    // Of a chunk that is published node by node only what failed is left out.
    const { result: other } = await fillBack(failing, day(9), { publishEvery: 2, publish: 'node' })
    expect(other.models[0]).toMatchObject({ status: 'failed', batches: { done: 1, total: 2 } })
    expect(await ledger('m')).toEqual(['01-01..01-06 v1', '01-07..01-09 v1'])
  })

  test('builds again what an older version built, also a chunk at a time', async () => {
    await run(models, day(10))
    const changed = { 'models/m.sql': microbatch("on_change='rebuild'", "id, v || '!' as v, at") }
    await fillBack(changed, day(10), { publishEvery: 4 })
    expect(await ledger('m')).toEqual(['01-01..01-10 v1'])
    expect((await rows('m')).every(({ v }) => String(v).endsWith('!'))).toBe(true)
  })
})

describe('however a table came to be', () => {
  const kinds = {
    microbatch: microbatch(),
    'microbatch that reads itself': microbatch('', 'id, v, at{# {{ this }} #}'),
    time_range: timeRange(),
    'time_range by month': timeRange("batch_size='month'"),
  }
  /** A run at a time, or a backfill of some days. */
  const work = fc.oneof(
    fc.record({
      kind: fc.constant('run' as const),
      now: fc.integer({ min: 5, max: 40 }).map((half) => day(half / 2)),
    }),
    fc.record({
      kind: fc.constant('backfill' as const),
      from: fc.integer({ min: 1, max: 18 }),
      length: fc.integer({ min: 1, max: 8 }),
      publishEvery: fc.integer({ min: 1, max: 5 }),
      threads: fc.constantFrom(1, 4),
      force: fc.boolean(),
    }),
  )

  test.each(Object.entries(kinds))(
    'the rows of a %s model are those of one build of everything',
    async (_, model) => {
      const models = { 'models/m.sql': model }
      const end = day(21)
      await fill(...events)
      await run(models, end)
      const expected = await rows('m')
      expect(expected.length).toBeGreaterThan(20)
      await fc.assert(
        fc.asyncProperty(fc.array(work, { minLength: 1, maxLength: 5 }), async (works) => {
          await database.rows(unsafeSql('drop schema analytics cascade'))
          let now = day(1.5)
          for (const one of works) {
            if (one.kind === 'run') now = one.now > now ? one.now : now
            if (one.kind === 'run') await run(models, now, { threads: 2 })
            else {
              const { from, length, kind: _kind, ...rest } = one
              await fillBack(models, end, { from: day(from), to: day(from + length), ...rest })
            }
          }
          await run(models, end)
          expect(await rows('m')).toEqual(expected)
          expect(await ledger('m')).toEqual(['01-01..01-21 v1'])
        }),
        { numRuns: 6 },
      )
    },
    600_000,
  )
})
