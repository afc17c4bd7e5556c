import { describe, expect, test } from 'vitest'
import { densityJump } from '../../../../src/stats/causal/panel/density-jump.ts'
import { makeRandom } from '../../../../src/stats/index.ts'
import { known } from '../job-training.ts'

/** Scores whose density rises, of which a share is moved from just below the cutoff to just above it. */
function scores(seed: number, moved: number): Float64Array {
  const random = makeRandom(seed)
  return Float64Array.from({ length: 2000 }, () => {
    const x = 2 * Math.sqrt(random.uniform()) - 1
    return x < 0 && x > -0.1 && random.bernoulli(moved) ? -x : x
  })
}

describe('units around a cutoff', () => {
  test('that crowd nowhere are seldom said to', () => {
    let rejected = 0
    for (let seed = 1; seed <= 400; seed++)
      if (known(densityJump(scores(seed, 0), 0, 0.5)).pValue < 0.05) rejected++
    expect(Math.abs(rejected / 400 - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / 400))
  })

  test('that choose their side are found out; few say nothing', () => {
    expect(known(densityJump(scores(1, 0.6), 0, 0.5)).pValue).toBeLessThan(0.001)
    expect(densityJump([0.1, -0.1], 0, 1)).toEqual({
      refused: '2 units within the bandwidth, and 50 are needed',
    })
  })
})
