import { describe, expect, test } from 'vitest'
import { type InstrumentalEffect, twoStageLeastSquares } from '../../../src/stats/causal/instrumental.ts'
import { robustTwoStageLeastSquares } from '../../../src/stats/causal/instrumental-rows.ts'
import { jointMomentsOf, makeRandom } from '../../../src/stats/index.ts'
import { hasReferenceData } from '../../reference-data.ts'
import { readColumns, readResults } from './published.ts'

function known(result: ReturnType<typeof twoStageLeastSquares>): InstrumentalEffect {
  if ('refused' in result) throw new Error(result.refused)
  return result
}

/** A treatment and an outcome that share a hidden cause; the effect is 2, least squares says more. */
function drawn(strength: number, seed: number, n = 2000) {
  const random = makeRandom(seed)
  const [z, d, y, w] = [0, 1, 2, 3].map(() => new Float64Array(n)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  for (let unit = 0; unit < n; unit++) {
    const hidden = random.normal()
    w[unit] = random.normal()
    z[unit] = random.normal() + 0.5 * w[unit]!
    d[unit] = strength * z[unit]! + hidden + w[unit]! + random.normal()
    y[unit] = 2 * d[unit]! + 2 * hidden - w[unit]! + random.normal()
  }
  return jointMomentsOf(y, d, z, w)
}

const roles = { outcome: 0, treatment: 1, instruments: [2], controls: [3] }

describe.runIf(hasReferenceData())(
  'the return to schooling, with the nearness of a college (Card 1995)',
  () => {
    const { column } = readColumns('card')
    const regions = [662, 663, 664, 665, 666, 667, 668, 669].map((region) => `reg${region}`)
    const controls = ['exper', 'expersq', 'black', 'smsa', 'south', 'smsa66', ...regions]
    const moments = jointMomentsOf(...['lwage', 'educ', 'nearc4', ...controls].map(column))
    const effect = known(
      twoStageLeastSquares(moments, {
        ...{ outcome: 0, treatment: 1, instruments: [2] },
        controls: controls.map((_, index) => index + 3),
      }),
    )
    const { iv_nearc4: wanted, ols } = readResults('card').computed.R

    test('is as in R', () => {
      expect(effect.estimate).toBeCloseTo(wanted.educ, 9)
      expect(effect.stdError).toBeCloseTo(wanted.se, 9)
      expect(effect.firstStageF).toBeCloseTo(wanted.first_stage_F, 6)
      expect(effect.wuHausmanF).toBeCloseTo(wanted.wu_hausman_F, 6)
      expect(effect.leastSquares).toBeCloseTo(ols.coef.educ, 9)
    })

    test('has the robust error of R', () => {
      const robust = robustTwoStageLeastSquares({
        n: moments.n,
        outcome: column('lwage'),
        treatment: column('educ'),
        instruments: [column('nearc4')],
        controls: controls.map(column),
      })
      if ('refused' in robust) throw new Error(robust.refused)
      expect(robust.estimate).toBeCloseTo(wanted.educ, 9)
      expect(robust.stdError).toBeCloseTo(wanted.se_HC1, 9)
    })
  },
)

describe('two-stage least squares', () => {
  test('finds the effect that least squares misses, and says that they differ', () => {
    const effect = known(twoStageLeastSquares(drawn(1, 1), roles))
    expect(Math.abs(effect.estimate - 2)).toBeLessThan(4 * effect.stdError)
    expect(effect.leastSquares).toBeGreaterThan(2.4)
    expect(effect.wuHausmanPValue).toBeLessThan(1e-6)
    expect(effect.firstStageF).toBeGreaterThan(100)
    expect(effect.andersonRubin).toMatchObject({ kind: 'interval' })
  })

  test('covers as often as it says, and Anderson and Rubin do with a weak instrument too', () => {
    const replications = 400
    let [strong, weak] = [0, 0]
    for (let seed = 0; seed < replications; seed++) {
      const good = known(twoStageLeastSquares(drawn(0.5, seed, 400), roles))
      if (good.ciLower <= 2 && 2 <= good.ciUpper) strong++
      const poor = known(twoStageLeastSquares(drawn(0.03, seed + 1000, 400), roles))
      const set = poor.andersonRubin
      const isIn =
        set.kind === 'line' ||
        (set.kind !== 'empty' && set.lower <= 2 && 2 <= set.upper) === (set.kind === 'interval')
      if (isIn) weak++
    }
    // Four Monte Carlo errors of a share of 0.95 are 0.044.
    expect(Math.abs(strong / replications - 0.95)).toBeLessThan(0.044)
    expect(Math.abs(weak / replications - 0.95)).toBeLessThan(0.044)
  })

  test('is the ratio of two slopes with one instrument and no controls', () => {
    const moments = drawn(1, 3)
    const effect = known(twoStageLeastSquares(moments, { ...roles, controls: [] }))
    expect(effect.estimate).toBeCloseTo(moments.covariances[2]![0]! / moments.covariances[2]![1]!, 10)
  })

  test('is refused without an instrument that moves anything', () => {
    const none = drawn(1, 4)
    expect(twoStageLeastSquares(none, { ...roles, instruments: [] })).toEqual({
      refused: 'no instrument is named',
    })
    const y = [1, 2, 3, 4, 5, 6]
    const still = jointMomentsOf(y, [0, 1, 0, 1, 0, 1], [1, 1, 2, 2, 3, 3])
    expect(twoStageLeastSquares(still, { ...roles, controls: [] })).toEqual({
      refused: 'the instruments do not move the treatment',
    })
    const doubled = jointMomentsOf(y, [2, 1, 4, 1, 0, 1], [1, 1, 2, 2, 3, 3], [2, 2, 4, 4, 6, 6])
    expect(twoStageLeastSquares(doubled, { ...roles, instruments: [2, 3], controls: [] })).toMatchObject({
      refused: expect.stringContaining('instrument 2 is a combination'),
    })
  })
})
