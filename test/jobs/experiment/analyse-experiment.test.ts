import { describe, expect, test } from 'vitest'
import { analyseExperiment } from '../../../src/jobs/experiment/analyse-experiment.ts'
import { adjustPValues, cuped, differenceInMeans, momentsOf, relativeLift } from '../../../src/stats/index.ts'
import { accepted } from '../../stats/experiment/reference-cases.ts'
import { cellsOf, origin, revenue, sampleEvidence, sampleSpec, sampleUnits } from './sample-experiment.ts'

const units = sampleUnits(2000, { lift: 0.05 })
const column = (arm: string, name: 'revenue' | 'before', country?: string) =>
  units
    .filter((unit) => unit.arm === arm && (country === undefined || unit.country === country))
    .map((unit) => unit[name])
const arm = (name: string, country?: string) =>
  momentsOf(column(name, 'revenue', country), column(name, 'before', country))

describe('an experiment', () => {
  const tables = analyseExperiment(sampleSpec(), sampleEvidence(cellsOf(units)), origin)
  const find = (method: string, segmentValue: string | null = null, outcome = 'revenue') =>
    tables.estimates.find(
      (row) => row.method === method && row.segmentValue === segmentValue && row.outcome === outcome,
    )!

  test('is estimated by every method that applies, as row by row', () => {
    const expected = {
      difference_in_means: differenceInMeans(arm('treatment'), arm('control')),
      relative_lift: relativeLift(arm('treatment'), arm('control')),
      cuped: cuped(arm('treatment'), arm('control')),
      cuped_relative: cuped(arm('treatment'), arm('control'), { scale: 'relative' }),
    }
    for (const [method, result] of Object.entries(expected)) {
      const { estimate, stdError, ciLower, ciUpper, pValue } = accepted(result)
      expect(find(method)).toMatchObject({ status: 'ok', n: 2000, nTreated: 1000, ciKind: 'fixed_horizon' })
      expect(find(method).estimate).toBeCloseTo(estimate, 10)
      expect(find(method).stdError).toBeCloseTo(stdError, 10)
      expect(find(method).ciLower).toBeCloseTo(ciLower, 10)
      expect(find(method).ciUpper).toBeCloseTo(ciUpper, 10)
      expect(find(method).pValue).toBeCloseTo(pValue, 12)
    }
    expect(find('proportion_z_test', null, 'converted').status).toBe('ok')
    expect(
      tables.estimates.filter(({ outcome, method }) => outcome === 'converted' && method === 'cuped'),
    ).toEqual([])
  })

  test('is estimated in each segment, with whether it differs between them', () => {
    const { estimate } = accepted(differenceInMeans(arm('treatment', 'se'), arm('control', 'se')))
    expect(find('difference_in_means', 'se').estimate).toBeCloseTo(estimate, 10)
    const [q] = tables.estimates.filter(
      ({ estimand, outcome }) => estimand === 'heterogeneity' && outcome === 'revenue',
    )
    const parts = ['de', 'se'].map((country) =>
      accepted(cuped(arm('treatment', country), arm('control', country))),
    )
    const z = (parts[0]!.estimate - parts[1]!.estimate) / Math.hypot(parts[0]!.stdError, parts[1]!.stdError)
    expect(q!.diagnostics.q).toBeCloseTo(z * z, 8)
    expect(q).toMatchObject({ segmentName: 'country', segmentValue: null })
  })

  test('says what of the arms the estimates are made of', () => {
    expect(find('difference_in_means').diagnostics).toMatchObject({ missing_outcomes: 0 })
    expect(find('difference_in_means').diagnostics.mean_treated).toBeCloseTo(arm('treatment').mean, 10)
    expect(find('cuped').diagnostics.variance_reduction).toBeGreaterThan(0.5)
  })

  test('writes the same whatever the order of its cells', () => {
    const shuffled = analyseExperiment(sampleSpec(), sampleEvidence(cellsOf(units).reverse()), origin)
    expect(shuffled).toEqual(tables)
  })
})

