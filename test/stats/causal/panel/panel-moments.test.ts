import { describe, expect, test } from 'vitest'
import {
  aggregateEffects,
  preTrendTest,
  relativeEffect,
} from '../../../../src/stats/causal/panel/aggregate.ts'
import { groupTimeEffects, groupTimeFromMoments } from '../../../../src/stats/causal/panel/group-time.ts'
import { outcomesAt, type Panel } from '../../../../src/stats/causal/panel/panel.ts'
import {
  afterDifference,
  beforeAfterDifference,
  levelInPeriod,
  twoByTwoEffect,
  twoWayFromMoments,
} from '../../../../src/stats/causal/panel/panel-effects.ts'
import {
  type GroupProducts,
  momentsFromProducts,
  momentsFromSums,
  type PanelMoments,
} from '../../../../src/stats/causal/panel/panel-moments.ts'
import { twoWayFixedEffects } from '../../../../src/stats/causal/panel/two-way-fixed-effects.ts'
import { jointMomentsOf, makeRandom } from '../../../../src/stats/index.ts'
import { known } from '../job-training.ts'
import { madePanel, madeRows } from './made-panel.ts'

/** The panel's units as sums, their levels raised. */
function sumsOf(panel: Panel, level = 0): PanelMoments {
  return momentsFromSums({
    periods: panel.periods,
    firstTreated: panel.firstTreated,
    weights: new Float64Array(panel.outcome.length).fill(1),
    sums: panel.outcome.map((value) => value + level),
    rows: panel.outcome.length,
    isBalanced: true,
  })
}

/** What SQL would give of the panel. */
function productsOf(panel: Panel): PanelMoments {
  const starts = [...new Set(panel.firstTreated)].sort((a, b) => a - b)
  const groups = starts.map((firstTreated): GroupProducts => {
    const own = [...panel.firstTreated.keys()].filter((unit) => panel.firstTreated[unit] === firstTreated)
    const columns = panel.periods.map((_, time) => {
      const all = outcomesAt(panel, time)
      return own.map((unit) => all[unit]!)
    })
    const means = columns.map((values) => values.reduce((sum, value) => sum + value, 0) / own.length)
    const scaled = columns.map((values, time) => values.map((value) => (value - means[time]!) / own.length))
    const variables = [
      ...scaled.map((values, time) =>
        time === 0 ? values : values.map((value, i) => value - scaled[0]![i]!),
      ),
    ]
    const { covariances } = jointMomentsOf(...variables)
    const products = [
      ...covariances.map((row) => [...row.map((value) => value * (own.length - 1)), 0]),
      [...variables.map(() => 0), own.length],
    ]
    return { firstTreated, units: own.length, weights: columns.map(() => own.length), means, products }
  })
  return momentsFromProducts({
    periods: panel.periods,
    groups,
    rows: panel.outcome.length,
    isBalanced: true,
  })
}

const panel = madePanel(false)
const near = (found: number, wanted: number, digits = 9) => expect(found).toBeCloseTo(wanted, digits)

describe.each([
  ['units', sumsOf(panel)],
  ['units far from zero', sumsOf(panel, 1e7)],
  ['sums only', productsOf(panel)],
])('moments of %s', (name, moments) => {
  const digits = name.includes('far') ? 6 : 9

  test.each([
    ['never_treated', 'varying', 0],
    ['not_yet_treated', 'varying', 0],
    ['not_yet_treated', 'universal', 1],
  ] as const)(
    'give the group-time effects of rows: %s, %s, anticipation %s',
    (control, base, anticipation) => {
      const options = { control, base, anticipation }
      const wanted = known(groupTimeEffects(panel, options))
      const found = known(groupTimeFromMoments(moments, options))
      expect(
        found.effects.map(({ group, period, isPost, nTreated, nControl }) => [
          group,
          period,
          isPost,
          nTreated,
          nControl,
        ]),
      ).toEqual(
        wanted.effects.map(({ group, period, isPost, nTreated, nControl }) => [
          group,
          period,
          isPost,
          nTreated,
          nControl,
        ]),
      )
      for (const [index, cell] of found.effects.entries()) {
        near(cell.estimate, wanted.effects[index]!.estimate, digits)
        if (cell.nTreated > 0) near(cell.stdError, wanted.effects[index]!.stdError, digits)
      }
      for (const aggregation of ['simple', 'group', 'calendar', 'event'] as const) {
        const [all, own] = [wanted, found].map((one) => known(aggregateEffects(one, aggregation)))
        near(own!.overall.estimate, all!.overall.estimate, digits)
        near(own!.overall.stdError, all!.overall.stdError, digits)
        for (const [index, effect] of own!.effects.entries())
          if (effect.stdError > 0) near(effect.stdError, all!.effects[index]!.stdError, digits)
      }
      if (base === 'varying') {
        near(known(preTrendTest(found)).statistic, known(preTrendTest(wanted)).statistic, digits - 3)
        expect(known(preTrendTest(found)).degreesOfFreedom).toBe(known(preTrendTest(wanted)).degreesOfFreedom)
      }
    },
  )

  test('give two-way fixed effects of rows, with their errors', () => {
    const { covariates: _, ...rows } = madeRows()
    const wanted = known(twoWayFixedEffects(rows))
    const found = known(twoWayFromMoments(moments))
    near(found.estimate, wanted.estimate, digits)
    near(found.stdError, wanted.stdError, digits)
    near(found.negativeWeightShare, wanted.negativeWeightShare, digits)
    expect(found.degreesOfFreedom).toBe(wanted.degreesOfFreedom)
  })

  test('give the difference of the mean changes, before all treatment and after', () => {
    const change = (unit: number): number => {
      const row = panel.outcome.subarray(unit * 6, unit * 6 + 6)
      return row[5]! - (row[0]! + row[1]!) / 2
    }
    const of = (isIn: (first: number) => boolean) => {
      const values = [...panel.firstTreated.keys()]
        .filter((unit) => isIn(panel.firstTreated[unit]!))
        .map(change)
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length
      return { mean, n: values.length, squares: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) }
    }
    const [treated, control] = [of((first) => first < 7), of((first) => first > 7)]
    const found = known(twoByTwoEffect(moments))
    near(found.estimate, treated.mean - control.mean, digits)
    const variance = treated.squares / treated.n ** 2 + control.squares / control.n ** 2
    near(found.stdError, Math.sqrt((variance * 120) / 118), digits)
    expect(found.degreesOfFreedom).toBe(118)
    near(known(beforeAfterDifference(moments)).estimate, treated.mean, digits)
    expect(known(afterDifference(moments)).estimate).not.toBeCloseTo(found.estimate, 2)
  })
})

