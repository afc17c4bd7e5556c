import { expect, test } from 'vitest'
import {
  type SimulationPlan,
  simulateInThreads,
} from '../../../src/jobs/causal/refute/simulate-in-threads.ts'
import { treatedUnits } from '../../../src/stats/causal/units.ts'
import { isRefused, makeRandom } from '../../../src/stats/index.ts'

// The threads run the built package, so `npm run build` comes first, as in `npm test`.

const n = 20_000

function plan(): SimulationPlan {
  const random = makeRandom(3)
  const covariates = [0, 1, 2].map(() => Float64Array.from({ length: n }, () => random.normal()))
  const treatment = Uint8Array.from({ length: n }, (_, unit) =>
    random.bernoulli(1 / (1 + Math.exp(-covariates[0]![unit]!))) ? 1 : 0,
  )
  const outcome = Float64Array.from(
    { length: n },
    (_, unit) => covariates[0]![unit]! + 2 * treatment[unit]! + random.normal(),
  )
  return {
    refuted: {
      ...{ kind: 'adjusted', units: treatedUnits(treatment, outcome, covariates) },
      ...{ folds: [], strata: null },
    },
    estimator: { method: 'aipw', name: 'aipw', errors: 'stacked' },
    target: 'ate',
    seed: 1,
    wanted: [
      { refuter: 'placebo_treatment', simulations: 63 },
      { refuter: 'data_subset', simulations: 64, subsetShare: 0.8 },
    ],
  }
}

test('the number of threads changes no digit', async () => {
  const [one, three] = await Promise.all([simulateInThreads(plan(), 1), simulateInThreads(plan(), 3)])
  if (isRefused(one) || isRefused(three)) throw new Error('refused')
  expect(three.map((effects) => Array.from(effects))).toEqual(one.map((effects) => Array.from(effects)))
  expect(one.map(({ length }) => length)).toEqual([63, 64])
  for (const effect of one[1]!) expect(effect).toBeCloseTo(2, 0)
})
