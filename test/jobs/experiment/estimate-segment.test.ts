import { describe, expect, test } from 'vitest'
import type { ExperimentSpec } from '../../../src/core/experiment-spec.ts'
import type { JobNode } from '../../../src/core/node.ts'
import { estimateSegment } from '../../../src/jobs/experiment/estimate-segment.ts'
import type { ArmCell } from '../../../src/jobs/experiment/moments-query.ts'
import { checkSampleRatio } from '../../../src/jobs/experiment/sample-ratio.ts'

const spec: ExperimentSpec = {
  kind: 'experiment',
  question: 'Does it help?',
  data: { kind: 'units', ref: 'units', unit: 'user_id', arm: 'arm' },
  control: 'control',
  treatments: ['treatment'],
  expectedWeights: { control: 1, treatment: 1 },
  outcomes: [
    {
      name: 'revenue',
      description: '',
      role: 'secondary',
      better: 'higher',
      source: { from: 'columns', kind: 'mean', column: 'revenue' },
      covariates: ['before'],
    },
  ],
  methods: ['difference_in_means', 'relative_lift', 'cuped', 'cuped_relative', 'proportion_z_test'],
  segments: [],
  strata: [],
  ciLevel: 0.95,
  multiplicity: { correction: 'none', family: 'goals' },
  health: [{ check: 'sample_ratio', critical: true, threshold: 0.001 }],
  bootstrap: { replicates: 1000, seed: 1 },
  interactions: [],
  asOf: '2026-01-01',
}
const context = { job: { name: 'trial' } as JobNode, runId: 'run' }

function cell(arm: string, units: number, mean: number): ArmCell {
  const outcome = { n: units, mean, variance: 4 }
  const withCovariate = { ...outcome, covariateMean: 3, covariateVariance: 4, covariance: 3 }
  const metrics = { revenue: { outcome, withCovariate, missing: 0 } }
  return { arm, segmentName: null, segmentValue: null, units, metrics }
}

function segment(...cells: ArmCell[]) {
  return { name: null, value: null, cells: new Map(cells.map((one) => [one.arm, one])) }
}

describe('an experiment', () => {
  test('is estimated by every method that applies to the metric', () => {
    const estimates = estimateSegment(
      spec,
      segment(cell('control', 400, 10), cell('treatment', 400, 11)),
      null,
      context,
    )
    expect(estimates.map(({ method, estimand, scale }) => [method, estimand, scale])).toEqual([
      ['difference_in_means', 'ate', 'absolute'],
      ['relative_lift', 'lift', 'relative'],
      ['cuped', 'ate', 'absolute'],
      ['cuped_relative', 'lift', 'relative'],
    ])
    const [plain, relative, adjusted] = estimates
    expect(plain!.estimate).toBeCloseTo(1, 12)
    expect(plain!.stdError).toBeCloseTo(Math.sqrt(4 / 400 + 4 / 400), 12)
    expect(relative!.estimate).toBeCloseTo(0.1, 12)
    // The covariate explains (3² / 4·4) of the variance.
    expect(adjusted!.stdError! / plain!.stdError!).toBeCloseTo(Math.sqrt(1 - 9 / 16), 12)
    expect(adjusted!.n).toBe(800)
  })

  test('is refused, with the reason, when an arm is empty', () => {
    const estimates = estimateSegment(spec, segment(cell('control', 400, 10)), null, context)
    expect(new Set(estimates.map(({ status }) => status))).toEqual(new Set(['refused']))
    expect(estimates[0]).toMatchObject({ estimate: null, reason: "no units in arm 'treatment'" })
  })

  test('is refused when the arms do not have their planned sizes', () => {
    const cells = [cell('control', 1000, 10), cell('treatment', 1200, 11)]
    const { estimate, mismatch } = checkSampleRatio(spec, cells, context)
    expect(estimate).toMatchObject({
      estimand: 'sample_ratio',
      method: 'chi_square',
      status: 'ok',
      n: 2200,
      nTreated: 1200,
    })
    // χ² = 2 · 100² / 1100
    expect(estimate.diagnostics.chi_square).toBeCloseTo(18.1818181818, 9)
    const [first] = estimateSegment(spec, segment(...cells), mismatch, context)
    expect(first).toMatchObject({ status: 'refused', estimate: null })
    expect(first!.reason).toContain('sample ratio mismatch')
  })

  test('with uneven planned arms is held against those', () => {
    const uneven = { ...spec, expectedWeights: { control: 1000, treatment: 1200 } }
    const { mismatch } = checkSampleRatio(
      uneven,
      [cell('control', 1000, 10), cell('treatment', 1200, 11)],
      context,
    )
    expect(mismatch).toBeNull()
  })

  test('names the exact test where there are few units', () => {
    const { estimate } = checkSampleRatio(spec, [cell('control', 1, 10), cell('treatment', 3, 11)], context)
    expect(estimate.method).toBe('exact')
    expect(estimate.diagnostics).not.toHaveProperty('chi_square')
  })
})
