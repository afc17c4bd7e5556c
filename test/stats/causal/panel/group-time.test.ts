import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  type Aggregation,
  aggregateEffects,
  preTrendTest,
} from '../../../../src/stats/causal/panel/aggregate.ts'
import { type GroupTimeOptions, groupTimeEffects } from '../../../../src/stats/causal/panel/group-time.ts'
import { never, type Panel, panelOf } from '../../../../src/stats/causal/panel/panel.ts'
import { makeRandom } from '../../../../src/stats/index.ts'
import { known } from '../job-training.ts'
import { madePanel, madeRows } from './made-panel.ts'

const { group_time: computed } = JSON.parse(readFileSync('test/reference/causal_methods.json', 'utf8')).did

const methods = { dr: 'doubly_robust', reg: 'regression', ipw: 'weighting' } as const
const aggregations = { simple: 'simple', group: 'group', calendar: 'calendar', event: 'dynamic' } as const

function near(found: number, wanted: number, tolerance = 1e-7): void {
  expect(Math.abs(found - wanted)).toBeLessThan(tolerance * (1 + Math.abs(wanted)))
}

describe.each(Object.keys(computed))('%s', (key) => {
  const [control, form, method, base] = key.split('|')
  const options: GroupTimeOptions = {
    control: control === 'nevertreated' ? 'never_treated' : 'not_yet_treated',
    method: methods[method as 'dr'],
    base: base as 'varying',
  }
  const found = known(groupTimeEffects(madePanel(form !== 'None'), options))
  const wanted = computed[key]

  test('group-time effects and errors are those of csdid', () => {
    expect(found.refusals).toEqual([])
    const cells = found.effects
    expect(cells.map(({ group }) => group)).toEqual(wanted.group)
    expect(cells.map(({ period }) => period)).toEqual(wanted.time)
    for (const [index, cell] of cells.entries()) {
      near(cell.estimate, wanted.att[index])
      if (cell.nTreated > 0) near(cell.stdError, wanted.se[index])
    }
  })

  test.each(Object.keys(aggregations) as Aggregation[])('the aggregation by %s is too', (aggregation) => {
    const { overall, effects } = known(aggregateEffects(found, aggregation))
    const other = wanted.agg[aggregations[aggregation]]
    near(overall.estimate, other.overall_att[0])
    near(overall.stdError, other.overall_se[0])
    if (aggregation === 'simple') return
    expect(effects.map(({ at }) => at)).toEqual(other.egt)
    for (const [index, effect] of effects.entries()) {
      near(effect.estimate, other.att_egt[index])
      if (effect.stdError > 0) near(effect.stdError, other.se_egt[index])
    }
  })
})

/** Units of three groups whose effect grows by a half each period, on trends that are parallel or not. */
function drawn(seed: number, drift = 0): Panel {
  const random = makeRandom(seed)
  const [units, width] = [240, 5]
  const firstTreated = Float64Array.from({ length: units }, (_, unit) => [never, 3, 4][unit % 3]!)
  const outcome = new Float64Array(units * width)
  for (let unit = 0; unit < units; unit++) {
    const level = 2 * random.normal()
    for (let place = 0; place < width; place++) {
      const since = place + 1 - firstTreated[unit]!
      const effect = since >= 0 ? 1 + 0.5 * since : 0
      const trend = firstTreated[unit] === never ? 0 : drift * place
      outcome[unit * width + place] = level + 0.4 * place + trend + effect + random.normal()
    }
  }
  return { units, periods: [1, 2, 3, 4, 5], outcome, firstTreated, covariates: [] }
}

