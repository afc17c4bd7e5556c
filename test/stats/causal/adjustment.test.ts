import { describe, expect, test } from 'vitest'
import { covariateBalance } from '../../../src/stats/causal/diagnostics/balance.ts'
import { type EntropyBalancedEffect, entropyBalancing } from '../../../src/stats/causal/entropy-balancing.ts'
import { matchedEffect, neighbourMatching } from '../../../src/stats/causal/matched-effect.ts'
import { matchNearest } from '../../../src/stats/causal/matching.ts'
import { propensityStrata, stratifiedEffect } from '../../../src/stats/causal/stratification.ts'
import { type TreatedUnits, treatedUnits } from '../../../src/stats/causal/units.ts'
import { makeRandom } from '../../../src/stats/index.ts'
import { fitBinary } from '../../../src/stats/regression/binary-regression.ts'
import { withIntercept } from '../../../src/stats/regression/design.ts'
import { hasReferenceData } from '../../reference-data.ts'
import { jobTrainings, known, readJobTraining } from './job-training.ts'
import { readColumns } from './published.ts'

const hasData = hasReferenceData()

/** A covariate that moves treatment and outcome; the effect is 1 + x, so 1 on all and more on the treated. */
function drawn(seed: number, n: number): { units: TreatedUnits; onTreated: number } {
  const random = makeRandom(seed)
  const x = Float64Array.from({ length: n }, () => random.normal())
  const z = Float64Array.from({ length: n }, () => random.normal())
  const treatment = Uint8Array.from(x, (value, unit) =>
    random.bernoulli(1 / (1 + Math.exp(0.3 - 0.8 * value + 0.4 * z[unit]!))) ? 1 : 0,
  )
  const outcome = x.map(
    (value, unit) => 2 * value + z[unit]! + treatment[unit]! * (1 + value) + random.normal(),
  )
  const treated = [...treatment.keys()].filter((unit) => treatment[unit] === 1)
  const onTreated = treated.reduce((sum, unit) => sum + 1 + x[unit]!, 0) / treated.length
  return { units: treatedUnits(treatment, outcome, [x, z]), onTreated }
}

function coverage(runs: number, covers: (seed: number) => boolean): number {
  let count = 0
  for (let seed = 1; seed <= runs; seed++) if (covers(seed)) count++
  return count / runs
}

describe.runIf(hasData).each(jobTrainings)('%s', (name) => {
  const { units, propensity, computed, results } = readJobTraining(name)
  const e = propensity.probabilities

  test('strata by fifths have the effects that were computed elsewhere', () => {
    const strata = propensityStrata(e)
    for (const target of ['ate', 'att'] as const) {
      const effect = known(stratifiedEffect(units, strata, { target }))
      expect(Math.abs(effect.estimate / computed.ps_quintile_strat[target] - 1)).toBeLessThan(1e-6)
    }
  })

  test.runIf(name === 'lalonde_matchit')("MatchIt's subclasses have its effect", () => {
    const strata = propensityStrata(e, {
      count: 6,
      closed: 'left',
      among: (unit) => units.treatment[unit] === 1,
    })
    const wanted = results.computed.R.subclass6.effect.att
    expect(known(stratifiedEffect(units, strata, { target: 'att' })).estimate).toBeCloseTo(wanted, 6)
    // Exact cells of race, marriage and degree.
    const [black, hispan, married, nodegree] = [3, 4, 5, 6].map(
      (index) => units.propensityDesign.columns[index]!,
    )
    const cells = Int32Array.from(
      black!,
      (value, unit) => value + 2 * hispan![unit]! + 4 * married![unit]! + 8 * nodegree![unit]!,
    )
    const exact = known(stratifiedEffect(units, cells, { target: 'att' }))
    expect(exact.estimate).toBeCloseTo(results.computed.R.exact_race_married_nodegree.effect.att, 6)
  })

  test('neighbours that share where equally near have the effects that were computed elsewhere', () => {
    for (const target of ['ate', 'att'] as const) {
      const wanted = computed[`nn1_replace_ties_averaged_${target}`]
      expect(Math.abs(known(neighbourMatching(units, e, { target })).estimate / wanted - 1)).toBeLessThan(
        1e-6,
      )
    }
    const matching = matchNearest(e, units.treatment, { replacement: true })
    const effect = known(matchedEffect(units, matching, { replacement: true, score: e }))
    expect(effect.estimate).toBeCloseTo(computed.nn1_replace_att, 6)
  })

  test('entropy weights balance every mean for every target', () => {
    for (const [target, arm] of [
      ['att', 1],
      ['atc', 0],
      ['ate', undefined],
    ] as const) {
      const { weights } = known(entropyBalancing(units, { target })) as EntropyBalancedEffect
      for (const column of units.propensityDesign.columns.slice(1)) {
        const inTarget = column.filter((_, unit) => arm === undefined || units.treatment[unit] === arm)
        const goal = inTarget.reduce((sum, value) => sum + value, 0) / inTarget.length
        const [balance] = covariateBalance(units.treatment, [column], { weights })
        expect(Math.abs(balance!.meanTreated - goal)).toBeLessThan(1e-7 * (1 + Math.abs(goal)))
        expect(Math.abs(balance!.meanControl - goal)).toBeLessThan(1e-7 * (1 + Math.abs(goal)))
      }
    }
  })
})

