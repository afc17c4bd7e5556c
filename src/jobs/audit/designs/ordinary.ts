import type { Random } from '../../../stats/index.ts'
import {
  armNames,
  around1,
  coinArms,
  type Design,
  type Draw,
  designOutcome,
  designSpec,
  effectOf,
} from './design.ts'

/*
 * What most experiments are: skewed spending with many zeros, a share of buyers, orders with a value each, a waiting
 * time; all but the last foretold by what units did before.
 */

const units = 600

/** Levels of the untreated; a unit's size is gamma with shape 2 and mean 1. */
const levels: Readonly<Record<string, number>> = {
  spending: 10,
  // Four in ten units, 1 − F(2) of that gamma, are large.
  buyers: 0.3 + 0.2 * 3 * Math.exp(-2),
  value_per_order: 3,
  median_wait: 100,
  slowest_wait: 100 * Math.exp(1.2815515655446004),
}

function draw(random: Random, lift: number): Draw {
  const arms = coinArms(units, random)
  const columns = Array.from({ length: 11 }, () => new Float64Array(units))
  for (let unit = 0; unit < units; unit++) {
    const times = arms[unit] === 1 ? 1 + lift : 1
    const size = random.gamma(2) / 2
    const price = 3 * around1(random, 0.4)
    const buys = 0.3 + (size > 1 ? 0.2 : 0)
    const orders = [0, 1].map(() => 1 + random.poisson(2 * size)) as [number, number]
    const values = [
      random.bernoulli(0.5) ? 20 * size * around1(random, 0.5) * times : 0,
      10 * size * around1(random, 0.5),
      random.poisson(4 * size),
      random.bernoulli(buys * times) ? 1 : 0,
      random.bernoulli(buys) ? 1 : 0,
      orders[0] * price * times,
      orders[0],
      orders[1] * price * around1(random, 0.2),
      orders[1],
      100 * random.lognormal(0, 1) * times,
    ]
    for (const [place, value] of values.entries()) columns[place]![unit] = value
  }
  const [spent, spentBefore, visits, bought, boughtBefore, worth, orders, worthBefore, ordersBefore, wait] =
    columns as [
      ...[Float64Array, Float64Array, Float64Array, Float64Array, Float64Array],
      ...[Float64Array, Float64Array, Float64Array, Float64Array, Float64Array],
    ]
  return {
    days: [null],
    replication: {
      ...{ n: units, armNames, arms, exposedDay: new Int32Array(units) },
      values: [
        [spent, spentBefore, visits],
        [bought, boughtBefore],
        [worth, orders, worthBefore, ordersBefore],
        [wait],
        [wait],
      ],
    },
    truth: ({ outcome, scale }) => effectOf(levels[outcome]!, lift, scale),
  }
}

/** Skewed, yes/no, a ratio and quantiles, with covariates. */
export const ordinary: Design = {
  name: 'ordinary',
  description: `${units} units in halves: skewed spending with many zeros and two covariates, a share of buyers with one, a ratio with one, the median and the ninth decile of a waiting time.`,
  lifts: [0, 0.2],
  hasNull: true,
  spec: designSpec({
    outcomes: [
      designOutcome('spending', 'mean', { covariateCount: 2 }),
      designOutcome('buyers', 'proportion', { covariateCount: 1 }),
      designOutcome('value_per_order', 'ratio', { covariateCount: 2 }),
      designOutcome('median_wait', 'quantile'),
      designOutcome('slowest_wait', 'quantile', { quantile: 0.9 }),
    ],
    methods: [
      ...(['difference_in_means', 'relative_lift', 'relative_lift_log', 'relative_lift_fieller'] as const),
      ...(['cuped', 'cuped_relative', 'cupac', 'regression_adjustment'] as const),
      ...(['proportion_z_test', 'fisher_exact', 'quantile_difference', 'bootstrap'] as const),
      ...(['permutation_test', 'bayesian_normal', 'bayesian_beta_binomial'] as const),
    ],
    health: [
      { check: 'sample_ratio', critical: false, threshold: 0.05 },
      { check: 'pre_period_balance', critical: false, threshold: 0.05 },
    ],
  }),
  draw,
}