describe('over many panels', () => {
  const runs = 300
  const slack = (level: number) => 4 * Math.sqrt((level * (1 - level)) / runs)

  test('intervals cover, bands cover all at once, and the test before treatment holds its level', () => {
    let [covered, banded, rejected] = [0, 0, 0]
    for (let seed = 1; seed <= runs; seed++) {
      const found = known(groupTimeEffects(drawn(seed)))
      // Groups 3 and 4 of equal size: (1 + 1.5 + 2 + 1 + 1.5)/5.
      const { overall } = known(aggregateEffects(found, 'simple'))
      if (overall.ciLower <= 1.4 && 1.4 <= overall.ciUpper) covered++
      const study = known(aggregateEffects(found, 'event', { bootstrap: { draws: 200, seed } }))
      const isInAll = study.effects.every(({ at, estimate, stdError }) => {
        const truth = at >= 0 ? 1 + 0.5 * at : 0
        return Math.abs(estimate - truth) <= study.bandCriticalValue! * stdError
      })
      if (isInAll) banded++
      if (known(preTrendTest(found)).pValue < 0.05) rejected++
    }
    expect(Math.abs(covered / runs - 0.95)).toBeLessThan(slack(0.95))
    // 200 draws know the critical value only so well.
    expect(Math.abs(banded / runs - 0.95)).toBeLessThan(slack(0.95) + 0.02)
    expect(Math.abs(rejected / runs - 0.05)).toBeLessThan(slack(0.05) + 0.01)
  })

  test('trends that are not parallel are found out before treatment', () => {
    const found = known(groupTimeEffects(drawn(1, 0.6)))
    expect(known(preTrendTest(found)).pValue).toBeLessThan(0.001)
  })

  test('units of one cluster that move together widen the interval', () => {
    const panel = drawn(3)
    const found = known(groupTimeEffects(panel))
    const clusters = Int32Array.from({ length: panel.units }, (_, unit) => unit)
    const alone = known(aggregateEffects(found, 'simple', { clusters })).overall
    const plain = known(aggregateEffects(found, 'simple')).overall
    expect(alone.stdError / plain.stdError).toBeCloseTo(Math.sqrt(240 / 239), 10)
    const twice = Int32Array.from({ length: panel.units }, (_, unit) => Math.floor(unit / 24))
    expect(known(aggregateEffects(found, 'simple', { clusters: twice })).overall.stdError).not.toBeCloseTo(
      plain.stdError,
      3,
    )
  })

  test('an event study balanced for one period has the groups seen that long', () => {
    const found = known(groupTimeEffects(drawn(4)))
    const { effects } = known(aggregateEffects(found, 'event', { balancedFor: 2 }))
    expect(effects.map(({ at }) => at)).toEqual([-1, 0, 1, 2])
  })
})

describe('refusals', () => {
  const rows = madeRows()

  test('of panels that are none', () => {
    expect(panelOf({ ...rows, outcome: rows.outcome.slice(1) })).toMatchObject({
      refused: 'the panel is not balanced: 120 units and 6 periods, but 719 rows instead of 720',
    })
    const twice = rows.period.map((period, row) => (row === 1 ? 1 : period))
    expect(panelOf({ ...rows, period: twice })).toMatchObject({ refused: 'unit 1 is seen twice in period 1' })
    const moved = rows.firstTreated.map((first, row) => (row === 0 ? 5 : first))
    expect(panelOf({ ...rows, firstTreated: moved })).toMatchObject({
      refused: 'unit 1 has two first treated periods',
    })
  })

  test('of covariates that are not known', () => {
    const covariates = [rows.covariates[0]!.map((value, row) => (row === 6 ? Number.NaN : value))]
    expect(panelOf({ ...rows, covariates })).toEqual({
      refused: 'unit 2 has no covariate 1 in the first period',
    })
  })

  test('of nobody to compare with', () => {
    const all = { ...madePanel(false), firstTreated: new Float64Array(120).fill(3) }
    expect(groupTimeEffects(all)).toEqual({
      refused: 'no unit is never treated: compare with those not yet treated',
    })
    expect(groupTimeEffects(all, { control: 'not_yet_treated' })).toMatchObject({
      refused: expect.stringContaining('no unit is left to compare with'),
    })
    const none = { ...madePanel(false), firstTreated: new Float64Array(120).fill(never) }
    expect(groupTimeEffects(none)).toEqual({ refused: 'no unit is first treated after the first period' })
  })
})
