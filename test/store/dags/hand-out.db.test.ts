import { randomUUID } from 'node:crypto'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Dag } from '../../../src/core/dag.ts'
import { type DagStore, type EndedTry, makeDagStore, type NewDagRun } from '../../../src/store/dags/index.ts'
import { sql } from '../../../src/warehouse/index.ts'
import { makeDag, makeStep } from '../../schedule/make-dag.ts'
import { useWarehouse } from '../../warehouse/test-database.ts'

const warehouse = useWarehouse()
let store: DagStore
const now = new Date('2026-02-01T00:00:00Z')
const later = (seconds: number): Date => new Date(now.getTime() + seconds * 1000)

beforeAll(async () => {
  store = makeDagStore(warehouse(), { project: 'shop', schema: 'analytics' })
  await store.migrate()
})
beforeEach(async () => {
  await warehouse().query(sql`delete from estimand.dag_runs`)
  await warehouse().query(sql`delete from estimand.workers`)
})

function runOf(dag: Dag, hour: number, changes: Partial<NewDagRun> = {}): NewDagRun {
  const at = (of: number): string => new Date(Date.UTC(2026, 0, 1, of)).toISOString()
  return {
    dagRunId: randomUUID(),
    dag,
    occasion: `schedule ${at(hour)}`,
    cause: 'schedule',
    instant: at(hour),
    intervalStart: at(hour - 1),
    intervalEnd: at(hour),
    ...changes,
  }
}

const worker = { workerId: randomUUID(), host: 'one', count: 10, pools: {} }
const claim = (count = 10, pools: Record<string, number> = {}, at = now) =>
  store.claim({ ...worker, count, pools }, at)
const ended = (changes: Partial<EndedTry> = {}): EndedTry => ({
  status: 'success',
  exitCode: 0,
  message: '',
  log: '',
  retryAt: null,
  ...changes,
})
const statusOf = async (dagRunId: string) => {
  const [run] = await store.findRuns(dagRunId)
  return [run!.status, ...run!.steps.map(({ step, status }) => `${step} ${status}`)]
}

