import { describe, expect, test } from 'vitest'
import { makeCausalGraph } from '../../../src/core/causal-graph/causal-graph.ts'
import type { CausalSpec } from '../../../src/core/causal-spec.ts'
import { auditCausal } from '../../../src/jobs/causal/audit/audit-causal.ts'
import { imputedPopulation, trueEffect } from '../../../src/jobs/causal/audit/audited-population.ts'
import type { CausalData } from '../../../src/jobs/causal/causal-data.ts'
import { type CausalRows, momentsOfRows } from '../../../src/jobs/causal/data/causal-rows.ts'
import { isRefused, makeRandom } from '../../../src/stats/index.ts'

const n = 3000
const edges = [
  { from: 'age', to: 'used' },
  { from: 'age', to: 'spend' },
  { from: 'used', to: 'spend' },
]

const spec: CausalSpec = {
  kind: 'causal',
  question: '',
  data: { ref: 'users', unit: 'user_id', where: [] },
  treatment: { node: 'used', column: 'used', kind: 'binary' },
  outcomes: [{ name: 'spend', column: 'spend', description: '', better: 'higher' }],
  graph: { nodes: ['age', 'used', 'spend'], edges, unobserved: [], isAssumed: false },
  variables: [],
  estimands: ['ate'],
  instruments: [],
  mediators: [],
  estimators: [
    { method: 'naive_difference', name: 'naive_difference' },
    { method: 'regression_adjustment', name: 'regression_adjustment' },
    { method: 'aipw', name: 'aipw', errors: 'stacked' },
  ],
  refuters: [],
  overlap: { extreme: 0.01, extremeShare: 0.05, effectiveShare: 0.1, heaviestShare: 0.25, trim: 'optimal' },
  missing: 'refuse',
  ciLevel: 0.95,
  seed: 1,
  asOf: '2026-06-01',
}

function sampleData(): CausalData {
  const random = makeRandom(9)
  const age = Float64Array.from({ length: n }, () => random.normal())
  const treatment = Uint8Array.from(age, (value) => (random.bernoulli(1 / (1 + Math.exp(-value))) ? 1 : 0))
  const spend = age.map((value, unit) => 2 * value + treatment[unit]! + random.normal())
  const rows: CausalRows = {
    n,
    keys: Array.from({ length: n }, (_, unit) => String(unit)),
    treatment,
    amounts: null,
    values: new Map([
      ['spend', spend],
      ['age', age],
    ]),
    texts: new Map(),
  }
  const graph = makeCausalGraph(edges)
  if ('faults' in graph) throw new Error('no graph')
  return {
    graph,
    facts: { rows: n, neither: 0, incomplete: 0, missing: [], treated: 0, control: 0, levels: new Map() },
    design: [{ label: 'age', node: 'age', column: 'age', level: null }],
    leftOut: [],
    moments: momentsOfRows(rows),
    rows,
    squaresOf: () => Promise.reject(new Error('there are rows')),
  }
}

describe('an audit of a causal question', () => {
  const data = sampleData()
  const population = imputedPopulation(spec, data)
  if (isRefused(population)) throw new Error(population.refused)
  const { graph, facts, design, leftOut } = data
  const inputOf = (seed: number, units: number) => ({
    ...{ spec, data: { graph, facts, design, leftOut } },
    ...{ population, seed, units },
  })

  test('says of each method how far it is off, and how often its interval holds the truth', async () => {
    const { estimators, refuters } = await auditCausal(inputOf(3, 500), 80)
    const of = (method: string) => estimators.find((row) => row.method === method)!
    const truth = trueEffect(population, population.outcomes[0]!, 'ate')!
    expect(truth).toBeCloseTo(1, 0)
    expect(of('naive_difference').bias.value).toBeGreaterThan(1)
    expect(of('naive_difference').coverage.value).toBe(0)
    for (const method of ['regression_adjustment', 'aipw']) {
      const { bias, coverage, replications, refused } = of(method)
      expect(of(method).truth).toBe(truth)
      expect([replications, refused]).toEqual([80, 0])
      expect(Math.abs(bias.value)).toBeLessThan(4 * bias.error)
      expect(Math.abs(coverage.value - 0.95)).toBeLessThan(4 * coverage.error)
    }
    const placebo = refuters.find(({ refuter }) => refuter === 'placebo_treatment')!
    expect(Math.abs(placebo.mean)).toBeLessThan(4 * placebo.error)
    const noise = refuters.find(({ refuter }) => refuter === 'random_common_cause')!
    expect(Math.abs(noise.mean)).toBeLessThan(0.02)
  })

  test('gives the same for the same seed, whatever the number of threads', async () => {
    const [one, other, third] = [
      await auditCausal(inputOf(5, 300), 23),
      await auditCausal(inputOf(5, 300), 23, { threads: 2 }),
      await auditCausal(inputOf(6, 300), 23),
    ]
    expect(other).toEqual(one)
    expect(third).not.toEqual(one)
  })
})
