import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { never, type Panel, panelOf } from '../../../../src/stats/causal/panel/panel.ts'
import { simplexWeights } from '../../../../src/stats/causal/panel/simplex-weights.ts'
import {
  syntheticControl,
  syntheticDifferenceInDifferences,
} from '../../../../src/stats/causal/panel/synthetic-control.ts'
import { makeRandom } from '../../../../src/stats/index.ts'
import { known } from '../job-training.ts'
import { madeRows } from './made-panel.ts'

const { synthetic: computed } = JSON.parse(readFileSync('test/reference/causal_methods.json', 'utf8'))

/** The first 14 units that are never treated and the first 3 of group 6. */
function fewUnits(): Panel {
  const rows = madeRows()
  const isIn = (unit: number) => ((unit - 1) % 4 === 0 && unit <= 53) || ((unit - 1) % 4 === 3 && unit <= 12)
  const kept = rows.unit.map((_, row) => row).filter((row) => isIn(rows.unit[row]!))
  const pick = (values: readonly number[]) => kept.map((row) => values[row]!)
  return known(
    panelOf({
      unit: pick(rows.unit),
      period: pick(rows.period),
      outcome: pick(rows.outcome),
      firstTreated: pick(rows.firstTreated),
    }),
  )
}

describe('weights that sum to 1', () => {
  test('are such that no exchange helps', () => {
    const numbers = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 6, maxLength: 6 })
    const problem = fc.record({
      columns: fc.array(numbers, { minLength: 2, maxLength: 6 }),
      target: numbers,
      ridge: fc.constantFrom(0.01, 1),
      intercept: fc.boolean(),
    })
    fc.assert(
      fc.property(problem, ({ columns, target, ridge, intercept }) => {
        const given = { columns: columns.map((c) => Float64Array.from(c)), target: Float64Array.from(target) }
        const weights = simplexWeights({ ...given, ridge, intercept })
        const loss = (w: Float64Array) => {
          const left = target.map((value, t) => value - columns.reduce((sum, c, i) => sum + w[i]! * c[t]!, 0))
          const mean = intercept ? left.reduce((sum, value) => sum + value, 0) / 6 : 0
          return (
            left.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 6 +
            ridge * w.reduce((s, v) => s + v * v, 0)
          )
        }
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 10)
        expect(Math.min(...weights)).toBeGreaterThanOrEqual(0)
        for (const [from, weight] of weights.entries())
          for (const to of weights.keys()) {
            const moved = weights.slice()
            moved[from]! -= Math.min(weight, 1e-3)
            moved[to]! += Math.min(weight, 1e-3)
            expect(loss(moved)).toBeGreaterThanOrEqual(loss(weights) - 1e-8)
          }
      }),
      { numRuns: 200 },
    )
  })
})

test('weights that sum to 1 do not depend on the level of the numbers', () => {
  const random = makeRandom(3)
  const series = Array.from({ length: 5 }, () => Float64Array.from({ length: 12 }, () => random.normal()))
  const weightsAt = (level: number) => {
    const [target, ...columns] = series.map((values) => values.map((value) => value + level))
    return simplexWeights({ target: target!, columns })
  }
  const [own, far] = [weightsAt(0), weightsAt(1e7)]
  for (const [index, weight] of own.entries()) expect(far[index]!).toBeCloseTo(weight, 6)
})

test('a panel in which nothing ever moves has no significant effect', () => {
  const panel = drawn(1)
  const found = known(syntheticControl({ ...panel, outcome: new Float64Array(panel.outcome.length) }))
  expect(found.pValue).toBe(1)
})

describe('of a few units', () => {
  const panel = fewUnits()

  test('the synthetic control is that of another solver', () => {
    const found = known(syntheticControl(panel))
    expect(found.errorBefore ** 2).toBeCloseTo(computed.control.loss, 6)
    expect(found.estimate).toBeCloseTo(computed.control.estimate, 3)
    expect(found.placebos).toBe(200)
  })

  test('the synthetic difference in differences is that of another solver', () => {
    const found = known(syntheticDifferenceInDifferences(panel, { draws: 20 }))
    expect(found.estimate).toBeCloseTo(computed.difference.estimate, 4)
    const units = found.unitWeights.filter((_, unit) => panel.firstTreated[unit] === never)
    for (const [index, weight] of computed.difference.unit_weights.entries())
      expect(units[index]!).toBeCloseTo(weight, 3)
    for (const [index, weight] of computed.difference.time_weights.entries())
      expect(found.timeWeights[index]!).toBeCloseTo(weight, 3)
  })
})

/** Units on a common factor, of which the last ones gain 1 in the last two periods. */
function drawn(seed: number, effect = 1, before = 6): Panel {
  const random = makeRandom(seed)
  const [units, width, treated] = [20, before + 2, 2]
  const outcome = new Float64Array(units * width)
  const factor = Float64Array.from({ length: width }, () => random.normal())
  for (let unit = 0; unit < units; unit++) {
    const [level, loading] = [random.normal(), random.uniform()]
    for (let time = 0; time < width; time++) {
      const gain = unit >= units - treated && time >= before ? effect : 0
      outcome[unit * width + time] = level + loading * factor[time]! + gain + 0.3 * random.normal()
    }
  }
  const firstTreated = Float64Array.from({ length: units }, (_, unit) =>
    unit >= units - treated ? before + 1 : never,
  )
  return {
    units,
    periods: Array.from({ length: width }, (_, time) => time + 1),
    outcome,
    firstTreated,
    covariates: [],
  }
}

test('synthetic difference in differences covers', () => {
  const runs = 200
  let covered = 0
  for (let seed = 1; seed <= runs; seed++) {
    const { ciLower, ciUpper } = known(syntheticDifferenceInDifferences(drawn(seed), { draws: 60 }))
    if (ciLower <= 1 && 1 <= ciUpper) covered++
  }
  // Eighteen placebos know the variance only so well.
  expect(Math.abs(covered / runs - 0.95)).toBeLessThan(4 * Math.sqrt((0.95 * 0.05) / runs) + 0.03)
})

test('placebos in space find a large effect, and reject seldom without one', () => {
  const large = known(syntheticControl(drawn(1, 5, 30)))
  expect(Math.abs(large.estimate - 5)).toBeLessThan(1)
  expect(large.pValue).toBeLessThan(0.03)
  const runs = 100
  let rejected = 0
  for (let seed = 1; seed <= runs; seed++)
    if (known(syntheticControl(drawn(seed, 0, 30), { draws: 100 })).pValue <= 0.1) rejected++
  expect(rejected / runs).toBeLessThan(0.1 + 4 * Math.sqrt((0.1 * 0.9) / runs))
})

test('treatment at several times is refused', () => {
  const panel = drawn(1)
  const firstTreated = panel.firstTreated.map((first, unit) => (unit === 0 ? 5 : first))
  expect(syntheticControl({ ...panel, firstTreated })).toEqual({
    refused: 'treatment has to begin once, and begins in 2 periods',
  })
})