describe('runs of DAGs', () => {
  test('are made once for each occasion, whoever makes them', async () => {
    const dag = makeDag('nightly')
    const runs = [runOf(dag, 1), runOf(dag, 2)]
    expect(await store.make(runs, now)).toHaveLength(2)
    expect(await store.make([runOf(dag, 2), runOf(dag, 3)], now)).toHaveLength(1)
    const known = await store.readRuns({ limit: 10 })
    expect(known.map(({ instant }) => instant)).toEqual([
      '2026-01-01T03:00:00.000Z',
      '2026-01-01T02:00:00.000Z',
      '2026-01-01T01:00:00.000Z',
    ])
    expect(known[0]!.steps).toMatchObject([{ step: 'work', kind: 'command', status: 'waiting' }])
  })

  test('start in the order of their intervals, as many as their DAG has room for', async () => {
    const dag = makeDag('nightly', { maxActiveRuns: 2 })
    await store.make([runOf(dag, 3), runOf(dag, 1), runOf(dag, 2), runOf(makeDag('other'), 9)], now)
    expect(await store.startRuns(now)).toBe(3)
    expect(await store.startRuns(now)).toBe(0)
    const steps = await claim()
    expect(steps.map(({ dag, run }) => `${dag.name} ${run.intervalEnd.slice(11, 13)}`)).toEqual([
      'nightly 01',
      'nightly 02',
      'other 09',
    ])
    expect(await store.finish(steps[0]!, ended(), now)).toEqual({ taken: false, ended: 'success' })
    expect(await store.startRuns(now)).toBe(1)
  })

  test('of a backfill have room of their own', async () => {
    const dag = makeDag('nightly')
    const backfill = { id: randomUUID(), parallel: 3 }
    const past = [1, 2, 3, 4].map((hour) =>
      runOf(dag, hour, { backfill, cause: 'backfill', occasion: `b ${hour}` }),
    )
    await store.make([...past, runOf(dag, 9), runOf(dag, 10)], now)
    expect(await store.startRuns(now)).toBe(4)
  })

  test('wait for the one before, where they depend on it, until that has succeeded', async () => {
    const dag = makeDag('nightly', { maxActiveRuns: 5, dependsOnPast: true })
    await store.make([runOf(dag, 1), runOf(dag, 2)], now)
    expect(await store.startRuns(now)).toBe(1)
    const [step] = await claim()
    await store.finish(step!, ended({ status: 'failed' }), now)
    expect(await store.startRuns(now)).toBe(0)
    expect(await store.retry(step!.dagRunId, now)).toEqual(['work'])
    expect(await store.startRuns(now)).toBe(1)
    const [again] = await claim()
    expect(again).toMatchObject({ cause: 'asked', previousRunId: step!.runId, try: 2 })
    await store.finish(again!, ended(), now)
    expect(await store.startRuns(now)).toBe(1)
  })

  test('wait for the runs of other DAGs that they name', async () => {
    const hour = runOf(makeDag('loads'), 5)
    const waiting = runOf(makeDag('nightly'), 5, {
      waitsFor: [{ dag: 'loads', on: 'success', intervalEnd: hour.intervalEnd }],
    })
    await store.make([waiting], now)
    expect(await store.startRuns(now)).toBe(0)
    await store.make([hour, runOf(makeDag('loads'), 4)], now)
    for (let turn = 0; turn < 2; turn++) {
      expect(await store.startRuns(now)).toBe(1)
      const [step] = await claim()
      expect(step!.dag.name).toBe('loads')
      await store.finish(step!, ended(), now)
    }
    expect(await store.startRuns(now)).toBe(1)
    expect((await claim())[0]!.dag.name).toBe('nightly')
  })

  test('wait for the next run of another DAG where nobody was there for its instant', async () => {
    const [night, hour] = [runOf(makeDag('loads'), 9), runOf(makeDag('hourly'), 8)]
    const waitsFor = [{ dag: 'loads', on: 'done', intervalEnd: runOf(night.dag, 3).intervalEnd }] as const
    await store.make([{ ...hour, waitsFor }, night], now)
    expect(await store.startRuns(now)).toBe(1)
    const [step] = await claim()
    await store.finish(step!, ended({ status: 'failed' }), now)
    // As far as anybody knows the run of the instant is still to come.
    expect(await store.startRuns(now)).toBe(0)
    await store.recordSeen([{ dag: 'loads', isPausedAtFirst: false, firesAfter: night.intervalEnd }], now)
    expect(await store.startRuns(now)).toBe(1)
  })

  test('that wait for others say for what, and until when', async () => {
    const dag = makeDag('nightly', { dependsOnPast: true })
    const [first, second] = [runOf(dag, 1), runOf(dag, 2)]
    const load = runOf(makeDag('loads', { timeoutSeconds: 60 }), 2, {
      waitsFor: [{ dag: 'files', on: 'success', intervalEnd: first.intervalEnd }],
    })
    await store.make(
      [first, { ...second, waitsFor: [{ dag: 'loads', on: 'done', intervalEnd: null }] }, load],
      now,
    )
    const held = async () => new Map((await store.readHeldBack()).map((one) => [one.dagRunId, one]))
    expect((await held()).get(load.dagRunId)).toMatchObject({
      until: later(60).toISOString(),
      obstacles: [{ kind: 'dag', dag: 'files', intervalEnd: first.intervalEnd, status: null }],
    })
    expect((await held()).get(first.dagRunId)).toBeUndefined()
    expect((await held()).get(second.dagRunId)).toMatchObject({
      until: null,
      obstacles: [
        { kind: 'dag', dag: 'loads', intervalEnd: null, status: 'queued' },
        { kind: 'past', dagRunId: first.dagRunId, status: 'queued' },
      ],
    })
    await store.stop(load.dagRunId, 'cancelled', now)
    await store.startRuns(now)
    const [step] = await claim()
    await store.finish(step!, ended(), now)
    expect(await held()).toEqual(new Map())
  })

  test('wait for others no longer than they may take, and as long again when they are asked to go on', async () => {
    const waitsFor = [{ dag: 'loads', on: 'success', intervalEnd: null }] as const
    const run = runOf(makeDag('nightly', { timeoutSeconds: 60 }), 5, { waitsFor })
    await store.make([run], now)
    expect(await store.stopOverdue(later(59))).toEqual([])
    expect(await store.stopOverdue(later(60))).toEqual([run.dagRunId])
    expect(await store.retry(run.dagRunId, later(100))).toEqual(['work'])
    expect(await store.stopOverdue(later(159))).toEqual([])
    expect(await store.stopOverdue(later(160))).toEqual([run.dagRunId])
  })
})