describe('clusters and samples', () => {
  const bySums = sumsOf(panel)

  test('units of one cluster move together, whether they or their clusters are the carriers', () => {
    const clusters = Int32Array.from({ length: 120 }, (_, unit) => Math.floor(unit / 8))
    const alone = known(
      twoWayFixedEffects({
        ...madeRows(),
        covariates: [],
        cluster: madeRows().unit.map((unit) => Math.floor((unit - 1) / 8)),
      }),
    )
    near(known(twoWayFromMoments({ ...bySums, clusters })).stdError, alone.stdError)
    const found = known(groupTimeFromMoments({ ...bySums, clusters }))
    const wanted = known(aggregateEffects(known(groupTimeEffects(panel)), 'simple', { clusters })).overall
    near(known(aggregateEffects(found, 'simple', { clusters })).overall.stdError, wanted.stdError)
    expect(twoByTwoEffect({ ...bySums, clusters: new Int32Array(120) })).toEqual({
      refused: 'errors need two clusters or more, and there is 1',
    })
  })

  test('bands from sums are as wide as bands from units', () => {
    const [rows, sums] = [groupTimeEffects(panel), groupTimeFromMoments(productsOf(panel))].map(
      (one) =>
        known(aggregateEffects(known(one), 'event', { bootstrap: { draws: 4000 } })).bandCriticalValue!,
    )
    expect(Math.abs(rows! / sums! - 1)).toBeLessThan(0.05)
  })

  /** Others in each period, some of them several times; who comes depends on the group and the period. */
  function sample(seed: number) {
    const random = makeRandom(seed)
    const units = 400
    const periods = [1, 2, 3, 4]
    const firstTreated = Float64Array.from({ length: units }, (_, unit) => [Infinity, 3, 4][unit % 3]!)
    const weights = new Float64Array(units * 4)
    const sums = new Float64Array(units * 4)
    let rows = 0
    for (let unit = 0; unit < units; unit++) {
      const own = random.normal()
      for (let time = 0; time < 4; time++)
        for (let row = random.poisson(0.8 + 0.2 * (unit % 3)); row > 0; row--) {
          const effect = periods[time]! >= firstTreated[unit]! ? 1 : 0
          weights[unit * 4 + time]! += 1
          sums[unit * 4 + time]! += 3 + own + 0.3 * time + 0.5 * (unit % 3) + effect + random.normal()
          rows++
        }
    }
    return momentsFromSums({ periods, firstTreated, weights, sums, rows, isBalanced: false })
  }

  test('intervals of repeated samples cover, by units that come again', () => {
    const runs = 400
    const covered = [0, 0, 0, 0]
    for (let seed = 1; seed <= runs; seed++) {
      const moments = sample(seed)
      const groupTime = known(groupTimeFromMoments(moments, { control: 'not_yet_treated' }))
      const all = [
        known(aggregateEffects(groupTime, 'simple')).overall,
        known(twoWayFromMoments(moments)),
        known(twoByTwoEffect(moments)),
      ]
      for (const [index, { ciLower, ciUpper }] of all.entries())
        if (ciLower <= 1 && 1 <= ciUpper) covered[index]!++
      if (known(preTrendTest(groupTime)).pValue < 0.05) covered[3]!++
    }
    const slack = 4 * Math.sqrt((0.95 * 0.05) / runs)
    for (const count of covered.slice(0, 3)) expect(Math.abs(count / runs - 0.95)).toBeLessThan(slack)
    expect(Math.abs(covered[3]! / runs - 0.05)).toBeLessThan(slack)
  })

  test('an effect as a share of what would have been covers', () => {
    const runs = 300
    let covered = 0
    for (let seed = 1; seed <= runs; seed++) {
      const random = makeRandom(seed)
      const firstTreated = Float64Array.from({ length: 300 }, (_, unit) => (unit % 2 ? 2 : Infinity))
      const sums = new Float64Array(600)
      for (let unit = 0; unit < 300; unit++) {
        const own = 4 + random.normal()
        sums[2 * unit] = own + random.normal()
        sums[2 * unit + 1] = own + random.normal() + (unit % 2 ? 0.8 : 0)
      }
      const moments = momentsFromSums({
        ...{ periods: [1, 2], firstTreated, sums, weights: new Float64Array(600).fill(1), rows: 600 },
        isBalanced: true,
      })
      const groupTime = known(groupTimeFromMoments(moments))
      const { ciLower, ciUpper } = known(
        relativeEffect(groupTime, (group, period) => levelInPeriod(moments, group, period)),
      )
      if (ciLower <= 0.2 && 0.2 <= ciUpper) covered++
    }
    expect(Math.abs(covered / runs - 0.95)).toBeLessThan(4 * Math.sqrt((0.95 * 0.05) / runs))
  })
})
