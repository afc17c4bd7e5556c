import { expect, test } from 'vitest'
import { auditInThreads } from '../../../src/jobs/audit/audit-in-threads.ts'
import type { Population } from '../../../src/jobs/audit/population.ts'
import { makeRandom } from '../../../src/stats/index.ts'
import { revenue, sampleSpec } from '../experiment/sample-experiment.ts'

const random = makeRandom(5)
const units = 300
const before = Float64Array.from({ length: units }, () => 10 + 3 * random.normal())
const days = ['2026-01-01', '2026-01-02', '2026-01-03']
const population: Population = {
  units,
  days,
  exposedDay: Int32Array.from({ length: units }, (_, unit) => unit % days.length),
  outcomes: [
    {
      name: 'revenue',
      kind: 'mean',
      variables: ['y', 'x1'],
      values: [before.map((value) => value + 2 * random.normal()), before],
    },
  ],
}
const input = {
  population,
  spec: sampleSpec({ outcomes: [revenue] }),
  methods: ['difference_in_means', 'cuped', 'bootstrap', 'confidence_sequence'] as const,
  plans: [{ kind: 'confidence_sequence', sides: 2, tuningUnits: 150 }] as const,
  plan: {
    seed: 3,
    // A number that is no multiple of what a share has.
    replications: 25,
    lifts: [0, 0.1],
    ciLevel: 0.95,
    arms: [
      { name: 'control', share: 1 },
      { name: 'treatment', share: 1 },
    ],
  },
}

test('is the same to the last digit on one thread and on three, and tells how far it is', async () => {
  const told: number[] = []
  const alone = await auditInThreads(
    { kind: 'units', input },
    {
      threads: 1,
      progress: (done, of) => {
        expect(of).toBe(50)
        told.push(done)
      },
    },
  )
  expect(told).toEqual([10, 20, 25, 35, 45, 50])
  expect(alone.methods.map(({ replications }) => replications)).toEqual(alone.methods.map(() => 25))
  expect(new Set(alone.methods.map(({ method }) => method))).toEqual(new Set(input.methods))
  expect(alone.peeking.map(({ looks }) => looks)).toEqual(alone.peeking.map(() => days.length))
  expect(await auditInThreads({ kind: 'units', input }, { threads: 3 })).toEqual(alone)
})
