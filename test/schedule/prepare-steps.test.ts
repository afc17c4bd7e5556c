import { beforeEach, describe, expect, it } from 'vitest'
import type { Dag, NodesStep } from '../../src/core/dag.ts'
import { makePreparer } from '../../src/schedule/prepare-steps.ts'
import { makeDag, makeStep, once } from './make-dag.ts'

const build = (name: string): NodesStep => ({
  ...{ kind: 'build', name, place: { file: 'dags/a.yml', line: 1, column: 1 }, needs: [], when: 'success' },
  ...{ retry: once, timeoutSeconds: null, pool: null, vars: {}, select: [name], exclude: [] },
  ...{ fullRefresh: false, isOverInterval: false, failFast: true },
})
const hourly = makeDag('hourly', {
  steps: [build('marts'), makeStep('tell')],
  vars: { as_of: '{{ next_ds }}' },
})
const nightly = makeDag('nightly', {
  ...{ schedule: { cron: '0 3 * * *', timezone: 'UTC' }, steps: [build('all')], target: 'live' },
  vars: { as_of: '{{ next_ds }}' },
})

describe('a worker that has nothing to do', () => {
  let now = 0
  let elapsed = 0
  let reading: { readonly dags: readonly Dag[] }
  let paused = new Set<string>()
  let isIdle = true
  let isAway = false
  const prepared: string[] = []
  const make = () =>
    makePreparer({
      clock: () => new Date(now),
      elapsed: () => elapsed,
      readDags: () => reading,
      environment: {},
      readPaused: async () => {
        if (isAway) throw new Error('the warehouse is away')
        return paused
      },
      isIdle: () => isIdle,
      prepare: async (dag, step, args) => {
        prepared.push(`${dag} ${step}: ${args.join(' ')}`)
        elapsed += 100
      },
    })
  const look = async (preparer: ReturnType<typeof make>, times = 5): Promise<string[]> => {
    prepared.length = 0
    for (let count = 0; count < times; count++) {
      await preparer.tick()
      elapsed += 1000
    }
    return [...prepared]
  }
  beforeEach(() => {
    now = Date.parse('2026-03-01T22:10:00Z')
    elapsed = 0
    reading = { dags: [nightly, hourly] }
    paused = new Set()
    isIdle = true
  })

  it('prepares each step for its next run, the nearest first, and once', async () => {
    const preparer = make()
    expect(await look(preparer)).toEqual([
      'hourly marts: parse --vars {"as_of":"2026-03-01"}',
      'nightly all: parse --vars {"as_of":"2026-03-02"} --target live',
    ])
    expect(await look(preparer)).toEqual([])
  })

  it('prepares anew what the run after that will have otherwise', async () => {
    const preparer = make()
    await look(preparer)
    now = Date.parse('2026-03-01T23:00:01Z')
    expect(await look(preparer)).toEqual(['hourly marts: parse --vars {"as_of":"2026-03-02"}'])
    now = Date.parse('2026-03-02T00:00:01Z')
    expect(await look(preparer)).toEqual([])
  })

  it('leaves DAGs alone that are paused, and those of which nothing comes any more', async () => {
    paused = new Set(['hourly'])
    reading = { dags: [hourly, { ...nightly, endDate: '2026-03-01T00:00:00.000Z' }] }
    expect(await look(make())).toEqual([])
  })

  it('looks again at what it could not look at while the warehouse was away', async () => {
    isAway = true
    const preparer = make()
    await expect(preparer.tick()).rejects.toThrow('away')
    isAway = false
    expect(await look(preparer)).toHaveLength(2)
  })

  it('stands back while there is work, and rests as long as it worked', async () => {
    isIdle = false
    const preparer = make()
    expect(await look(preparer)).toEqual([])
    isIdle = true
    prepared.length = 0
    await preparer.tick()
    elapsed += 50
    await preparer.tick()
    expect(prepared).toHaveLength(1)
    elapsed += 60
    await preparer.tick()
    expect(prepared).toHaveLength(2)
  })

  it('prepares what has changed when a file has', async () => {
    const preparer = make()
    await look(preparer)
    reading = { dags: [nightly, { ...hourly, vars: {} }] }
    expect(await look(preparer)).toEqual(['hourly marts: parse'])
  })
})
