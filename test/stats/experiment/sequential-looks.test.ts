import { describe, expect, test } from 'vitest'
import {
  type AlwaysValidInference,
  type ArmMoments,
  asymptoticConfidenceSequence,
  cuped,
  defaultMixingVariance,
  differenceInMeans,
  groupSequentialTest,
  makeRandom,
  mergeMoments,
  mixtureTest,
  momentsOf,
  type Random,
  relativeLift,
  runningInference,
  spendingBoundaries,
  stagewisePValues,
} from '../../../src/stats/index.ts'
import { expectCase, methodCase } from './methods-reference.ts'
import { accepted } from './reference-cases.ts'

const look = (estimate: number, pValue: number, width: number): AlwaysValidInference => ({
  estimate,
  stdError: width / 3,
  ciLower: estimate - width,
  ciUpper: estimate + width,
  ciLevel: 0.95,
  pValue,
})

test('what was found at one look stays found', () => {
  const running = accepted(runningInference([look(1, 0.3, 2), look(2, 0.01, 1), look(1.5, 0.2, 1.6)]))
  expect(running.map(({ pValue }) => pValue)).toEqual([0.3, 0.01, 0.01])
  expect(running.map(({ crossed }) => crossed)).toEqual([false, true, true])
  expect(running.map(({ ciLower, ciUpper }) => [ciLower, ciUpper])).toEqual([
    [-1, 3],
    [1, 3],
    [1, 3],
  ])
  expect(runningInference([])).toEqual({ refused: expect.stringMatching(/no looks/) })
})

test('the mixing variance is that of a test with all units', () => {
  const arm = { n: 500, variance: 4 }
  expect(defaultMixingVariance(arm, arm)).toBeCloseTo((1.959963984540054 ** 2 * 8) / 1000, 12)
  expect(defaultMixingVariance({ n: 5, variance: 0 }, { n: 5, variance: 0 })).toEqual({
    refused: expect.stringMatching(/zero variance/),
  })
})

describe('group sequential', () => {
  const at = (information: number, z: number) => ({ information, estimate: z, stdError: 1 })

  test('stagewise p-values of three looks', () => {
    const { information, z, statistics } = methodCase('stagewise')
    expectCase('stagewise', { p: stagewisePValues(information, z, statistics) }, 1e-8)
  })

  test('uneven looks have the boundaries of the spending function, known as the looks come', () => {
    const information = [0.13, 0.5, 0.62, 1]
    for (const spending of ['obrien_fleming', 'pocock'] as const) {
      const all = accepted(
        groupSequentialTest(
          information.map((share) => at(share, 1)),
          { spending },
        ),
      )
      for (let looks = 1; looks < 4; looks++) {
        const some = accepted(
          groupSequentialTest(
            information.slice(0, looks).map((share) => at(share, 1)),
            { spending },
          ),
        )
        expect(some.map(({ boundary }) => boundary)).toEqual(
          all.slice(0, looks).map(({ boundary }) => boundary),
        )
      }
      expect(all[3]!.alphaSpent).toBeCloseTo(0.05, 12)
    }
    const reference = accepted(spendingBoundaries(information, 0.025))
    const test = accepted(groupSequentialTest(information.map((share) => at(share, 2.5))))
    expect(test.map(({ boundary }) => boundary)).toEqual(reference.z)
    expect(test.map(({ crossed }) => crossed)).toEqual([false, false, false, true])
    // What crosses has a p-value below the error spent by then, and what does not has one above.
    for (const { pValue, crossed, alphaSpent } of test) expect(pValue <= alphaSpent).toBe(crossed)
  })

  test('a crossing ends it: the p-value is that of the look which crossed', () => {
    const looks = accepted(groupSequentialTest([at(0.5, 4), at(1, 0.1)]))
    expect(looks.map(({ crossed }) => crossed)).toEqual([true, true])
    expect(looks[1]!.pValue).toBe(looks[0]!.pValue)
  })

  test('more or less information than planned spends exactly what is left', () => {
    expect(accepted(groupSequentialTest([at(0.5, 1), at(1.2, 1)]))[1]!.alphaSpent).toBeCloseTo(0.05, 12)
    expect(
      accepted(groupSequentialTest([at(0.5, 1), at(0.8, 1)], { isFinal: true }))[1]!.alphaSpent,
    ).toBeCloseTo(0.05, 12)
    expect(accepted(groupSequentialTest([at(0.5, 1), at(0.8, 1)]))[1]!.alphaSpent).toBeLessThan(0.04)
  })

  test('refuses looks out of order, none, and errors that are none', () => {
    const refused = (result: object) => expect(result).toEqual({ refused: expect.any(String) })
    refused(groupSequentialTest([]))
    refused(groupSequentialTest([at(0.5, 1), at(0.4, 1)]))
    refused(groupSequentialTest([at(1.5, 1), at(1.7, 1)]))
    refused(groupSequentialTest([{ information: 0.5, estimate: 1, stdError: 0 }]))
    refused(groupSequentialTest([at(0.5, 1)], { ciLevel: 1 }))
  })
})

