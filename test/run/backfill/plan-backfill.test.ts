import { describe, expect, test } from 'vitest'
import { type BuiltInterval, type Interval, interval } from '../../../src/core/intervals.ts'
import type { ModelNode, NodeId } from '../../../src/core/node.ts'
import type { Step } from '../../../src/core/plan.ts'
import { ProblemError } from '../../../src/core/problem.ts'
import { type BackfillOptions, planBackfill } from '../../../src/run/backfill/plan-backfill.ts'
import { sampleManifest } from '../../core/sample-manifest.ts'

const [template] = Object.values(sampleManifest.nodes).filter((node) => node.resourceType === 'model')

function model(name: string, config: Record<string, unknown>): ModelNode {
  return {
    ...(template as ModelNode),
    id: name,
    name,
    materialized: 'incremental',
    incrementalStrategy: 'microbatch',
    uniqueKey: ['id'],
    config: { event_time: 'at', begin: '2026-01-01', ...config },
  }
}

const time = (text: string): Date => new Date(`${text.length > 10 ? text : `${text}T00:00`}Z`)
const span = (from: string, to: string): Interval => interval(time(from), time(to))

const daily = model('daily', { batch_size: 'day' })
const monthly = model('monthly', { batch_size: 'month' })

function step(nodeId: NodeId, ledger: readonly BuiltInterval[], changes: Partial<Step> = {}): Step {
  const intervals = {
    grain: 'day',
    fingerprint: 'v2',
    now: '2026-03-10T10:00:00.000Z',
    begin: '2026-01-01T00:00:00.000Z',
    onChange: 'forward_only',
    due: [],
    missing: [],
    stale: [],
    unknown: [],
    again: [],
    isNamed: true,
    keepsNewer: true,
    ledger,
  } as const
  return {
    nodeId,
    action: 'increment',
    reason: 'incremental, and there already',
    dependsOn: [],
    intervals,
    ...changes,
  }
}

const options: BackfillOptions = { force: false, now: time('2026-03-10T10:00') }
const plan = (
  changes: Partial<BackfillOptions>,
  ledger: readonly BuiltInterval[] = [],
  nodes: readonly ModelNode[] = [daily],
  stepChanges: Partial<Step> = {},
) =>
  planBackfill(
    nodes.map(({ id }) => step(id, ledger, stepChanges)),
    new Map(nodes.map((node) => [node.id, node])),
    { ...options, ...changes },
  )
const problemsOf = (work: () => unknown): string[] => {
  try {
    work()
  } catch (error) {
    if (error instanceof ProblemError)
      return error.problems.map(({ message, hint }) => [message, hint].join('; '))
  }
  return []
}

describe('planBackfill', () => {
  test('takes what is asked for, from the model´s beginning to the last batch that is over', () => {
    expect(plan({}).models[0]).toMatchObject({ due: [span('2026-01-01', '2026-03-10')], done: [] })
    const some = plan({ from: time('2026-01-05'), to: time('2026-01-08') })
    expect(some.models[0]).toMatchObject({
      due: [span('2026-01-05', '2026-01-08')],
      chunks: [{ intervals: [span('2026-01-05', '2026-01-08')], batches: 3 }],
    })
    // Nothing comes before a model's beginning, or after the batch that is running.
    const wide = plan({ from: time('2025-12-01'), to: time('2027-01-01') })
    expect(wide.models[0]!.asked).toEqual(span('2026-01-01', '2026-03-11'))
    expect(plan({ from: time('2026-05-01') }).models[0]).toMatchObject({ asked: null, due: [], chunks: [] })
  })

  test('leaves out what this version of the model has built, unless it is told to build it all the same', () => {
    const ledger: BuiltInterval[] = [
      { ...span('2026-01-01', '2026-01-03'), fingerprint: null },
      { ...span('2026-01-03', '2026-01-05'), fingerprint: 'v1' },
      { ...span('2026-01-05', '2026-01-08T12:00'), fingerprint: 'v2' },
    ]
    const asked = { from: time('2026-01-02'), to: time('2026-01-10') }
    expect(plan(asked, ledger).models[0]).toMatchObject({
      due: [span('2026-01-02', '2026-01-05'), span('2026-01-08', '2026-01-10')],
      done: [span('2026-01-05', '2026-01-08')],
    })
    expect(plan({ ...asked, force: true }, ledger).models[0]).toMatchObject({
      due: [span('2026-01-02', '2026-01-10')],
      done: [],
    })
  })

  test('publishes so many batches at once', () => {
    const ledger = [{ ...span('2026-01-03', '2026-01-05'), fingerprint: 'v2' }]
    const asked = { from: time('2026-01-01'), to: time('2026-01-09'), publishEvery: 3 }
    expect(plan(asked, ledger).models[0]!.chunks).toEqual([
      { intervals: [span('2026-01-01', '2026-01-03'), span('2026-01-05', '2026-01-06')], batches: 3 },
      { intervals: [span('2026-01-06', '2026-01-09')], batches: 3 },
    ])
  })

  test('cuts what is due at the ends of batches', () => {
    const ranged = model('ranged', { time_grain: 'day', batch_size: 'month' })
    const asked = { from: time('2026-01-20'), to: time('2026-03-02'), publishEvery: 1 }
    const nodes = [{ ...ranged, incrementalStrategy: 'time_range' as const }]
    expect(plan(asked, [], nodes).models[0]!.chunks.flatMap(({ intervals }) => intervals)).toEqual([
      span('2026-01-20', '2026-02-01'),
      span('2026-02-01', '2026-03-01'),
      span('2026-03-01', '2026-03-02'),
    ])
  })

  test('refuses half batches, of all models at once', () => {
    const asked = { from: time('2026-01-15'), to: time('2026-02-20T05:30') }
    expect(problemsOf(() => plan(asked, [], [daily, monthly]))).toEqual([
      '--to 2026-02-20 05:30 lies within a day, and daily is built by the day; the nearest edges are 2026-02-20 and 2026-02-21 (all times are UTC)',
      '--from 2026-01-15 lies within a month, and monthly is built by the month; the nearest edges are 2026-01-01 and 2026-02-01 (all times are UTC)',
      '--to 2026-02-20 05:30 lies within a month, and monthly is built by the month; the nearest edges are 2026-02-01 and 2026-03-01 (all times are UTC)',
    ])
  })

  test('refuses what makes no sense', () => {
    expect(problemsOf(() => plan({ from: time('2026-02-01'), to: time('2026-02-01') }))).toEqual([
      '--from 2026-02-01 is not before --to 2026-02-01; the end is not part of it',
    ])
    const view = { ...daily, materialized: 'view' as const }
    expect(problemsOf(() => plan({}, [], [view]))[0]).toMatch(
      /^none of the selected models is built by time;/,
    )
    expect(plan({}, [], [daily, { ...view, id: 'view' }]).others).toEqual(['view'])
    expect(problemsOf(() => plan({}, [], [model('flawed', {})]))[0]).toMatch(/needs a 'batch_size'/)
  })

  test('refuses to build a part of what has to be built whole', () => {
    const whole: Partial<Step> = { action: 'build', reason: 'incremental, but product was loaded anew since' }
    expect(problemsOf(() => plan({}, [], [daily], whole))).toEqual([
      'daily cannot be built in part: incremental, but product was loaded anew since; build all of it: estimand run --select daily',
    ])
    expect(
      plan({}, [], [daily], { ...whole, change: { kind: 'new', why: 'never built' } }).models,
    ).toHaveLength(1)
  })
})
