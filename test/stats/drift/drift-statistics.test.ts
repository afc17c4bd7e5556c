import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  chiSquaredHomogeneity,
  jensenShannonDistance,
  kolmogorovSf,
  kolmogorovSmirnov,
  poolRareCells,
  populationStabilityIndex,
  standardizedShift,
  wassersteinDistance,
} from '../../../src/stats/index.ts'

/** Figures of scipy; the file says which version. */
const reference: {
  readonly cells: readonly {
    readonly reference: number[]
    readonly current: number[]
    readonly psi: number
    readonly psi_as_rel_entr: number
    readonly jensen_shannon: number
    readonly chi_squared: number
    readonly df: number
    readonly p: number
  }[]
  readonly empty: {
    readonly reference: number[]
    readonly current: number[]
    readonly jensen_shannon: number
  }
  readonly samples: readonly {
    readonly reference: number[]
    readonly current: number[]
    readonly ks: number
    readonly exact: boolean
    readonly p: number
    readonly wasserstein: number
    readonly smd: number
  }[]
  readonly weighted: {
    readonly values_a: number[]
    readonly weights_a: number[]
    readonly values_b: number[]
    readonly weights_b: number[]
    readonly wasserstein: number
  }
  readonly kolmogorov: readonly (readonly [number, number])[]
} = JSON.parse(readFileSync(new URL('../../reference/drift.json', import.meta.url), 'utf8'))

test('index, distance and test of cells are those of scipy', () => {
  for (const { reference: before, current, ...expected } of reference.cells) {
    const counts = { reference: before, current }
    expect(populationStabilityIndex(counts)).toBeCloseTo(expected.psi, 12)
    expect(populationStabilityIndex(counts)).toBeCloseTo(expected.psi_as_rel_entr, 12)
    expect(jensenShannonDistance(counts)).toBeCloseTo(expected.jensen_shannon, 12)
    const homogeneity = chiSquaredHomogeneity(counts)
    expect(homogeneity).toMatchObject({ degreesOfFreedom: expected.df })
    if ('refused' in homogeneity) throw new Error(homogeneity.refused)
    expect(homogeneity.statistic).toBeCloseTo(expected.chi_squared, 9)
    expect(homogeneity.pValue / expected.p).toBeCloseTo(1, 9)
  }
})

describe('cells without rows', () => {
  const { reference: before, current, jensen_shannon: distance } = reference.empty

  test('the distance needs no care', () => {
    expect(jensenShannonDistance({ reference: before, current })).toBeCloseTo(distance, 12)
    expect(jensenShannonDistance({ reference: [5, 0], current: [0, 5] })).toBe(1)
    expect(jensenShannonDistance({ reference: [5, 5], current: [7, 7] })).toBe(0)
  })

  test('count as half a row in the index, and not at all where both are empty', () => {
    const part = (r: number, c: number): number => (c - r) * Math.log(c / r)
    const expected = part(0.3, 0.005) + part(0.2, 0.25) + part(0.005, 0.15) + part(0.5, 0.6)
    expect(populationStabilityIndex({ reference: before, current })).toBeCloseTo(expected, 12)
    expect(populationStabilityIndex({ reference: [...before, 0], current: [...current, 0] })).toBeCloseTo(
      expected,
      12,
    )
  })

  test('a sample without rows is refused', () => {
    expect(populationStabilityIndex({ reference: [0, 0], current: [1, 2] })).toHaveProperty('refused')
    expect(jensenShannonDistance({ reference: [1, 2], current: [0, 0] })).toHaveProperty('refused')
    expect(chiSquaredHomogeneity({ reference: [3, 0], current: [4, 0] })).toHaveProperty('refused')
  })
})

test('samples: Kolmogorov and Smirnov, exact and in the limit, Wasserstein and Cohen as scipy and numpy have them', () => {
  for (const { reference: before, current, ...expected } of reference.samples) {
    const values = [...new Set([...before, ...current])].sort((a, b) => a - b)
    const count = (of: readonly number[]): number[] => {
      const counts = values.map(() => 0)
      const places = new Map(values.map((value, place) => [value, place]))
      for (const value of of) counts[places.get(value)!]! += 1
      return counts
    }
    const counts = { reference: count(before), current: count(current) }
    const ks = kolmogorovSmirnov(counts)
    if ('refused' in ks) throw new Error(ks.refused)
    expect(ks.statistic).toBeCloseTo(expected.ks, 12)
    expect(ks.isExact).toBe(expected.exact)
    expect(ks.pValue / expected.p).toBeCloseTo(1, 7)
    expect(
      wassersteinDistance({ values, weights: counts.reference }, { values, weights: counts.current }),
    ).toBeCloseTo(expected.wasserstein, 10)
    expect(standardizedShift(momentsOf(before), momentsOf(current))).toBeCloseTo(expected.smd, 10)
  }
})

function momentsOf(values: readonly number[]) {
  const mean = values.reduce((all, value) => all + value, 0) / values.length
  const squares = values.reduce((all, value) => all + (value - mean) ** 2, 0)
  return { n: values.length, mean, variance: squares / (values.length - 1) }
}

test('the distance of Wasserstein takes weights and values in any order', () => {
  const { values_a: a, weights_a: wa, values_b: b, weights_b: wb, wasserstein } = reference.weighted
  const distance = wassersteinDistance({ values: a, weights: wa }, { values: b, weights: wb })
  expect(distance).toBeCloseTo(wasserstein, 12)
  const turned = wassersteinDistance(
    { values: [...a].reverse(), weights: [...wa].reverse() },
    { values: b, weights: wb },
  )
  expect(turned).toBeCloseTo(wasserstein, 12)
  expect(wassersteinDistance({ values: a, weights: [0, 0, 0] }, { values: b, weights: wb })).toHaveProperty(
    'refused',
  )
})

test('the limit of Kolmogorov on both sides of where its series are changed', () => {
  for (const [x, tail] of reference.kolmogorov) expect(kolmogorovSf(x)).toBeCloseTo(tail, 12)
  expect(kolmogorovSf(0)).toBe(1)
})

test('rare cells are put together until each is expected to hold five rows of the smaller sample', () => {
  const [before, current] = poolRareCells([
    [500, 300, 190, 6, 4, 0],
    [50, 30, 19, 0, 1, 0],
  ])
  expect(before!.toSorted((a, b) => a - b)).toEqual([200, 300, 500])
  expect(current!.toSorted((a, b) => a - b)).toEqual([20, 30, 50])
  expect(
    poolRareCells([
      [1, 2],
      [1, 1],
    ]),
  ).toEqual([
    [1, 2],
    [1, 1],
  ])
})