describe.runIf(hasData)('smoking and birth weight (Cattaneo 2010), matched by a logit', () => {
  const { n, column } = readColumns('cattaneo2')
  const design = withIntercept(n, ['mmarried_', 'mage', 'mage2', 'fbaby_', 'medu'].map(column))
  const units: TreatedUnits = {
    n,
    treatment: Uint8Array.from(column('mbsmoke_')),
    outcome: column('bweight'),
    propensityDesign: design,
    outcomeDesign: design,
  }
  const propensity = known(fitBinary(design, units.treatment))

  test("is Stata's teffects psmatch, with its standard error", () => {
    const effect = known(neighbourMatching(units, propensity.probabilities, { score: propensity }))
    // Stata 14 manual, [TE] teffects psmatch, example 1.
    expect(effect.estimate).toBeCloseTo(-210.9683, 4)
    expect(effect.stdError).toBeCloseTo(32.021, 3)
    const treated = known(
      neighbourMatching(units, propensity.probabilities, { target: 'att', score: propensity }),
    )
    expect(treated.estimate).toBeCloseTo(-236.7848, 4)
  })
})

describe('intervals cover as often as they say', () => {
  const runs = 300
  // Four Monte Carlo errors of a share of 0.95.
  const slack = 4 * Math.sqrt((0.95 * 0.05) / runs)

  test('of entropy balancing', () => {
    const share = coverage(runs, (seed) => {
      const { ciLower, ciUpper } = known(entropyBalancing(drawn(seed, 600).units))
      return ciLower <= 1 && 1 <= ciUpper
    })
    expect(Math.abs(share - 0.95)).toBeLessThan(slack)
  })

  test('of neighbours, the propensity being estimated', () => {
    const share = coverage(runs, (seed) => {
      const { units } = drawn(seed, 500)
      const propensity = known(fitBinary(units.propensityDesign, units.treatment))
      const { ciLower, ciUpper } = known(
        neighbourMatching(units, propensity.probabilities, { score: propensity }),
      )
      return ciLower <= 1 && 1 <= ciUpper
    })
    expect(Math.abs(share - 0.95)).toBeLessThan(slack)
  })

  test('of exact strata', () => {
    const share = coverage(runs, (seed) => {
      const random = makeRandom(seed)
      const strata = Int32Array.from({ length: 500 }, () => random.int(4))
      const treatment = Uint8Array.from(strata, (stratum) => (random.bernoulli(0.2 + 0.2 * stratum) ? 1 : 0))
      const outcome = Float64Array.from(strata, (s, unit) => 3 * s + 2 * treatment[unit]! + random.normal())
      const { ciLower, ciUpper } = known(stratifiedEffect({ n: 500, treatment, outcome }, strata))
      return ciLower <= 2 && 2 <= ciUpper
    })
    expect(Math.abs(share - 0.95)).toBeLessThan(slack)
  })
})

describe('refusals', () => {
  const { units } = drawn(1, 200)

  test('of strata without both arms', () => {
    const strata = Int32Array.from(units.treatment, (treated) => treated)
    expect(stratifiedEffect(units, strata)).toEqual({ refused: 'no overlap: stratum 0 has no treated unit' })
  })

  test('of weights that cannot balance', () => {
    // The treated all lie beyond the others.
    const x = Float64Array.from(units.treatment, (treated, unit) => 3 * treated + (unit % 7) / 7)
    const apart = treatedUnits(units.treatment, units.outcome, [x])
    expect(entropyBalancing(apart)).toMatchObject({
      refused: expect.stringContaining('cannot be weighted to the means of the target'),
    })
  })

  test('of matches that nobody finds', () => {
    const score = Float64Array.from(units.treatment, (treated) => treated)
    expect(neighbourMatching(units, score, { caliper: 0.5 })).toEqual({
      refused: 'no unit of the target found a match',
    })
  })
})
