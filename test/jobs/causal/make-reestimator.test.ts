import { describe, expect, test } from 'vitest'
import type { CausalEstimator, MatchingPlan } from '../../../src/core/causal-spec.ts'
import { makeReestimator } from '../../../src/jobs/causal/refute/make-reestimator.ts'
import { drawnUnits, type RefutedUnits } from '../../../src/jobs/causal/refute/refuted-units.ts'
import { drawPerturbation, perturbedUnits } from '../../../src/stats/causal/refuters/perturbation.ts'
import { treatedUnits } from '../../../src/stats/causal/units.ts'
import { isRefused, makeRandom } from '../../../src/stats/index.ts'

const n = 600
const effect = 2

function world() {
  const random = makeRandom(11)
  const values = () => Float64Array.from({ length: n }, () => random.normal())
  const [age, hidden, moved] = [values(), values(), values()]
  const treatment = Uint8Array.from(age, (value, unit) =>
    random.bernoulli(1 / (1 + Math.exp(-value - moved[unit]!))) ? 1 : 0,
  )
  const mediator = Float64Array.from(treatment, (treated) => treated + random.normal())
  const outcome = age.map((value, unit) => value + effect * treatment[unit]! + hidden[unit]!)
  const won = mediator.map((value) => 0.5 * value + random.normal())
  return { age, moved, treatment, mediator, outcome, won }
}

const { age, moved, treatment, mediator, outcome, won } = world()
const folds = [Uint8Array.from(age, (_, unit) => unit % 5)]
const halves = Int32Array.from(age, (value) => (value > 0 ? 1 : 0))
const adjusted: RefutedUnits = {
  ...{ kind: 'adjusted', units: treatedUnits(treatment, outcome, [age]), folds, strata: null },
}
const amounts = { n, treatment: Float64Array.from(treatment), outcome, instruments: [], controls: [age] }

const matching: MatchingPlan & { method: 'propensity_matching'; name: string } = {
  ...{ method: 'propensity_matching', name: 'm', ratio: 1, replacement: true, distance: 'logit' },
  ...{ caliperScale: 'sd', exact: [], order: 'largest', ties: 'share', errors: 'known_score' },
  varianceNeighbours: 2,
}
const strata = { strata: 5, among: 'all', closed: 'right', exact: [] } as const

const cases: readonly [string, RefutedUnits, CausalEstimator, 'ate' | 'att', number][] = [
  ['aipw', adjusted, { method: 'aipw', name: 'a', errors: 'stacked' }, 'ate', effect],
  ['dml_irm', adjusted, { method: 'dml_irm', name: 'a', folds: 5, repetitions: 1 }, 'att', effect],
  ['dml_plr', adjusted, { method: 'dml_plr', name: 'a', folds: 5, repetitions: 1 }, 'ate', effect],
  ['matching', adjusted, matching, 'ate', effect],
  ['pairs', adjusted, { ...matching, replacement: false, ties: 'first', caliper: 0.2 }, 'att', effect],
  ['exact matching', { ...adjusted, strata: halves }, { ...matching, exact: ['half'] }, 'att', effect],
  ['stratification', adjusted, { method: 'stratification', name: 's', ...strata }, 'ate', effect],
  ['entropy_balancing', adjusted, { method: 'entropy_balancing', name: 'e' }, 'ate', effect],
  [
    'least squares',
    { kind: 'linear', units: amounts },
    { method: 'regression_adjustment', name: 'r' },
    'ate',
    effect,
  ],
  [
    'amounts',
    { kind: 'amounts', units: amounts, folds },
    { method: 'dml_plr', name: 'a', folds: 5, repetitions: 1 },
    'ate',
    effect,
  ],
  [
    'instrument',
    { kind: 'linear', units: { ...amounts, instruments: [moved] } },
    { method: 'two_stage_least_squares', name: 'i' },
    'ate',
    effect,
  ],
  [
    'frontdoor',
    { kind: 'mediated', units: { n, treatment, outcome: won, mediators: [mediator], covariates: [] } },
    { method: 'frontdoor', name: 'f' },
    'ate',
    0.5,
  ],
]

describe('an estimate is made anew', () => {
  test.each(cases)('%s', (_, refuted, estimator, target, truth) => {
    const reestimate = makeReestimator(refuted, estimator, target, 1)
    if (isRefused(reestimate)) throw new Error(reestimate.refused)
    const units = drawnUnits(refuted)
    const means = (
      refuter: 'placebo_treatment' | 'dummy_outcome' | 'random_common_cause' | 'data_subset' | 'bootstrap',
    ) => {
      const found = Array.from({ length: 12 }, (_, simulation) =>
        Number(reestimate(drawPerturbation(refuter, units, simulation))),
      )
      return found.reduce((sum, value) => sum + value, 0) / found.length
    }
    expect(Math.abs(means('placebo_treatment'))).toBeLessThan(0.2)
    expect(Math.abs(means('dummy_outcome'))).toBeLessThan(0.2)
    for (const refuter of ['random_common_cause', 'data_subset', 'bootstrap'] as const)
      expect(Math.abs(means(refuter) - truth)).toBeLessThan(0.35)
  })

  test('of units that count as often as they are drawn, as if they were written so', () => {
    const { counts } = drawPerturbation('bootstrap', { n, treatment, outcome }, 1)
    const chosen = perturbedUnits(adjusted.units as never, { counts: counts! })
    const again = makeReestimator(
      { kind: 'linear', units: { ...amounts, ...written(chosen) } },
      { method: 'regression_adjustment', name: 'r' },
      'ate',
      1,
    )
    const counted = makeReestimator(
      { kind: 'linear', units: amounts },
      { method: 'regression_adjustment', name: 'r' },
      'ate',
      1,
    )
    if (isRefused(again) || isRefused(counted)) throw new Error('refused')
    expect(counted({ counts: counts! })).toBeCloseTo(Number(again({})), 10)
  })
})

function written({
  n: size,
  treatment: own,
  outcome: values,
  outcomeDesign,
}: ReturnType<typeof perturbedUnits>) {
  return {
    n: size,
    treatment: Float64Array.from(own),
    outcome: values,
    controls: outcomeDesign.columns.slice(1),
  }
}
