import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { makeWorker } from '../../src/schedule/worker.ts'
import type { ClaimedStep } from '../../src/store/dags/index.ts'
import { makeDag } from './make-dag.ts'

const now = new Date('2026-02-01T00:00:00Z')
const step: ClaimedStep = {
  ...{ dagRunId: randomUUID(), step: 'work', claim: 1, try: 1, cause: 'first', runId: randomUUID() },
  ...{ previousRunId: null, attempts: 0, dag: makeDag('nightly') },
  run: {
    ...{
      cause: 'schedule',
      instant: now.toISOString(),
      queuedAt: now.toISOString(),
      vars: {},
      retryCount: 0,
    },
    ...{ intervalStart: now.toISOString(), intervalEnd: now.toISOString() },
  },
}

it('brings to its end what it is just being handed when it is to end, and then leaves', async () => {
  const said: string[] = []
  let handOut: (steps: ClaimedStep[]) => void = () => {}
  let tellAsked = (): void => {}
  const asked = new Promise<void>((resolve) => {
    tellAsked = resolve
  })
  const worker = makeWorker({
    ...{ slots: 1, pools: {}, clock: () => now, newId: randomUUID, emit: () => {}, after: () => () => {} },
    startedBy: { host: 'here', user: 'ann', processId: 1 },
    execute: async () => ({ status: 'success', exitCode: 0, message: '', log: '' }),
    store: {
      enterWorker: async () => {},
      beat: async () => ({ isDead: false, stopped: [] }),
      takeOver: async () => 0,
      startRuns: async () => 0,
      claim: () =>
        new Promise((resolve) => {
          handOut = resolve
          tellAsked()
        }),
      finish: async () => {
        said.push('finished')
        return { taken: false, ended: 'success' }
      },
      leaveWorker: async () => void said.push('left'),
    },
  })
  const look = worker.tick()
  await asked
  const ended = worker.drain().then(() => worker.leave())
  handOut([step])
  expect(await look).toBe(1)
  await ended
  expect(said).toEqual(['finished', 'left'])
  expect(await worker.tick()).toBe(0)
})

it('writes the end of a step once, whatever goes wrong where it is told', async () => {
  let finished = 0
  const worker = makeWorker({
    ...{ slots: 1, pools: {}, clock: () => now, newId: randomUUID },
    after: (ms, body) => {
      const timer = setTimeout(body, ms)
      return () => clearTimeout(timer)
    },
    emit: ({ type }) => {
      if (type === 'step_ended') throw new Error('nobody listens')
    },
    startedBy: { host: 'here', user: 'ann', processId: 1 },
    execute: async () => ({ status: 'success', exitCode: 0, message: '', log: '' }),
    store: {
      enterWorker: async () => {},
      beat: async () => ({ isDead: false, stopped: [] }),
      takeOver: async () => 0,
      startRuns: async () => 0,
      claim: async () => [step],
      finish: async () => {
        finished++
        return { taken: false, ended: 'success' }
      },
      leaveWorker: async () => {},
    },
  })
  await worker.tick()
  await worker.drain()
  expect({ finished, atWork: worker.atWork() }).toEqual({ finished: 1, atWork: 0 })
})
