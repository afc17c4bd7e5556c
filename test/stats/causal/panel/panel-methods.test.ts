import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { interruptedSeries } from '../../../../src/stats/causal/panel/interrupted-series.ts'
import { regressionDiscontinuity } from '../../../../src/stats/causal/panel/regression-discontinuity.ts'
import {
  changeInDifferences,
  differenceInDifferences,
} from '../../../../src/stats/causal/panel/two-by-two.ts'
import { twoWayFixedEffects } from '../../../../src/stats/causal/panel/two-way-fixed-effects.ts'
import { momentsOf } from '../../../../src/stats/experiment/arm-moments.ts'
import { makeRandom } from '../../../../src/stats/index.ts'
import { known } from '../job-training.ts'
import { madeRows } from './made-panel.ts'

const computed = JSON.parse(readFileSync('test/reference/causal_methods.json', 'utf8'))

function near(found: number, wanted: number, tolerance = 1e-8): void {
  expect(Math.abs(found / wanted - 1)).toBeLessThan(tolerance)
}

describe('two-way fixed effects', () => {
  const { covariates: _, ...rows } = madeRows()
  const { twfe } = computed.did

  test('have the effect and, up to their factors, the errors of other software', () => {
    const found = known(twoWayFixedEffects(rows))
    near(found.estimate, twfe.estimate)
    // statsmodels counts the units' intercepts too: (N − 1)/(N − 126) instead of (N − 1)/(N − 7).
    near(found.stdError * Math.sqrt((720 - 7) / (720 - 126)), twfe.se_statsmodels_dummies, 1e-6)
    const z = rows.unit.map((unit, row) => Math.cos(Number(unit) * 0.9 + rows.period[row]! * 2.3))
    const more = known(twoWayFixedEffects({ ...rows, covariates: [z] }))
    near(more.estimate, twfe.with_covariate.estimate)
    expect(more.coefficients).toHaveLength(2)
  })

  test('of a panel with gaps are those of dummies', () => {
    const kept = rows.unit.map((_, row) => row).filter((row) => row % 7 !== 0)
    const pick = (values: ArrayLike<number | string | null>) => kept.map((row) => Number(values[row]))
    const gaps = {
      unit: pick(rows.unit),
      period: pick(rows.period),
      outcome: pick(rows.outcome),
      treatment: pick(rows.treatment),
    }
    const found = known(twoWayFixedEffects(gaps))
    near(found.estimate, computed.did.twfe_gaps.estimate, 1e-7)
    expect(found.negativeWeightShare).toBeGreaterThanOrEqual(0)
  })

  test('are refused where everybody is treated at once', () => {
    const treatment = rows.period.map((period) => (period >= 4 ? 1 : 0))
    expect(twoWayFixedEffects({ ...rows, treatment })).toMatchObject({
      refused: expect.stringContaining('units and periods determine the treatment'),
    })
  })
})

describe('two-way fixed effects that cannot be had', () => {
  test('are refused where hardly a unit shares a period with others', () => {
    // A chain: each unit is seen in two periods that only its neighbours see.
    const links = Array.from({ length: 800 }, (_, index) => index)
    const chain = {
      unit: links.map((index) => Math.floor(index / 2)),
      period: links.map((index) => Math.floor(index / 2) + (index % 2)),
      outcome: links.map((index) => Math.sin(index * index)),
      treatment: links.map((index) => (index > 300 && index % 3 === 0 ? 1 : 0)),
    }
    expect(twoWayFixedEffects(chain)).toMatchObject({
      refused: expect.stringContaining('did not settle within 10,000 sweeps'),
    })
  })

  test('are refused with one cluster, and with what is no number', () => {
    const { covariates: _, ...rows } = madeRows()
    expect(twoWayFixedEffects({ ...rows, cluster: rows.unit.map(() => 1) })).toEqual({
      refused: 'errors need two clusters or more, and there is 1',
    })
    const covariates = [rows.unit.map((unit) => (unit === 5 ? Number.NaN : unit))]
    expect(twoWayFixedEffects({ ...rows, covariates })).toEqual({
      refused: 'an outcome, a treatment or a covariate is no number',
    })
  })
})

describe('two groups, two periods', () => {
  test('cover, the units being others or the same', () => {
    const runs = 400
    let [apart, together] = [0, 0]
    for (let seed = 1; seed <= runs; seed++) {
      const random = makeRandom(seed)
      const draw = (n: number, mean: number) =>
        Float64Array.from({ length: n }, () => mean + (1 + mean) * random.normal())
      const effect = known(
        differenceInDifferences({
          treatedBefore: momentsOf(draw(30, 1)),
          treatedAfter: momentsOf(draw(40, 3)),
          controlBefore: momentsOf(draw(50, 0)),
          controlAfter: momentsOf(draw(25, 0.5)),
        }),
      )
      if (effect.ciLower <= 1.5 && 1.5 <= effect.ciUpper) apart++
      const same = known(
        changeInDifferences({ treated: momentsOf(draw(20, 2)), control: momentsOf(draw(30, 0.5)) }),
      )
      if (same.ciLower <= 1.5 && 1.5 <= same.ciUpper) together++
    }
    const slack = 4 * Math.sqrt((0.95 * 0.05) / runs)
    expect(Math.abs(apart / runs - 0.95)).toBeLessThan(slack)
    expect(Math.abs(together / runs - 0.95)).toBeLessThan(slack)
  })

  test('need two units each', () => {
    const one = momentsOf([1])
    const two = momentsOf([1, 2])
    expect(changeInDifferences({ treated: one, control: two })).toMatchObject({
      refused: 'too few units: a group has 1, and at least 2 are needed',
    })
  })
})