describe('twenty looks at no effect, 600 runs: at most 5 in 100 find one (4 Monte-Carlo standard errors let pass)', () => {
  const none: ArmMoments = {
    n: 0,
    mean: 0,
    variance: 0,
    covariateMean: 0,
    covariateVariance: 0,
    covariance: 0,
  }
  const batch = (random: Random): ArmMoments => {
    const before = Float64Array.from({ length: 40 }, () => 20 + 3 * random.normal())
    return momentsOf(
      before.map((x) => 10 + 0.8 * (x - 20) + 2 * random.normal()),
      before,
    )
  }
  const runs = 600
  const looks = 20
  const found = { lift: 0, cuped: 0, cupedLift: 0, oneSided: 0, mixture: 0, obrien: 0, pocock: 0, fixed: 0 }
  const random = makeRandom(314)
  for (let run = 0; run < runs; run++) {
    random.reseed(run)
    let t = none
    let c = none
    const seen = { lift: [], cuped: [], cupedLift: [], oneSided: [], mixture: [] } as Record<
      string,
      AlwaysValidInference[]
    >
    const path: { information: number; estimate: number; stdError: number }[] = []
    let fixed = false
    for (let look = 1; look <= looks; look++) {
      t = mergeMoments(t, batch(random))
      c = mergeMoments(c, batch(random))
      const n = t.n + c.n
      const options = { tuningUnits: 800 }
      const lift = accepted(relativeLift(t, c))
      const adjusted = accepted(cuped(t, c))
      seen.lift!.push(accepted(asymptoticConfidenceSequence(lift, n, options)))
      seen.cuped!.push(accepted(asymptoticConfidenceSequence(adjusted, n, options)))
      seen.cupedLift!.push(
        accepted(asymptoticConfidenceSequence(accepted(cuped(t, c, { scale: 'relative' })), n, options)),
      )
      seen.oneSided!.push(
        accepted(asymptoticConfidenceSequence(lift, n, { ...options, alternative: 'greater' })),
      )
      seen.mixture!.push(accepted(mixtureTest(adjusted, 0.05)))
      const difference = accepted(differenceInMeans(t, c))
      if (look % 4 === 0 || look === 6) path.push({ ...difference, information: look / looks })
      fixed ||= lift.pValue < 0.05
    }
    for (const key of ['lift', 'cuped', 'cupedLift', 'oneSided', 'mixture'] as const)
      if (accepted(runningInference(seen[key]!)).at(-1)!.crossed) found[key]++
    for (const [key, spending] of [
      ['obrien', 'obrien_fleming'],
      ['pocock', 'pocock'],
    ] as const)
      if (run < 300 && accepted(groupSequentialTest(path, { spending })).at(-1)!.crossed) found[key]++
    if (fixed) found.fixed++
  }
  const limit = (n: number) => 0.05 + 4 * Math.sqrt((0.05 * 0.95) / n)

  test.each(['lift', 'cuped', 'cupedLift', 'oneSided', 'mixture'] as const)('%s', (key) => {
    expect(found[key] / runs).toBeLessThan(limit(runs))
  })

  test.each(['obrien', 'pocock'] as const)('%s, with uneven looks, spends its error and no more', (key) => {
    expect(Math.abs(found[key] / 300 - 0.05)).toBeLessThan(limit(300) - 0.05)
  })

  test('the fixed-horizon p-value does not hold', () => {
    expect(found.fixed / runs).toBeGreaterThan(0.15)
  })
})
