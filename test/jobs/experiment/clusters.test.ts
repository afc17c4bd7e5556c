import { describe, expect, test } from 'vitest'
import type { ExperimentSpec } from '../../../src/core/experiment-spec.ts'
import { clustered } from '../../../src/jobs/audit/designs/clustered.ts'
import { drawnOutcomes } from '../../../src/jobs/audit/designs/design.ts'
import type { Replication } from '../../../src/jobs/audit/draw-replication.ts'
import { replicationCells } from '../../../src/jobs/audit/replication-cells.ts'
import { replicationRows } from '../../../src/jobs/audit/replication-rows.ts'
import { analyseExperiment } from '../../../src/jobs/experiment/analyse-experiment.ts'
import { areArmsByCluster } from '../../../src/jobs/experiment/data/arms-by-cluster.ts'
import { makeRandom } from '../../../src/stats/index.ts'
import { origin } from './sample-experiment.ts'

const spec: ExperimentSpec = {
  ...clustered.spec,
  methods: [
    ...(['difference_in_means', 'cuped', 'bayesian_beta_binomial', 'fisher_exact'] as const),
    ...([
      'cluster_robust',
      'bootstrap',
      'quantile_difference',
      'permutation_test',
      'partial_pooling',
    ] as const),
  ],
  segments: ['region'],
}
const drawn = clustered.draw(makeRandom(3), 0.3).replication
const shops = drawn.cluster!.codes

/** The shops' units in two regions, told by a function of unit and shop. */
function analyse(regionOf: (unit: number, shop: number) => number, own: Partial<Replication> = {}) {
  const replication: Replication = {
    ...drawn,
    ...own,
    segments: new Map([
      [
        'region',
        {
          kind: 'text',
          codes: Int32Array.from(shops, (shop, unit) => regionOf(unit, shop)),
          texts: ['north', 'south'],
        },
      ],
    ]),
  }
  const outcomes = drawnOutcomes(spec, replication)
  const facts = { units: replication.n, crossovers: null, duplicates: null, exposedBefore: null }
  const evidence = {
    ...{
      cells: replicationCells({ days: [null], outcomes }, replication),
      facts,
      tops: [],
      sinceExposure: [],
    },
    rows: replicationRows({ outcomes }, replication),
  }
  return analyseExperiment(spec, evidence, origin).estimates
}

const byShop = analyse((_, shop) => shop % 2)

