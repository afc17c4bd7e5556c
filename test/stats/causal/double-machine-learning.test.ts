import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  foldsByHash,
  interactiveModel,
  leastSquaresLearner,
  partiallyLinear,
} from '../../../src/stats/causal/double-machine-learning.ts'
import { type FrontdoorCell, frontdoorCells } from '../../../src/stats/causal/frontdoor.ts'
import { frontdoorEffect, naturalEffects } from '../../../src/stats/causal/mediation.ts'
import { treatedUnits } from '../../../src/stats/causal/units.ts'
import { makeRandom } from '../../../src/stats/index.ts'
import { hasReferenceData } from '../../reference-data.ts'
import { known, readJobTraining } from './job-training.ts'

const { fits } = JSON.parse(
  readFileSync('test/reference/causal_methods.json', 'utf8'),
).double_machine_learning

describe.runIf(hasReferenceData())('double machine learning of the job training', () => {
  const { units } = readJobTraining('nsw_dw')
  const folds = [0, 1, 2].map((r) =>
    Uint8Array.from({ length: units.n }, (_, i) => (i * (r + 1) + Math.floor(i / 7)) % 5),
  )

  test.each([
    ['plr', () => partiallyLinear(units, units.treatment, folds, { treatmentLearner: leastSquaresLearner })],
    ['plr_logit', () => partiallyLinear(units, units.treatment, folds)],
    ['irm_ate', () => interactiveModel(units, folds)],
    ['irm_att', () => interactiveModel(units, folds, { target: 'att' })],
  ])('%s is that of DoubleML', (name, run) => {
    const found = known(run())
    const wanted = fits[name]
    // Their logit stops at a gradient of 1e-12 at best.
    expect(found.estimate / wanted.estimate).toBeCloseTo(1, 6)
    // DoubleML takes the median of the intervals' ends since 0.10, and not that of the variances.
    const variances = wanted.all_se.map(
      (se: number, r: number) => se ** 2 + (wanted.all[r] - wanted.estimate) ** 2,
    )
    expect(found.stdError ** 2 / variances.toSorted((a: number, b: number) => a - b)[1]).toBeCloseTo(1, 6)
    for (const [index, repetition] of found.repetitions.entries())
      expect(repetition.stdError / wanted.all_se[index]).toBeCloseTo(1, 6)
  })
})

describe('cross-fitting', () => {
  test('has folds by the hash of the key alone', () => {
    const keys = Array.from({ length: 1000 }, (_, unit) => `user-${unit}`)
    const folds = foldsByHash(keys, { folds: 5, salt: 3 })
    expect(foldsByHash(keys.toReversed(), { folds: 5, salt: 3 })).toEqual(folds.toReversed())
    for (let fold = 0; fold < 5; fold++)
      expect(folds.filter((own) => own === fold).length).toBeGreaterThan(150)
  })

  test('covers, and is refused with one fold', () => {
    const runs = 200
    let covered = 0
    for (let seed = 1; seed <= runs; seed++) {
      const random = makeRandom(seed)
      const x = Float64Array.from({ length: 400 }, () => random.normal())
      const treatment = Uint8Array.from(x, (v) => (random.bernoulli(1 / (1 + Math.exp(-v))) ? 1 : 0))
      const y = x.map((v, unit) => v + treatment[unit]! + random.normal())
      const units = treatedUnits(treatment, y, [x])
      const folds = [1, 2].map((salt) => foldsByHash([...x.keys()], { salt }))
      const { ciLower, ciUpper } = known(interactiveModel(units, folds))
      if (ciLower <= 1 && 1 <= ciUpper) covered++
      if (seed === 1)
        expect(interactiveModel(units, [new Uint8Array(400)])).toEqual({
          refused: 'cross-fitting needs two folds at least',
        })
    }
    expect(Math.abs(covered / runs - 0.95)).toBeLessThan(4 * Math.sqrt((0.95 * 0.05) / runs))
  })
})

/** Treatment and outcome share a hidden cause; all goes through the mediator: 1.5 of 0.8, or a shift of a yes/no one. */
function hiddenCause(seed: number, n: number) {
  const random = makeRandom(seed)
  const hidden = Float64Array.from({ length: n }, () => random.normal())
  const treatment = Uint8Array.from(hidden, (u) => (random.bernoulli(1 / (1 + Math.exp(-u))) ? 1 : 0))
  const mediator = Float64Array.from(treatment, (t) => 0.8 * t + random.normal())
  const yesNo = Float64Array.from(treatment, (t) => (random.bernoulli(0.3 + 0.4 * t) ? 1 : 0))
  const outcome = mediator.map((m, unit) => 1.5 * m + 2 * hidden[unit]! + random.normal())
  const second = yesNo.map((m, unit) => 3 * m + 2 * hidden[unit]! + random.normal())
  return { n, treatment, mediator, yesNo, outcome, second }
}

