import type { Random } from '../../../stats/index.ts'
import {
  armNames,
  around1,
  balancedArms,
  type Design,
  type Draw,
  designOutcome,
  designSpec,
  effectOf,
} from './design.ts'

/*
 * Units that were put into arms together: shops of very different sizes whose customers are alike, and blocks of a
 * switchback.
 */

const clusters = 60
const level = { spending: 10, buyers: 0.3, value_per_order: 3, median_wait: 10 } as const

function drawClusters(random: Random, lift: number): Draw {
  const treated = balancedArms(clusters, random)
  const rows: number[][] = []
  for (let cluster = 0; cluster < clusters; cluster++) {
    const size = 2 + random.poisson(2 + 10 * random.exponential())
    const own = random.normal()
    const buys = random.beta(6, 14)
    const price = 3 * around1(random, 0.3)
    const times = treated[cluster] === 1 ? 1 + lift : 1
    for (let unit = 0; unit < size; unit++) {
      const before = 5 + own + random.normal()
      const orders = 1 + random.poisson(2)
      rows.push([
        ...[cluster, (5 + before + own + 2 * random.normal()) * times, before],
        ...[random.bernoulli(buys * times) ? 1 : 0, orders * price * times, orders],
        (10 + own + 2 * random.normal()) * times,
      ])
    }
  }
  const column = (place: number) => Float64Array.from(rows, (row) => row[place]!)
  const codes = Int32Array.from(rows, ([cluster]) => cluster!)
  return {
    days: [null],
    replication: {
      ...{ n: rows.length, armNames, arms: Int32Array.from(codes, (cluster) => treated[cluster]!) },
      exposedDay: new Int32Array(rows.length),
      values: [[column(1), column(2)], [column(3)], [column(4), column(5)], [column(6)]],
      cluster: { kind: 'text', codes, texts: Array.from({ length: clusters }, (_, at) => String(at)) },
    },
    truth: ({ outcome, scale }) => effectOf(level[outcome as keyof typeof level], lift, scale),
  }
}

/** Clusters of different sizes, whole in one arm. */
export const clustered: Design = {
  name: 'clustered',
  description: `${clusters} clusters of 2 to some 50 units, half of them treated as a whole; a sixth of the variance lies between clusters.`,
  lifts: [0, 0.1],
  hasNull: true,
  spec: designSpec({
    outcomes: [
      designOutcome('spending', 'mean', { covariateCount: 1 }),
      designOutcome('buyers', 'proportion'),
      designOutcome('value_per_order', 'ratio'),
      designOutcome('median_wait', 'quantile'),
    ],
    methods: ['cluster_robust', 'bootstrap', 'quantile_difference', 'permutation_test'],
    cluster: 'shop',
  }),
  draw: drawClusters,
}

const blocks = 60
const periods = 4

function drawSwitchback(random: Random, lift: number): Draw {
  const treated = balancedArms(blocks, random)
  const n = blocks * periods
  const codes = Int32Array.from({ length: n }, (_, row) => Math.floor(row / periods))
  const arms = Int32Array.from(codes, (block) => treated[block]!)
  const levels = Float64Array.from({ length: blocks }, () => 10 + 1.5 * random.normal())
  const orders = Float64Array.from(
    arms,
    (arm, row) => (levels[codes[row]!]! + random.normal()) * (arm === 1 ? 1 + lift : 1),
  )
  return {
    days: [null],
    replication: {
      ...{ n, armNames, arms, exposedDay: new Int32Array(n), values: [[orders]] },
      cluster: { kind: 'text', codes, texts: Array.from({ length: blocks }, (_, at) => String(at)) },
    },
    truth: ({ scale }) => effectOf(10, lift, scale),
  }
}

/** Blocks of periods; what carry-over reached has been left out, as the job's query does. */
export const switchback: Design = {
  name: 'switchback',
  description: `${blocks} blocks of ${periods} periods, half of the blocks treated; periods of a block are alike.`,
  lifts: [0, 0.1],
  hasNull: true,
  spec: designSpec({
    outcomes: [designOutcome('orders', 'mean')],
    methods: ['block_means', 'cluster_robust', 'bootstrap', 'permutation_test'],
    cluster: 'block',
    switchback: { block: 'block', period: 'hour', carryOver: 1 },
  }),
  draw: drawSwitchback,
}
