import { describe, expect, test } from 'vitest'
import type { DecisionRule, ExperimentSpec } from '../../../src/core/experiment-spec.ts'
import { analyseExperiment } from '../../../src/jobs/experiment/analyse-experiment.ts'
import { errorRates } from '../../../src/jobs/experiment/decision/error-rates.ts'
import {
  cellsOf,
  converted,
  origin,
  revenue,
  type SampleUnit,
  sampleEvidence,
  sampleSpec,
  sampleUnits,
} from './sample-experiment.ts'

const rule: DecisionRule = { goals: 'any', alpha: 0.05, power: 0.8 }

function decisions(units: readonly SampleUnit[], own: Partial<ExperimentSpec> = {}) {
  const spec = sampleSpec({ methods: [], decision: rule, ...own })
  return analyseExperiment(spec, sampleEvidence(cellsOf(units)), origin).decisions
}

const decide = (units: readonly SampleUnit[], own: Partial<ExperimentSpec> = {}) => decisions(units, own)[0]!

describe('a decision', () => {
  test('is to ship what makes a goal better and keeps every guardrail', () => {
    const found = decide(sampleUnits(6000, { lift: 0.08 }))
    expect(found).toMatchObject({ decision: 'ship', launch: 'globally', segmentName: null })
    expect(found.reason).toContain('; every guardrail passes (1)')
    expect(found.evaluated).toMatchObject([
      { outcome: 'revenue', role: 'goal', verdict: 'better', passed: true, scale: 'relative', margin: 0.02 },
      {
        outcome: 'converted',
        role: 'guardrail',
        verdict: 'not_worse',
        passed: true,
        scale: 'absolute',
        margin: 0.05,
      },
    ])
    expect(found.reason).toContain('revenue: better')
  })

  test('is to roll back what makes a goal or a guardrail worse', () => {
    expect(decide(sampleUnits(6000, { lift: -0.08 }))).toMatchObject({ decision: 'roll_back', launch: 'no' })
    const worse = decide(sampleUnits(6000, { lift: 0.08, converts: -0.1 }))
    expect(worse).toMatchObject({ decision: 'roll_back' })
    expect(worse.reason).toContain('converted: worse')
  })

  test('turns round for an outcome that is better when lower', () => {
    const outcomes = [{ ...revenue, better: 'lower' as const }]
    expect(decide(sampleUnits(6000, { lift: 0.08 }), { outcomes })).toMatchObject({ decision: 'roll_back' })
    expect(decide(sampleUnits(6000, { lift: -0.08 }), { outcomes })).toMatchObject({ decision: 'ship' })
  })

  test('asks for the units that tell what is still open, not what has passed', () => {
    // A goal that is far beyond a minimum which nobody could measure, and a guardrail that is not yet told.
    const outcomes = [
      { ...revenue, minimumEffect: { relative: 0.0001 } },
      { ...converted, margin: { absolute: 0.04 } },
    ]
    const found = decide(sampleUnits(1000, { lift: 0.3 }), { outcomes })
    expect(found.decision).toBe('keep_running')
    expect(found.reason).toMatch(/^Some [\d,]+ more units would tell\. converted:/)
    expect(found.unitsNeeded).toBeGreaterThan(500)
    expect(found.unitsNeeded).toBeLessThan(10_000)
  })

  test('is to keep running while units are missing, and says how many', () => {
    const found = decide(sampleUnits(400, { lift: 0.005 }))
    expect(found).toMatchObject({ decision: 'keep_running', launch: 'not_yet' })
    expect(found.power).toBeLessThan(0.8)
    expect(found.unitsNeeded).toBeGreaterThan(1000)
  })

  test('is inconclusive once there was power enough', () => {
    const found = decide(sampleUnits(30_000), { outcomes: [revenue] })
    expect(found).toMatchObject({ decision: 'inconclusive', launch: 'no', unitsNeeded: null })
    expect(found.reason).toContain('the planned power of 80 % is reached')
  })

  test('is none where a guardrail could not be evaluated', () => {
    const outcomes = [revenue, { ...converted, name: 'nowhere' }]
    const found = decide(sampleUnits(6000, { lift: 0.08 }), { outcomes })
    expect(found).toMatchObject({ decision: 'refused', launch: null })
    expect(found.reason).toContain('nowhere')
  })

  test('is none where a critical check failed', () => {
    const units = sampleUnits(6000, { lift: 0.08 }).filter(
      ({ arm }, place) => arm === 'control' || place % 5 > 0,
    )
    expect(decide(units)).toMatchObject({ decision: 'refused' })
  })

  test('leaves out segments that lose, where the effect differs between them', () => {
    const mixed = [
      ...sampleUnits(12_000, { seed: 3, lift: 0.15 }).filter(({ country }) => country === 'se'),
      ...sampleUnits(12_000, { seed: 4, lift: -0.06 }).filter(({ country }) => country === 'de'),
    ]
    const found = decisions(mixed, { outcomes: [revenue] })
    expect(found.map(({ segmentValue, decision }) => [segmentValue, decision])).toEqual([
      [null, 'ship'],
      ['de', 'roll_back'],
      ['se', 'ship'],
    ])
    expect(found[0]).toMatchObject({ launch: 'to_segments' })
  })

  test('ships what does nothing no more often than alpha says', () => {
    const count = { ship: 0, roll_back: 0 }
    const replications = 600
    const outcomes = [
      { ...revenue, minimumEffect: undefined } as unknown as typeof revenue,
      { ...converted, role: 'goal' as const, margin: undefined } as unknown as typeof revenue,
    ]
    for (let seed = 1; seed <= replications; seed++) {
      const found = decide(sampleUnits(400, { seed }), { outcomes, segments: [] })
      if (found.decision === 'ship') count.ship++
      if (found.decision === 'roll_back') count.roll_back++
    }
    // Two goals, both ways at 5 % together: 2.5 % each way, at 4 standard errors.
    const limit = 0.025 + 4 * Math.sqrt((0.025 * 0.975) / replications)
    expect(count.ship / replications).toBeLessThan(limit)
    expect(count.roll_back / replications).toBeLessThan(limit)
  })
})