describe('p-values of several goals', () => {
  const outcomes = [revenue, { ...revenue, name: 'again' }, { ...revenue, name: 'third' }]
  const cells = outcomes.flatMap(({ name }, seed) =>
    cellsOf(sampleUnits(1000, { seed: seed + 2, lift: 0.02 }), ['revenue']).map((cell) => ({
      ...cell,
      outcome: name,
    })),
  )

  test('are adjusted in one family of each method and segment', () => {
    const { estimates } = analyseExperiment(sampleSpec({ outcomes }), sampleEvidence(cells), origin)
    const family = estimates.filter(({ method, segmentName }) => method === 'cuped' && segmentName === null)
    const expected = adjustPValues(
      family.map(({ pValue }) => pValue!),
      'holm',
    ) as number[]
    expect(family.map(({ pValueAdjusted }) => pValueAdjusted)).toEqual(expected)
    expect(family[0]!.diagnostics).toMatchObject({ correction: 'holm', family_size: 3 })
    for (const { ciLower, diagnostics } of family)
      expect(diagnostics.ci_lower_adjusted).toBeLessThanOrEqual(ciLower!)
  })

  test('stay as they are without a correction', () => {
    const spec = sampleSpec({ outcomes, multiplicity: { correction: 'none', family: 'goals' } })
    const { estimates } = analyseExperiment(spec, sampleEvidence(cells), origin)
    expect(estimates.every(({ pValueAdjusted }) => pValueAdjusted === null)).toBe(true)
  })
})

describe('lifts are refused', () => {
  test('with the reason, when an arm is empty', () => {
    const cells = cellsOf(units).filter((cell) => cell.arm === 'control')
    const spec = sampleSpec({ health: [] })
    const { estimates } = analyseExperiment(spec, sampleEvidence(cells), origin)
    expect(new Set(estimates.map(({ status }) => status))).toEqual(new Set(['refused']))
    expect(estimates[0]!.reason).toBe("no units in arm 'treatment'")
  })

  test('all of them, when the arms are not as large as planned', () => {
    const few = [
      ...units.filter((unit) => unit.arm === 'control'),
      ...units.filter(({ arm }) => arm !== 'control').slice(0, 800),
    ]
    const tables = analyseExperiment(sampleSpec(), sampleEvidence(cellsOf(few)), origin)
    const lifts = tables.estimates.filter(({ estimand }) => estimand !== 'sample_ratio')
    expect(new Set(lifts.map(({ status }) => status))).toEqual(new Set(['refused']))
    expect(lifts[0]!.reason).toBe(
      'sample ratio mismatch: arms of 1000 and 800 units are not the planned 1 : 1 (p = 2.4e-6)',
    )
    expect(tables.health).toMatchObject([{ checkName: 'sample_ratio', verdict: 'fail', critical: true }])
    const [ratio] = tables.estimates.filter(({ estimand }) => estimand === 'sample_ratio')
    expect(ratio!.diagnostics).toMatchObject({ mismatch: true, observed: { control: 1000, treatment: 800 } })
  })

  test('not, when a reason says why the mismatch is let pass', () => {
    const few = [
      ...units.filter((unit) => unit.arm === 'control'),
      ...units.filter(({ arm }) => arm !== 'control').slice(0, 800),
    ]
    const health = [
      {
        check: 'sample_ratio',
        critical: true,
        threshold: 0.001,
        overrideReason: 'a known logging gap in both arms',
      },
    ] as const
    const tables = analyseExperiment(sampleSpec({ health }), sampleEvidence(cellsOf(few)), origin)
    expect(tables.estimates.every(({ status }) => status === 'ok')).toBe(true)
    expect(tables.health[0]).toMatchObject({
      verdict: 'fail',
      overrideReason: 'a known logging gap in both arms',
    })
  })
})
