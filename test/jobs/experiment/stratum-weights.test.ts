import { describe, expect, test } from 'vitest'
import type { ExperimentSpec } from '../../../src/core/experiment-spec.ts'
import { analyseExperiment } from '../../../src/jobs/experiment/analyse-experiment.ts'
import type { ExperimentCell } from '../../../src/jobs/experiment/cell.ts'
import { jointMomentsOf, makeRandom, stratifiedSampleRatio } from '../../../src/stats/index.ts'
import { accepted } from '../../stats/experiment/reference-cases.ts'
import { origin, revenue, sampleEvidence, sampleSpec } from './sample-experiment.ts'

/*
 * Half of the rich country is treated and a fifth of the poor one: arms are alike within countries only.
 */

const stratumWeights = { poor: { control: 4, treatment: 1 } }

function cellsOf(n: number, own: { seed?: number; lift?: number; lost?: number } = {}): ExperimentCell[] {
  const { seed = 1, lift = 0, lost = 0 } = own
  const random = makeRandom(seed)
  const units = Array.from({ length: n }, () => {
    const stratum = random.bernoulli(0.5) ? 'rich' : 'poor'
    const arm = random.bernoulli(stratum === 'rich' ? 0.5 : 0.2) ? 'treatment' : 'control'
    const before = (stratum === 'rich' ? 20 : 10) + 2 * random.normal()
    const y = (before + random.normal()) * (arm === 'treatment' ? 1 + lift : 1)
    return { stratum, arm, before, y }
  }).filter(({ arm }) => arm === 'control' || !random.bernoulli(lost))
  return ['control', 'treatment'].flatMap((arm) =>
    [null, 'rich', 'poor'].map((stratum): ExperimentCell => {
      const found = units.filter((unit) => unit.arm === arm && (stratum === null || unit.stratum === stratum))
      const [y, x] = [found.map((unit) => unit.y), found.map((unit) => unit.before)]
      return {
        ...{ outcome: 'revenue', arm, segmentName: null, segmentValue: null, stratum, day: null },
        ...{ units: found.length, missing: 0, variables: ['y', 'x1'] },
        ...{ moments: jointMomentsOf(y, x), outcomeMoments: jointMomentsOf(y) },
      }
    }),
  )
}

function analyse(cells: readonly ExperimentCell[], own: Partial<ExperimentSpec> = {}) {
  const spec = sampleSpec({
    outcomes: [revenue],
    segments: [],
    strata: ['country'],
    stratumWeights,
    methods: ['difference_in_means', 'cuped', 'post_stratified'],
    decision: { goals: 'all', alpha: 0.05, power: 0.8 },
    health: (['sample_ratio', 'pre_period_balance'] as const).map((check) => ({
      check,
      critical: check === 'sample_ratio',
      threshold: 0.001,
    })),
    ...own,
  })
  return analyseExperiment(spec, sampleEvidence(cells), origin)
}

describe('weights by stratum', () => {
  test('are what the sample ratio and the balance before are held to', () => {
    const { health } = analyse(cellsOf(6000))
    expect(health).toMatchObject([
      { checkName: 'sample_ratio', verdict: 'ok' },
      { checkName: 'pre_period_balance', verdict: 'ok' },
    ])
    // The same arms under one plan for all strata are a mismatch, and are not alike.
    const plain = analyse(cellsOf(6000), { stratumWeights: undefined } as never)
    expect(plain.health.map(({ verdict }) => verdict)).toEqual(['fail', 'fail'])
  })

  test('find units that got lost all the same', () => {
    const { health, estimates } = analyse(cellsOf(6000, { lost: 0.15 }))
    expect(health[0]).toMatchObject({ checkName: 'sample_ratio', verdict: 'fail' })
    expect(
      estimates.filter(({ estimand }) => estimand === 'ate').every((row) => row.status === 'refused'),
    ).toBe(true)
  })

  test('leave comparisons across strata refused, and the decision to those within', () => {
    const { estimates, decisions } = analyse(cellsOf(6000, { lift: 0 }))
    const of = (method: string) => estimates.find((row) => row.method === method && row.scale === 'absolute')!
    expect(of('difference_in_means')).toMatchObject({ status: 'refused' })
    expect(of('cuped').reason).toContain('other weights in each stratum')
    const within = of('post_stratified')
    expect(within.status).toBe('ok')
    expect(within.ciLower! < 0 && within.ciUpper! > 0).toBe(true)
    // Across strata the treated would seem worth some three more.
    expect(decisions[0]).toMatchObject({ evaluated: [{ method: 'post_stratified', verdict: 'not_worse' }] })
    expect(decisions[0]!.decision).not.toBe('ship')
    expect(analyse(cellsOf(6000, { lift: 0.1 })).decisions[0]!.decision).toBe('ship')
  })
})

describe('strata that lack an arm', () => {
  const cells = cellsOf(6000)
  const lonely = cells.map((cell) =>
    cell.stratum === 'poor' && cell.arm === 'control' ? { ...cell, stratum: 'remote' } : cell,
  )
  const health = [{ check: 'too_few_units', critical: false, threshold: 100 }] as const

  test('are named with their units, which methods within strata leave out', () => {
    const units = (arm: string) => cells.find((cell) => cell.stratum === 'poor' && cell.arm === arm)!.units
    const found = analyse(lonely, { health }).health
    expect(found).toMatchObject([
      { checkName: 'too_few_units', treatment: null },
      { checkName: 'too_few_units', treatment: 'treatment', verdict: 'warn', critical: false },
    ])
    expect(found[1]).toMatchObject({
      observed: units('control') + units('treatment'),
      message: expect.stringMatching(
        /units are left out by post_stratified, since their strata lack an arm: poor \(no 'control'\), remote \(no 'treatment'\)$/,
      ),
    })
  })

  test('are no matter where none lacks one, or no method compares within them', () => {
    expect(analyse(cells, { health }).health).toHaveLength(1)
    expect(analyse(lonely, { health, methods: ['difference_in_means'] }).health).toHaveLength(1)
  })
})

describe('the sample ratio over strata', () => {
  test('adds up χ² and its degrees of freedom', () => {
    // (5² / 50) · 2 in each of two strata of 100 with equal arms.
    const strata = [
      { counts: [55, 45], weights: [1, 1] },
      { counts: [45, 55], weights: [1, 1] },
      { counts: [0, 0], weights: [1, 1] },
    ]
    const found = accepted(stratifiedSampleRatio(strata))
    expect(found).toMatchObject({ degreesOfFreedom: 2, mismatch: false, expected: [100, 100] })
    expect(found.statistic).toBeCloseTo(2, 12)
    // P(χ²₂ > 2) = e⁻¹.
    expect(found.pValue).toBeCloseTo(Math.exp(-1), 12)
  })

  test('refuses strata without units', () => {
    expect(stratifiedSampleRatio([{ counts: [0, 0], weights: [1, 1] }])).toHaveProperty('refused')
  })
})
