import { describe, expect, test } from 'vitest'
import {
  changePoint,
  changePoints,
  type DailySeries,
  makeRandom,
  type Random,
  windowedDistribution,
  windowedHomogeneity,
  windowedMeanShift,
} from '../../../src/stats/index.ts'

const worlds = 300
const cells = 8
const rows = 300

/** Counts of `rows` rows over cells of these weights. */
function counted(random: Random, weights: readonly number[]): number[] {
  const all = weights.reduce((total, weight) => total + weight, 0)
  const counts = weights.map(() => 0)
  for (let row = 0; row < rows; row++) {
    let point = random.uniform() * all
    let cell = 0
    while (cell < cells - 1 && point >= weights[cell]!) point -= weights[cell++]!
    counts[cell]! += 1
  }
  return counts
}

const meanOf = (counts: readonly number[]) => ({
  n: rows,
  mean: counts.reduce((all, count, cell) => all + count * cell, 0) / rows,
})

/**
 * How often the tests alarm at 0.05, in windows that swing by `swing` (made anew for each world) and move by `shift` in
 * the last one.
 */
function alarms(seed: number, makeSwing: (random: Random) => () => number[], shift: readonly number[]) {
  const random = makeRandom(seed)
  let [distribution, mean] = [0, 0]
  for (let world = 0; world < worlds; world++) {
    const swing = makeSwing(random)
    const windows = Array.from({ length: 9 }, (_, window) =>
      counted(
        random,
        swing().map((weight, cell) => weight * (window === 8 ? shift[cell]! : 1)),
      ),
    )
    const tested = windowedDistribution(windows.slice(0, 8), windows[8]!)
    if ('refused' in tested) throw new Error(tested.refused)
    const moved = windowedMeanShift(windows.slice(0, 8).map(meanOf), meanOf(windows[8]!))
    if ('refused' in moved) throw new Error(moved.refused)
    if (tested.pValue <= 0.05) distribution++
    if (moved.pValue <= 0.05) mean++
  }
  return { distribution: distribution / worlds, mean: mean / worlds }
}

const still = Array.from({ length: cells }, () => 1)
const swinging = (random: Random) => still.map(() => Math.exp(0.2 * random.normal()))
const leaning = (random: Random) => {
  const slope = 0.05 * random.normal()
  return still.map((_, cell) => Math.exp(slope * cell))
}
/** Windows that swing with half of what the one before them did. */
const correlated = (random: Random) => {
  let last = still.map(() => random.normal())
  return () => {
    last = last.map((value) => 0.5 * value + Math.sqrt(0.75) * random.normal())
    return last.map((value) => Math.exp(0.2 * value))
  }
}
/** Each window by itself. */
const apart = (swing: (random: Random) => number[]) => (random: Random) => () => swing(random)
// Five standard errors above the level.
const most = 0.05 + 5 * Math.sqrt((0.05 * 0.95) / worlds)

describe('without drift', () => {
  test.each([
    ['rows are independent', apart(() => still)],
    ['windows swing', apart(swinging)],
    ['windows lean to one side or the other', apart(leaning)],
    ['windows are correlated by 0.5', correlated],
  ])('alarms are as rare as the level says, where %s', (_, swing) => {
    const found = alarms(3, swing, still)
    expect(found.distribution).toBeLessThan(most)
    expect(found.mean).toBeLessThan(most)
    expect(found.mean).toBeGreaterThan(0.01)
  })

  test('rows that resemble each other vary more than independent ones', () => {
    const random = makeRandom(5)
    const windows = Array.from({ length: 9 }, () => counted(random, swinging(random)))
    const found = windowedHomogeneity(windows.slice(0, 8), windows[8]!)
    expect((found as { dispersion: number }).dispersion).toBeGreaterThan(2)
  })
})

