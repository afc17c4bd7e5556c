import { describe, expect, test } from 'vitest'
import type { DidSpec } from '../../../src/core/did-spec.ts'
import { auditDid } from '../../../src/jobs/did/audit/audit-did.ts'
import { never } from '../../../src/stats/causal/panel/panel.ts'
import { momentsFromSums } from '../../../src/stats/causal/panel/panel-moments.ts'
import { makeRandom } from '../../../src/stats/index.ts'
import { known } from '../../stats/causal/job-training.ts'

const periods = [1, 2, 3, 4]
const units = 240

const spec: DidSpec = {
  ...{ kind: 'did', question: '', covariates: [], anticipation: 0, aggregations: ['simple'], refuters: [] },
  data: { ref: 'panel', unit: 'unit', time: 'time', sampling: 'panel', where: [], unbalanced: 'refuse' },
  treatment: { name: 'offer', dates: { kind: 'first_treated', column: 'began' } },
  outcomes: [{ name: 'sales', column: 'sales', description: '', better: 'higher' }],
  estimators: [
    { method: 'two_by_two', name: 'two_by_two' },
    { method: 'twfe', name: 'twfe' },
    {
      ...{ method: 'callaway_santanna', name: 'callaway_santanna', control: 'not_yet_treated' },
      ...{ adjustment: 'doubly_robust', base: 'varying' },
    },
  ],
  ...{ errors: { kind: 'analytic' }, preTrendLevel: 0.05, scale: 'absolute', missing: 'refuse' },
  ...{ ciLevel: 0.95, seed: 1, asOf: '2026-01-01' },
}

/** Treated units have more to begin with; clusters of 4 move together. */
function panelOf(clustered: boolean) {
  const random = makeRandom(7)
  const firstTreated = Float64Array.from(
    { length: units },
    (_, unit) => [never, 3, 4][Math.floor(unit / 4) % 3]!,
  )
  const sums = new Float64Array(units * 4)
  let shared = [0, 0, 0, 0]
  for (let unit = 0; unit < units; unit++) {
    if (unit % 4 === 0) shared = periods.map(() => (clustered ? random.normal() : 0))
    const level = 10 + (firstTreated[unit] === never ? 0 : 3) + random.normal()
    for (const [time, period] of periods.entries())
      sums[unit * 4 + time] =
        level + 0.5 * period + shared[time]! + (period >= firstTreated[unit]! ? 2 : 0) + random.normal()
  }
  const own = {
    ...{ periods, firstTreated, sums, weights: new Float64Array(units * 4).fill(1), rows: units * 4 },
    isBalanced: true,
    ...(clustered && { clusters: Int32Array.from({ length: units }, (_, unit) => Math.floor(unit / 4)) }),
  }
  return {
    facts: {
      ...{ rows: units * 4, units, alwaysTreated: 0, incomplete: 0, unbalanced: 0, isBalanced: true },
      ...{ clusters: clustered ? 60 : null, groups: [] },
      periods: periods.map((period) => ({ label: String(period), period })),
    },
    data: { outcome: 'sales', sums: own, moments: momentsFromSums(own), panel: null, keys: [] },
  }
}

describe('the audit of a difference in differences', () => {
  test.each([false, true])('intervals cover over 500 replications, clusters: %s', (clustered) => {
    const { facts, data } = panelOf(clustered)
    const found = known(auditDid(spec, facts, data, { replications: 500, seed: 3, units }))
    const of = (method: string, estimand = 'att') =>
      found.find((row) => row.method === method && row.estimand === estimand)!
    for (const method of ['two_by_two', 'twfe', 'callaway_santanna']) {
      const { bias, coverage, refused } = of(method)
      expect(refused).toBe(0)
      expect(Math.abs(bias.value), `bias of ${method}`).toBeLessThan(4 * bias.error)
      // Few clusters are drawn with replacement: a little less than what was promised is theirs.
      expect(Math.abs(coverage.value - 0.95), `coverage of ${method}`).toBeLessThan(
        4 * Math.sqrt((0.95 * 0.05) / 500) + (clustered ? 0.02 : 0),
      )
    }
    expect(of('naive_difference', 'association').bias.value).toBeGreaterThan(2)
    expect(of('naive_difference', 'association').coverage.value).toBeLessThan(0.05)
    const share = of('callaway_santanna', 'att_relative')
    expect(Math.abs(share.bias.value)).toBeLessThan(4 * share.bias.error)
  })

  test('gives the same digits from the same seed, and refuses what nothing can be put into', () => {
    const { facts, data } = panelOf(false)
    const plan = { replications: 10, seed: 3, units: 100 }
    expect(auditDid(spec, facts, data, plan)).toEqual(auditDid(spec, facts, data, plan))
    expect(auditDid(spec, facts, { ...data, sums: null }, plan)).toEqual({
      refused: 'the units of the panel are not at hand',
    })
  })
})