describe('a guardrail without a margin', () => {
  test('rolls back what harms nothing no more often than alpha says, however many there are', () => {
    const replications = 600
    const guardrail = (name: string): typeof revenue =>
      ({ ...revenue, name, role: 'guardrail', minimumEffect: undefined }) as unknown as typeof revenue
    const outcomes = ['revenue', 'converted'].map(guardrail)
    outcomes[1] = { ...outcomes[1]!, source: converted.source, covariates: [] }
    let rolledBack = 0
    for (let seed = 1; seed <= replications; seed++)
      if (decide(sampleUnits(400, { seed }), { outcomes, segments: [] }).decision === 'roll_back')
        rolledBack++
    const error = Math.sqrt((0.05 * 0.95) / replications)
    // Two tests at 5 % each would be at 9.75 %, five errors above.
    expect(rolledBack / replications).toBeLessThan(0.05 + 3 * error)
    expect(rolledBack / replications).toBeGreaterThan(0.05 - 4 * error)
  })
})

describe('the errors of a decision', () => {
  const guardrails = [converted, { ...converted, name: 'other' }]

  test('are shared by goals of which one suffices, and by all that have to pass', () => {
    const outcomes = [revenue, { ...revenue, name: 'more' }, ...guardrails]
    expect(errorRates(sampleSpec({ outcomes }), rule)).toMatchObject({
      goalAlpha: 0.025,
      guardrailAlpha: 0.05,
      deteriorationAlpha: 0.025,
    })
    // β/(G + 1) with two guardrails.
    expect(errorRates(sampleSpec({ outcomes }), rule).power).toBeCloseTo(1 - 0.2 / 3, 12)
  })

  test('are not shared by goals that all have to be better', () => {
    const outcomes = [revenue, { ...revenue, name: 'more' }, ...guardrails]
    const rates = errorRates(sampleSpec({ outcomes }), { ...rule, goals: 'all' })
    expect(rates.goalAlpha).toBe(0.05)
    expect(rates.power).toBeCloseTo(1 - 0.2 / 4, 12)
  })
})