describe('an interrupted series', () => {
  const n = 60
  const time = Array.from({ length: n }, (_, t) => t)
  const outcome = time.map((t) => {
    const after = t >= 40 ? 1 : 0
    return (
      10 + 0.2 * t + 3 * after + 0.15 * after * (t - 40) + Math.sin(0.9 * t) + 0.5 * Math.sin(5.3 * t * t)
    )
  })

  test.each([0, 3, 5])('has the errors of statsmodels with %s lags', (lags) => {
    const wanted = computed.its.by_lags[lags]
    const plain = known(interruptedSeries({ time, outcome, changedAt: 40 }, { lags, smallSample: false }))
    for (const [index, value] of wanted.params.entries()) near(plain.coefficients[index]!, value)
    near(plain.level.stdError, wanted.se[2])
    near(plain.slope.stdError, wanted.se[3])
    const corrected = known(interruptedSeries({ time, outcome, changedAt: 40 }, { lags }))
    near(corrected.level.stdError, wanted.se_corrected[2])
  })

  test('says what the change did on average, and with how many lags', () => {
    const found = known(interruptedSeries({ time, outcome, changedAt: 40 }))
    expect(found.lags).toBe(3)
    expect(found.average.estimate).toBeCloseTo(found.level.estimate + 9.5 * found.slope.estimate, 10)
    expect(interruptedSeries({ time, outcome, changedAt: 58 })).toEqual({
      refused: 'too few times: 58 before and 2 after the change',
    })
  })
})

describe('a discontinuity', () => {
  const n = 600
  const indexes = Array.from({ length: n }, (_, i) => i)
  const running = indexes.map((i) => {
    const x = -1 + (2 * (i + 0.5)) / n
    return Math.sign(x) * Math.abs(x) ** 1.2
  })
  const outcome = running.map(
    (x, i) => 1 + 2 * x + 1.5 * x * x + (x >= 0 ? 0.7 - 0.8 * x : 0) + 0.4 * Math.sin(37.1 * i + 0.3 * i * i),
  )
  const treatment = running.map((x, i) =>
    (x >= 0 ? 0.55 : 0) + 0.2 + 0.1 * x + 0.35 * Math.sin(11.7 * i * i + 2.1 * i) > 0.45 ? 1 : 0,
  )

  test.each([
    ['tri|0.3', 'triangular', 0.3],
    ['tri|0.5', 'triangular', 0.5],
    ['uni|0.3', 'uniform', 0.3],
    ['uni|0.5', 'uniform', 0.5],
  ] as const)('%s is that of rdrobust, sharp and fuzzy', (key, kernel, bandwidth) => {
    for (const [name, more] of [
      [key, {}],
      [`${key}|fuzzy`, { treatment }],
    ] as const) {
      const wanted = computed.rdd.fits[name]
      const found = known(
        regressionDiscontinuity({ running, outcome, cutoff: 0, ...more }, { kernel, bandwidth }),
      )
      near(found.conventional.estimate, wanted.coef[0], 1e-7)
      near(found.conventional.stdError, wanted.se[0], 1e-6)
      near(found.robust.estimate, wanted.coef[2], 1e-7)
      near(found.robust.stdError, wanted.se[2], 1e-6)
    }
  })

  test('has robust intervals that cover with the bandwidth of Imbens and Kalyanaraman', () => {
    const runs = 300
    let covered = 0
    for (let seed = 1; seed <= runs; seed++) {
      const random = makeRandom(seed)
      const x = Float64Array.from({ length: 800 }, () => 2 * random.uniform() - 1)
      const y = x.map((v) => Math.sin(2 * v) + v * v + (v >= 0 ? 1 : 0) + 0.5 * random.normal())
      const { robust, bandwidthRule } = known(regressionDiscontinuity({ running: x, outcome: y, cutoff: 0 }))
      expect(bandwidthRule).toBe('imbens_kalyanaraman')
      if (robust.ciLower <= 1 && 1 <= robust.ciUpper) covered++
    }
    expect(covered / runs).toBeGreaterThan(0.95 - 4 * Math.sqrt((0.95 * 0.05) / runs) - 0.01)
  })

  test('is refused without units near the cutoff, and without a jump of the treatment', () => {
    expect(regressionDiscontinuity({ running, outcome, cutoff: 0 }, { bandwidth: 0.001 })).toMatchObject({
      refused: expect.stringContaining('too few units near the cutoff'),
    })
    const nobody = running.map(() => 1)
    expect(
      regressionDiscontinuity({ running, outcome, cutoff: 0, treatment: nobody }, { bandwidth: 0.5 }),
    ).toEqual({ refused: 'the treatment does not jump at the cutoff' })
  })
})