describe('steps', () => {
  const dag = makeDag('nightly', {
    steps: [
      makeStep('load'),
      makeStep('build', { needs: ['load'] }),
      makeStep('memo', { needs: ['build'] }),
      makeStep('sorry', { needs: ['build'], when: 'failure' }),
      makeStep('tidy', { needs: ['memo', 'sorry'], when: 'always' }),
    ],
  })

  test('are handed out when what they need has ended as they ask', async () => {
    const run = runOf(dag, 1)
    await store.make([run], now)
    await store.startRuns(now)
    const order: string[] = []
    for (let steps = await claim(); steps.length > 0; steps = await claim())
      for (const step of steps) {
        order.push(step.step)
        const status = step.step === 'build' ? 'failed' : 'success'
        await store.finish(step, ended({ status }), now)
      }
    expect(order).toEqual(['load', 'build', 'sorry', 'tidy'])
    expect(await statusOf(run.dagRunId)).toEqual([
      'failed',
      'load success',
      'build failed',
      'memo skipped',
      'sorry success',
      'tidy success',
    ])
  })

  test('of a run that is asked to go on are those that have not succeeded', async () => {
    const run = runOf(dag, 1)
    await store.make([run], now)
    await store.startRuns(now)
    const fail = new Set(['build'])
    const drain = async (): Promise<string[]> => {
      const order: string[] = []
      for (let steps = await claim(); steps.length > 0; steps = await claim())
        for (const step of steps) {
          order.push(step.step)
          await store.finish(step, ended({ status: fail.has(step.step) ? 'failed' : 'success' }), now)
        }
      return order
    }
    await drain()
    expect(await store.retry(run.dagRunId, now)).toEqual(['build', 'memo'])
    fail.clear()
    await store.startRuns(now)
    expect(await drain()).toEqual(['build', 'memo'])
    expect((await statusOf(run.dagRunId))[0]).toBe('success')
    expect(await store.retry(run.dagRunId, now)).toBeNull()
  })

  test('that failed are tried again when it is time', async () => {
    const run = runOf(makeDag('nightly'), 1)
    await store.make([run], now)
    await store.startRuns(now)
    const [first] = await claim()
    await store.finish(first!, ended({ status: 'failed', exitCode: 1, log: 'no', retryAt: later(60) }), now)
    expect(await claim(10, {}, later(59))).toEqual([])
    const [second] = await claim(10, {}, later(60))
    expect(second).toMatchObject({ cause: 'retry', attempts: 1, previousRunId: first!.runId, try: 2 })
    await store.finish(second!, ended(), now)
    expect(await store.readTries(run.dagRunId)).toMatchObject([
      { try: 1, cause: 'first', status: 'failed', exitCode: 1, log: 'no' },
      { try: 2, cause: 'retry', status: 'success' },
    ])
  })

  test('of a pool are at work as far as it has places', async () => {
    const runs = [1, 2, 3].map((hour) =>
      runOf(makeDag(`dag ${hour}`, { steps: [makeStep('work', { pool: 'heavy' })] }), hour),
    )
    await store.make([...runs, runOf(makeDag('light'), 4)], now)
    await store.startRuns(now)
    const first = await claim(10, { heavy: 2 })
    expect(first.map(({ dag: { name } }) => name)).toEqual(['dag 1', 'dag 2', 'light'])
    expect(await claim(10, { heavy: 2 })).toEqual([])
    await store.finish(first[0]!, ended(), now)
    expect((await claim(10, { heavy: 2 })).map(({ dag: { name } }) => name)).toEqual(['dag 3'])
  })

  test('are handed to one of many workers that ask at once', async () => {
    const dags = Array.from({ length: 40 }, (_, number) => makeDag(`dag ${number}`))
    await store.make(
      dags.map((one) => runOf(one, 1)),
      now,
    )
    const started = await Promise.all([1, 2, 3, 4].map(() => store.startRuns(now)))
    expect(started.reduce((sum, count) => sum + count, 0)).toBe(40)
    const handed = (await Promise.all(Array.from({ length: 20 }, () => claim(3)))).flat()
    const names = handed.map(({ dag: { name } }) => name)
    expect(names).toHaveLength(40)
    expect(new Set(names).size).toBe(40)
  })

  test('go back into the queue when their worker is not known any more', async () => {
    const run = runOf(makeDag('nightly'), 1)
    await store.make([run], now)
    await store.startRuns(now)
    const [first] = await claim()
    expect(await claim()).toEqual([])
    expect(await store.takeOver(now)).toBe(1)
    expect(await store.takeOver(now)).toBe(0)
    expect(await store.finish(first!, ended(), now)).toEqual({ taken: true, ended: null })
    expect(await claim()).toMatchObject([{ cause: 'take_over', attempts: 0, previousRunId: first!.runId }])
  })

  test('end with their run when that is cancelled or has taken too long', async () => {
    const slow = makeDag('slow', {
      timeoutSeconds: 60,
      steps: [makeStep('one'), makeStep('two', { needs: ['one'] })],
    })
    const [first, second] = [runOf(slow, 1), runOf(makeDag('other'), 2)]
    await store.make([first, second], now)
    await store.startRuns(now)
    const [step] = await claim(1)
    expect(await store.stopOverdue(later(59))).toEqual([])
    expect(await store.stopOverdue(later(60))).toEqual([first.dagRunId])
    expect(await statusOf(first.dagRunId)).toEqual(['running', 'one running', 'two cancelled'])
    await store.finish(step!, ended({ status: 'cancelled' }), later(61))
    expect(await statusOf(first.dagRunId)).toEqual(['failed', 'one cancelled', 'two cancelled'])
    expect(await store.stop(second.dagRunId, 'cancelled', now)).toBe(true)
    expect(await store.stop(second.dagRunId, 'cancelled', now)).toBe(false)
    expect(await statusOf(second.dagRunId)).toEqual(['cancelled', 'work cancelled'])
  })
})