describe('where clusters were given their arms as a whole', () => {
  test('methods that take units for independent are refused, and say why', () => {
    const independent = ['difference_in_means', 'cuped', 'bayesian_beta_binomial', 'fisher_exact']
    const rows = byShop.filter(({ method }) => independent.includes(method))
    expect(rows.length).toBeGreaterThan(4)
    for (const { status, estimate, reason } of rows) {
      expect([status, estimate]).toEqual(['refused', null])
      expect(reason).toBe(
        'units of one cluster have their arm in common, and this method takes them for independent',
      )
    }
  })

  test('the others answer, ratios among them', () => {
    const rows = byShop.filter(
      ({ segmentName, estimand }) => segmentName === null && estimand !== 'sample_ratio',
    )
    const answers = rows
      .filter(({ status }) => status === 'ok')
      .map(({ method, outcome }) => `${method} ${outcome}`)
    expect([...new Set(answers)]).toEqual([
      ...['cluster_robust spending', 'bootstrap spending', 'permutation_test spending'],
      ...['cluster_robust buyers', 'bootstrap buyers', 'permutation_test buyers'],
      ...['cluster_robust value_per_order', 'bootstrap value_per_order', 'quantile_difference median_wait'],
    ])
    const ratio = (method: string) =>
      rows.find(
        (row) => row.outcome === 'value_per_order' && row.scale === 'absolute' && row.method === method,
      )!
    // The delta method over clusters and the bootstrap of clusters say the same of a ratio.
    expect(ratio('cluster_robust').estimate).toBeCloseTo(ratio('bootstrap').estimate!, 9)
    expect(ratio('cluster_robust').stdError! / ratio('bootstrap').stdError!).toBeCloseTo(1, 0)
  })

  test('whole clusters are exchanged', () => {
    const test = byShop.find(
      ({ method, outcome, segmentName }) =>
        method === 'permutation_test' && outcome === 'buyers' && segmentName === null,
    )!
    expect(test.diagnostics).toMatchObject({ exchanged: 'clusters' })
    const naive = analyse((_, shop) => shop % 2, {
      cluster: { kind: 'text', codes: Int32Array.from(shops.keys()), texts: [...shops.keys()].map(String) },
    }).find(
      ({ method, outcome, segmentName }) =>
        method === 'permutation_test' && outcome === 'buyers' && segmentName === null,
    )!
    expect(naive.diagnostics).toMatchObject({ exchanged: 'units' })
    expect(naive.estimate).toBeCloseTo(test.estimate!, 12)
  })

  test('segments are pooled and compared by clusters, where those are within them', () => {
    const pooled = byShop.filter(
      ({ method, scale, outcome }) =>
        method === 'partial_pooling' && scale === 'absolute' && outcome === 'spending',
    )
    expect(pooled.map(({ status, diagnostics }) => [status, diagnostics.base])).toEqual([
      ['ok', 'cluster_robust'],
      ['ok', 'cluster_robust'],
    ])
    const robust = byShop.filter(
      ({ method, scale, segmentName, outcome }) =>
        method === 'cluster_robust' &&
        scale === 'absolute' &&
        segmentName === 'region' &&
        outcome === 'spending',
    )
    expect(pooled.map(({ diagnostics }) => diagnostics.own_std_error)).toEqual(
      robust.map(({ stdError }) => stdError),
    )
    const differing = byShop.find(({ method }) => method === 'cochran_q')!
    expect(differing.status).toBe('ok')
  })

  test('segments are neither where clusters have units of several values', () => {
    const rows = analyse((unit) => unit % 2).filter(({ method }) =>
      ['partial_pooling', 'cochran_q'].includes(method),
    )
    expect(new Set(rows.map(({ status }) => status))).toEqual(new Set(['refused']))
    expect(rows[0]!.reason).toContain("have units of several values of 'region'")
  })
})

test('where units were given their arms one by one, they are independent whatever clusters they are in', () => {
  const random = makeRandom(8)
  const arms = Int32Array.from(shops, () => random.int(2))
  const rows = analyse((_, shop) => shop % 2, { arms }).filter(
    ({ method }) => method === 'difference_in_means',
  )
  expect(rows.map(({ status }) => status)).toEqual(rows.map(() => 'ok'))
})

describe('arms are told to be by cluster', () => {
  const column = (codes: readonly number[]) => ({
    kind: 'text' as const,
    codes: Int32Array.from(codes),
    texts: [...new Set(codes)].map(String),
  })
  const told = (clusters: readonly number[], arms: readonly number[]) =>
    areArmsByCluster({ n: arms.length, arms: column(arms), cluster: column(clusters) })
  const pairs = Array.from({ length: 60 }, (_, unit) => unit >> 1)

  test.each([
    [
      'when all clusters are whole',
      told(
        pairs,
        pairs.map((cluster) => cluster % 2),
      ),
      true,
    ],
    [
      'also when a few are not',
      told(
        pairs,
        pairs.map((cluster, unit) => (unit < 6 ? unit % 2 : cluster % 2)),
      ),
      true,
    ],
    [
      'not when each has both',
      told(
        pairs,
        pairs.map((_, unit) => unit % 2),
      ),
      false,
    ],
    [
      'not of single units',
      told(
        [...pairs.keys()],
        pairs.map((_, unit) => unit % 2),
      ),
      false,
    ],
  ])('%s', (_, found, expected) => {
    expect(found).toBe(expected)
  })
})