function cellsOf(treatment: Uint8Array, mediator: Float64Array, outcome: Float64Array): FrontdoorCell[] {
  return [0, 1].flatMap((t) =>
    [0, 1].map((m) => {
      const own = outcome.filter((_, unit) => treatment[unit] === t && mediator[unit] === m)
      const mean = own.reduce((sum, value) => sum + value, 0) / own.length
      const squares = own.reduce((sum, value) => sum + (value - mean) ** 2, 0)
      return { treated: t === 1, mediator: m, n: own.length, mean, variance: squares / (own.length - 1) }
    }),
  )
}

describe('through a mediator', () => {
  const runs = 300
  const slack = 4 * Math.sqrt((0.95 * 0.05) / runs)

  test('the effect of a treatment with a hidden cause is found, by lines and by cells', () => {
    let [lines, cells] = [0, 0]
    for (let seed = 1; seed <= runs; seed++) {
      const { n, treatment, mediator, yesNo, outcome, second } = hiddenCause(seed, 500)
      const line = known(frontdoorEffect({ n, treatment, outcome, mediators: [mediator], covariates: [] }))
      if (line.ciLower <= 1.2 && 1.2 <= line.ciUpper) lines++
      const cell = known(frontdoorCells(cellsOf(treatment, yesNo, second)))
      if (cell.ciLower <= 1.2 && 1.2 <= cell.ciUpper) cells++
    }
    expect(Math.abs(lines / runs - 0.95)).toBeLessThan(slack)
    expect(Math.abs(cells / runs - 0.95)).toBeLessThan(slack)
  })

  test('direct and indirect effects cover with an interaction, and add up', () => {
    let [direct, indirect] = [0, 0]
    for (let seed = 1; seed <= runs; seed++) {
      const random = makeRandom(seed)
      const x = Float64Array.from({ length: 400 }, () => random.normal())
      const treatment = Uint8Array.from(x, (v) => (random.bernoulli(1 / (1 + Math.exp(-v))) ? 1 : 0))
      const mediator = x.map((v, unit) => 0.5 + treatment[unit]! + v + random.normal())
      const outcome = mediator.map(
        (m, unit) => treatment[unit]! + 2 * m + 0.5 * treatment[unit]! * m + x[unit]! + random.normal(),
      )
      const found = known(
        naturalEffects(
          { n: 400, treatment, outcome, mediators: [mediator], covariates: [x] },
          { interaction: true },
        ),
      )
      // 1 + 0.5·E[M without] and (2 + 0.5)·1.
      if (found.direct.ciLower <= 1.25 && 1.25 <= found.direct.ciUpper) direct++
      if (found.indirect.ciLower <= 2.5 && 2.5 <= found.indirect.ciUpper) indirect++
      expect(found.total.estimate).toBeCloseTo(found.direct.estimate + found.indirect.estimate, 10)
    }
    expect(Math.abs(direct / runs - 0.95)).toBeLessThan(slack)
    expect(Math.abs(indirect / runs - 0.95)).toBeLessThan(slack)
  })

  test('without an interaction the total is what least squares without mediators says', () => {
    const { n, treatment, mediator, outcome } = hiddenCause(1, 300)
    const found = known(naturalEffects({ n, treatment, outcome, mediators: [mediator], covariates: [] }))
    const treated = outcome.filter((_, unit) => treatment[unit] === 1)
    const control = outcome.filter((_, unit) => treatment[unit] === 0)
    const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length
    expect(found.total.estimate).toBeCloseTo(mean(treated) - mean(control), 10)
    expect(found.shareMediated).toBeCloseTo(found.indirect.estimate / found.total.estimate, 12)
  })

  test('is refused where an arm never has the mediator at a value', () => {
    const cell = { n: 10, mean: 1, variance: 1 }
    expect(
      frontdoorCells([
        { treated: true, mediator: 'a', ...cell },
        { treated: false, mediator: 'a', ...cell },
        { treated: true, mediator: 'b', ...cell },
      ]),
    ).toEqual({ refused: 'no overlap: no untreated unit has the mediator at b' })
  })
})
