import { describe, expect, test } from 'vitest'
import { augmentedWeighting, weightedRegressionAdjustment } from '../../../src/stats/causal/doubly-robust.ts'
import type { CausalEffect } from '../../../src/stats/causal/effect.ts'
import { regressionAdjustment } from '../../../src/stats/causal/outcome-regression.ts'
import { type TreatedUnits, treatedUnits } from '../../../src/stats/causal/units.ts'
import { effectiveSampleSize, inverseProbabilityWeighting } from '../../../src/stats/causal/weighting.ts'
import { isRefused, type Refusal } from '../../../src/stats/refusal.ts'
import {
  type BinaryFit,
  type BinaryLink,
  fitBinary,
} from '../../../src/stats/regression/binary-regression.ts'
import { withIntercept } from '../../../src/stats/regression/design.ts'
import { hasReferenceData } from '../../reference-data.ts'
import { readColumns, readResults } from './published.ts'

const hasData = hasReferenceData()

function known<T extends object>(result: T | Refusal): T {
  if (isRefused(result)) throw new Error(result.refused)
  return result
}

function propensityOf(units: TreatedUnits, link: BinaryLink = 'logit'): BinaryFit {
  return known(fitBinary(units.propensityDesign, units.treatment, { link }))
}

/** Relative difference. */
function expectNear(found: number, wanted: number, tolerance: number): void {
  expect(Math.abs(found / wanted - 1)).toBeLessThan(tolerance)
}

describe.runIf(hasData)('smoking and birth weight (Cattaneo 2010), by probit', () => {
  const { n, column } = readColumns('cattaneo2')
  const [married, first, prenatal] = ['mmarried_', 'fbaby_', 'prenatal1_'].map(column)
  const units: TreatedUnits = {
    n,
    treatment: Uint8Array.from(column('mbsmoke_')),
    outcome: column('bweight'),
    propensityDesign: withIntercept(n, [married!, column('mage'), column('mage2'), first!, column('medu')]),
    outcomeDesign: withIntercept(n, [prenatal!, married!, column('mage'), first!]),
  }
  const propensity = propensityOf(units, 'probit')
  const results = readResults('cattaneo2').computed.python
  const { probit_ps: reference } = results
  const stata = reference.stata_reference

  test('the propensity is that of statsmodels', () => {
    expectNear(propensity.logLikelihood, reference.ps_loglik, 1e-10)
    for (const [index, wanted] of reference.ps_params.entries())
      expectNear(propensity.coefficients[index]!, wanted, 1e-6)
  })

  const byMethod: Record<string, (target: 'ate' | 'att') => CausalEffect | Refusal> = {
    ra: (target) => regressionAdjustment(units, { target }),
    ipw: (target) => inverseProbabilityWeighting(units, propensity, { target }),
    aipw: (target) => augmentedWeighting(units, propensity, { target }),
    ipw_ra: (target) => weightedRegressionAdjustment(units, propensity, { target }),
  }
  const cases = Object.keys(byMethod).flatMap((method) =>
    (['ate', 'att'] as const).flatMap((target) =>
      stata[method][target] === null ? [] : [[method, target] as const],
    ),
  )

  test.each(cases)('%s of the %s is as in Stata, with its standard error', (method, target) => {
    const effect = known(byMethod[method]!(target))
    expectNear(effect.estimate, stata[method][target], 1e-8)
    expectNear(effect.stdError, stata[method][`${target}_se`], 1e-5)
    if (target === 'ate') expectNear(effect.meanControl, stata[method].pom0, 1e-8)
  })

  test('other conventions are as computed elsewhere', () => {
    const weighted = (target: 'ato' | 'ate', form?: 'horvitz_thompson') =>
      known(inverseProbabilityWeighting(units, propensity, { target, ...(form && { form }) })).estimate
    expectNear(weighted('ato'), reference.overlap_weights_ato, 1e-6)
    expectNear(weighted('ate', 'horvitz_thompson'), reference.ipw_ht_ate, 1e-6)
    const plain = known(augmentedWeighting(units, propensity, { errors: 'influence' }))
    expectNear(plain.stdError, reference.aipw_ate_if_se, 2e-4)
  })
})

describe.runIf(hasData).each([
  ['nsw_dw', ['age', 'educ', 'black', 'hisp', 'marr', 'nodegree', 're74', 're75']],
  ['lalonde_matchit', ['age', 'educ', 'black', 'hispan', 'married', 'nodegree', 're74', 're75']],
])('%s, by logit', (name, covariates) => {
  const { n, column, says } = readColumns(name)
  // One of the two has the race as text.
  const inText = name === 'lalonde_matchit' ? ['black', 'hispan'] : []
  const rows = covariates.map((covariate) =>
    inText.includes(covariate) ? says('race', covariate) : column(covariate),
  )
  const units = treatedUnits(Uint8Array.from(column('treat')), column('re78'), rows)
  const propensity = propensityOf(units)
  const reference = readResults(name).computed.python.causal_logit_ols

  test('has the propensity, effects and errors that were computed elsewhere', () => {
    expect(n).toBe(reference.n)
    expectNear(propensity.logLikelihood, reference.ps_loglik, 1e-10)
    for (const [index, wanted] of reference.ps_params.entries())
      expectNear(propensity.coefficients[index]!, wanted, 1e-6)
    const weighted = (target: 'ate' | 'att' | 'atc' | 'ato') =>
      known(inverseProbabilityWeighting(units, propensity, { target })).estimate
    expectNear(weighted('ate'), reference.ipw_hajek_ate, 1e-6)
    expectNear(weighted('att'), reference.ipw_hajek_att, 1e-6)
    expectNear(weighted('atc'), reference.ipw_hajek_atc, 1e-6)
    expectNear(weighted('ato'), reference.overlap_weights_ato, 1e-6)
    expectNear(known(regressionAdjustment(units)).estimate, reference.ra_ate, 1e-6)
    expectNear(known(regressionAdjustment(units, { target: 'att' })).estimate, reference.ra_att, 1e-6)
    for (const target of ['ate', 'att'] as const) {
      const effect = known(augmentedWeighting(units, propensity, { target, errors: 'influence' }))
      expectNear(effect.estimate, reference[`aipw_${target}`], 1e-6)
      // Theirs divides by n − 1, and on the treated by their number as known.
      expectNear(effect.stdError, reference[`aipw_${target}_if_se`], 2e-3)
    }
  })

  test('keeps as many units as it says', () => {
    const weights = Array.from(propensity.probabilities, (e) => 1 / e).filter(
      (_, unit) => units.treatment[unit] === 1,
    )
    expectNear(effectiveSampleSize(weights), reference.ess_treated_ate, 1e-6)
  })
})