describe('with drift', () => {
  test('a cell that doubles is seen though windows swing', () => {
    const doubled = still.map((_, cell) => (cell === 7 ? 2.5 : 1))
    expect(
      alarms(
        4,
        apart(() => still),
        doubled,
      ).distribution,
    ).toBeGreaterThan(0.9)
    expect(
      alarms(
        4,
        apart(swinging),
        still.map((_, cell) => (cell === 7 ? 4 : 1)),
      ).distribution,
    ).toBeGreaterThan(0.9)
  })

  test('a new category is seen though the others swing', () => {
    const random = makeRandom(6)
    const old = Array.from({ length: 8 }, () => [...counted(random, swinging(random)), 0])
    const now = [...counted(random, swinging(random)), 40]
    const found = windowedDistribution(old, now)
    expect((found as { pValue: number }).pValue).toBeLessThan(1e-4)
  })
})

test('windows that are too few, or never vary, are refused', () => {
  const few = [
    [5, 5],
    [5, 5],
    [0, 0],
    [6, 4],
  ]
  expect(windowedHomogeneity(few, [5, 5])).toEqual({
    refused: expect.stringMatching(/in 3 windows like this one, and 4 are needed/),
  })
  const same = { n: 10, mean: 2 }
  expect(windowedMeanShift([same, same, same, same], { n: 10, mean: 2 })).toHaveProperty('refused')
})

describe('changes', () => {
  /** Days that hang together, with a rhythm of weeks and a step. */
  function series(random: Random, { days = 90, slope = 0.3, week = 1, step = 0, at = 90 } = {}): DailySeries {
    let noise = 0
    const values = Array.from({ length: days }, (_, day) => {
      noise = slope * noise + Math.sqrt(1 - slope ** 2) * random.normal()
      return 10 + noise + (day % 7 === 5 ? week : 0) + (day >= at ? step : 0)
    })
    return { values, weights: values.map(() => 80 + 40 * random.uniform()) }
  }

  test.each([
    { days: 30, slope: 0 },
    { days: 90, slope: 0.3 },
    { days: 150, slope: 0.6 },
  ])('are rarely found where there is none: $days days, correlated by $slope', (law) => {
    const random = makeRandom(7)
    let found = 0
    for (let world = 0; world < worlds; world++) {
      const point = changePoint(series(random, law))
      if (!('refused' in point) && point.pValue <= 0.05) found++
    }
    expect(found / worlds).toBeLessThan(most)
  })

  test('are found within a day or two, where the mean steps by two standard deviations', () => {
    const random = makeRandom(8)
    let [found, near] = [0, 0]
    for (let world = 0; world < worlds; world++) {
      const point = changePoint(series(random, { step: 2, at: 50 }))
      if ('refused' in point) continue
      if (point.pValue <= 0.01) found++
      if (Math.abs(point.at - 50) <= 2) near++
    }
    expect(found / worlds).toBeGreaterThan(0.85)
    expect(near / worlds).toBeGreaterThan(0.7)
  })

  test('that are two are both found, with the means between them', () => {
    const values = Array.from(
      { length: 120 },
      (_, day) => (day < 40 ? 1 : day < 80 ? 4 : 2) + (day % 3) * 0.1,
    )
    const all = changePoints({ values, weights: values.map(() => 100) }, 0.001)
    if ('refused' in all) throw new Error(all.refused)
    expect(all.found.map(({ at }) => at)).toEqual([40, 80])
    expect(all.found.map(({ before, after }) => [before, after].map((mean) => Math.round(mean)))).toEqual([
      [1, 4],
      [4, 2],
    ])
  })

  test('that jump without noise are certain, and a constant is no change', () => {
    const jump = Array.from({ length: 20 }, (_, day) => (day < 8 ? 0 : 1))
    expect(changePoint({ values: jump, weights: jump.map(() => 5) })).toMatchObject({ at: 8, pValue: 0 })
    const constant = jump.map(() => 0.3)
    expect(changePoint({ values: constant, weights: jump.map(() => 5) })).toHaveProperty('refused')
    expect(changePoint({ values: [1, 2, 3], weights: [1, 1, 1] })).toHaveProperty('refused')
  })
})
