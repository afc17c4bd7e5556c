import { expect, test } from 'vitest'
import { joinUnitRows } from '../../../src/jobs/experiment/data/join-unit-rows.ts'
import type { UnitRows } from '../../../src/jobs/experiment/data/unit-rows.ts'

/** Units by their keys, with one outcome that has a covariate. */
function rowsOf(keys: readonly number[], outcome: string, scale: number): UnitRows {
  const [y, x] = [scale, scale * 10].map((times) => Float64Array.from(keys, (key) => key * times))
  return {
    n: keys.length,
    arms: { kind: 'text', codes: Int32Array.from(keys, (key) => key % 2), texts: ['a', 'b'] },
    keys: Float64Array.from(keys),
    variables: new Map([[outcome, [y!, x!]]]),
    covariates: [x!],
    ...{ segments: new Map(), cluster: null, days: null },
  }
}

test('units of two sets come in different orders, and one does not know them all', () => {
  const { n, keys, variables, covariates, arms } = joinUnitRows(
    rowsOf([4, 1, 3], 'revenue', 1),
    rowsOf([1, 2, 4], 'sessions', 100),
  )
  expect([n, [...keys], [...arms.codes]]).toEqual([3, [4, 1, 3], [0, 1, 1]])
  expect([...variables].map(([name, columns]) => [name, columns.map((values) => [...values])])).toEqual([
    [
      'revenue',
      [
        [4, 1, 3],
        [40, 10, 30],
      ],
    ],
    [
      'sessions',
      [
        [400, 100, Number.NaN],
        [4000, 1000, Number.NaN],
      ],
    ],
  ])
  // What an outcome has as its own covariate is known by being the same column.
  expect(covariates).toEqual([variables.get('revenue')![1], variables.get('sessions')![1]])
  expect(covariates[1]).toBe(variables.get('sessions')![1])
})
