import { describe, expect, test } from 'vitest'
import type { Estimate } from '../../../../src/core/estimate.ts'
import type { ExperimentOutcome, ExperimentSpec } from '../../../../src/core/experiment-spec.ts'
import type {
  DayRow,
  DecisionRow,
  EvaluatedOutcome,
  HealthRow,
} from '../../../../src/core/experiment-tables.ts'
import { makeMemo } from '../../../../src/jobs/experiment/memo/make-memo.ts'
import type { MemoInput } from '../../../../src/jobs/experiment/memo/memo-input.ts'

const outcome = (name: string, role: ExperimentOutcome['role'], more: Partial<ExperimentOutcome> = {}) => ({
  ...{ name, role, description: `what ${name} means`, better: 'higher' as const, covariates: [] },
  source: { from: 'columns' as const, kind: 'mean' as const, column: name },
  ...more,
})

const spec: ExperimentSpec = {
  kind: 'experiment',
  question: 'Does one tap help?',
  data: { kind: 'units', ref: 'units', unit: 'user_id', arm: 'arm' },
  control: 'control',
  treatments: ['treatment'],
  expectedWeights: { control: 1, treatment: 1 },
  outcomes: [
    outcome('revenue', 'goal', { about: 'revenue', minimumEffect: { relative: 0.01 } }),
    outcome('sessions', 'guardrail', { about: 'engagement', margin: { relative: 0.02 } }),
  ],
  methods: ['difference_in_means', 'relative_lift', 'cuped_relative'],
  segments: ['region'],
  strata: [],
  ciLevel: 0.95,
  multiplicity: { correction: 'holm', family: 'goals' },
  health: [],
  bootstrap: { replicates: 100, seed: 1 },
  permutation: { permutations: 999, seed: 1 },
  interactions: [],
  asOf: '2026-07-01',
}

const row = { job: 'one_tap', runId: 'run', asOf: '2026-07-01' }

function estimate(
  outcomeName: string,
  method: string,
  value: number,
  more: Partial<Estimate> = {},
): Estimate {
  return {
    ...row,
    ...{ estimand: 'lift', outcome: outcomeName, treatment: 'treatment', comparison: 'control' },
    ...{ segmentName: null, segmentValue: null, method, scale: 'relative', estimate: value, stdError: 0.01 },
    ...{ ciLower: value - 0.02, ciUpper: value + 0.02, ciLevel: 0.95, ciKind: 'fixed_horizon' },
    ...{ pValue: 0.003, pValueAdjusted: 0.006, n: 2000, nTreated: 1000, diagnostics: {} },
    ...{ status: 'ok', reason: null },
    ...more,
  }
}

const evaluated = (name: string, role: 'goal' | 'guardrail', value: number): EvaluatedOutcome => ({
  ...{ outcome: name, role, method: 'cuped_relative', scale: 'relative', estimate: value },
  ...{ ciLower: value - 0.02, ciUpper: value + 0.02, ciLevel: 0.95, pValue: 0.003 },
  ...{ margin: role === 'guardrail' ? -0.02 : 0.01, passed: true },
  ...{ verdict: role === 'guardrail' ? 'not_worse' : 'better', reason: `${name} is as it should be` },
})

const decision: DecisionRow = {
  ...row,
  ...{ treatment: 'treatment', comparison: 'control', segmentName: null, segmentValue: null },
  ...{ decision: 'ship', launch: 'globally', reason: 'Revenue is up and sessions are safe.' },
  evaluated: [evaluated('revenue', 'goal', 0.06), evaluated('sessions', 'guardrail', 0.001)],
  ...{ power: 0.9, unitsNeeded: null, daysNeeded: null },
}

const health: HealthRow = {
  ...row,
  ...{ checkName: 'sample_ratio', outcome: null, treatment: null, segmentName: null, segmentValue: null },
  ...{ verdict: 'ok', critical: true, statistic: 0.1, pValue: 0.75, observed: 0.75, threshold: 0.001 },
  ...{ message: 'The arms have their planned sizes (p = 0.750).', overrideReason: null, diagnostics: {} },
}

const day = (date: string, value: number): DayRow => ({
  ...row,
  ...{ series: 'cumulative', day: date, daysSinceExposure: null, outcome: 'revenue', treatment: 'treatment' },
  ...{
    comparison: 'control',
    method: 'confidence_sequence',
    scale: 'relative',
    estimate: value,
    stdError: 0.02,
  },
  ...{ ciLower: value - 0.05, ciUpper: value + 0.05, ciLevel: 0.95, ciKind: 'always_valid', pValue: 0.2 },
  ...{ n: 2000, nTreated: 1000 },
})

const input: MemoInput = {
  name: 'one_tap',
  spec,
  estimates: [
    estimate('revenue', 'difference_in_means', 1.5, { estimand: 'ate', scale: 'absolute' }),
    estimate('revenue', 'relative_lift', 0.05),
    estimate('revenue', 'cuped_relative', 0.06),
    estimate('sessions', 'relative_lift', 0.002),
    estimate('sessions', 'cuped_relative', 0.001),
    estimate('revenue', 'cuped_relative', 0.03, { segmentName: 'region', segmentValue: 'south' }),
    estimate('revenue', 'cuped_relative', 0.09, { segmentName: 'region', segmentValue: 'north' }),
    estimate('revenue', 'cuped_relative', 0, {
      ...{ estimand: 'heterogeneity', segmentName: 'region', method: 'cochran_q', estimate: null },
      ...{ ciLower: null, ciUpper: null, pValue: 0.01, pValueAdjusted: 0.02 },
    }),
  ],
  days: [day('2026-06-01', 0.02), day('2026-06-02', 0.04)],
  health: [health],
  decisions: [decision],
  weights: [],
}

async function markdownOf(changed: Partial<MemoInput> = {}): Promise<string> {
  const rows = await makeMemo({ ...input, ...changed }, 'run')
  return rows.find(({ format }) => format === 'markdown')!.document
}

describe('a memo', () => {
  test('ranks cohorts by what is left of their effects when they are pooled', async () => {
    const pooled = (segmentValue: string, value: number) =>
      estimate('revenue', 'partial_pooling', value, {
        segmentName: 'region',
        segmentValue,
        ciKind: 'credible',
      })
    const plain = await markdownOf()
    const text = await markdownOf({
      estimates: [...input.estimates, pooled('south', 0.05), pooled('north', 0.04)],
    })
    const places = (of: string) =>
      ['region: north', 'region: south'].map((name) => of.lastIndexOf(`| ${name}`))
    expect(places(plain)[0]).toBeLessThan(places(plain)[1]!)
    expect(places(text)[0]).toBeGreaterThan(places(text)[1]!)
    expect(text).toContain('| adjusted p | pooled |')
    expect(plain).not.toContain('pooled')
    expect(text).toContain('region: south (+5.00 %) and region: north (+4.00 %)')
  })

  test('answers first, then the five questions, from the rows', async () => {
    const text = await markdownOf()
    const lines = text.split('\n')
    expect(lines[0]).toBe('# Does one tap help?')
    expect(lines[4]).toBe('> **Ship treatment. Revenue is up and sessions are safe. Launch globally: yes.**')
    const unended = await markdownOf({ decisions: [{ ...input.decisions[0]!, reason: 'revenue: better' }] })
    expect(unended.split('\n')[4]).toBe('> **Ship treatment. revenue: better. Launch globally: yes.**')
    expect(text).toContain(
      '| Did engagement rise? | sessions: no change that can be told from zero, +0.10 % (95 % interval −1.90 % to +2.10 %). |',
    )
    expect(text).toContain('revenue: up, +6.00 % (95 % interval +4.00 % to +8.00 %).')
    expect(text).toContain(
      'region: north (+9.00 %) and region: south (+3.00 %); the effect differs by region.',
    )
    expect(text).toContain('revenue: All 3 methods say that it went up.')
    expect(text).toContain('| Should it be launched globally? | Yes. Revenue is up and sessions are safe. |')
  })

  test('tells design, health, sensitivity and what would change it', async () => {
    const text = await markdownOf()
    expect(text).toContain('- treatment against control, planned in the ratio control 1 : treatment 1.')
    expect(text).toContain(
      '| revenue | goal | mean | higher | worth shipping from 1.00 % | what revenue means |',
    )
    expect(text).toContain('| sessions | guardrail | mean | higher | may get worse by 2.00 % |')
    expect(text).toContain('p-values are adjusted over the goals after holm.')
    expect(text).toContain(
      '| sample ratio | everybody | ok | The arms have their planned sizes (p = 0.750). |',
    )
    expect(text).toContain(
      '| cuped relative | relative | +6.00 % | +4.00 % to +8.00 % | fixed horizon | 0.003 |',
    )
    expect(text).toContain(
      'sessions getting worse by more than 2.00 %; its interval now goes from −1.90 % to +2.10 %.',
    )
    expect(text).toContain('The effect on revenue not lasting: its interval coming to hold zero.')
  })

  test('ranks cohorts by the good that is done to them, and tells them apart at its own level', async () => {
    const outcomes = [{ ...spec.outcomes[0]!, better: 'lower' as const }]
    const ofRegion = (segmentValue: string, value: number): Estimate =>
      estimate('revenue', 'cuped_relative', value, { segmentName: 'region', segmentValue })
    const text = await markdownOf({
      spec: { ...spec, outcomes, ciLevel: 0.99 },
      estimates: [
        ...input.estimates.filter(
          ({ segmentName, estimand }) => !segmentName || estimand === 'heterogeneity',
        ),
        ...[ofRegion('south', -0.03), ofRegion('north', -0.09), ofRegion('east', 0.05)],
      ],
    })
    const cohorts = [...text.matchAll(/^\| region: (\w+)/gm)].map(([, name]) => name)
    expect(cohorts).toEqual(['north', 'south', 'east'])
    expect(text).toContain(
      'region: north (−9.00 %) and region: south (−3.00 %); the segments cannot be told to differ.',
    )
    expect(text).toContain('The effect cannot be told to differ by region (p = 0.020).')
  })

  test('of refused results says so first, and gives no number', async () => {
    const failed: HealthRow = { ...health, verdict: 'fail', message: 'Sample ratio mismatch (p < 0.001).' }
    const refused = input.estimates.map((one) => ({
      ...one,
      ...{ estimate: null, ciLower: null, ciUpper: null, pValue: null, pValueAdjusted: null },
      ...{ status: 'refused' as const, reason: 'sample ratio mismatch' },
    }))
    const text = await markdownOf({
      health: [failed],
      estimates: refused,
      decisions: [
        {
          ...decision,
          decision: 'refused',
          launch: null,
          reason: 'The data cannot be trusted.',
          evaluated: [],
        },
      ],
    })
    expect(text).toContain('> **treatment: no decision. The data cannot be trusted.**')
    expect(text).toContain(
      '> **Sample ratio mismatch (p < 0.001). The lifts are refused.**'.replace('<', '\\<'),
    )
    expect(text).toContain('| revenue | goal | refused |')
    expect(text).not.toContain('+6.00 %')
    expect(text).toContain('sample ratio being explained and mended')
  })

  test('prints why a failed check was let pass', async () => {
    const text = await markdownOf({
      health: [{ ...health, verdict: 'fail', overrideReason: 'The lost units were counted by hand.' }],
    })
    expect(text).toContain('Let pass because: The lost units were counted by hand.')
    expect(text).not.toContain('The lifts are refused.')
  })

  test('as a page holds charts of results, time, methods and cohorts', async () => {
    const rows = await makeMemo(input, 'run')
    const page = rows.find(({ format }) => format === 'html')!.document
    expect(page.match(/<svg /g)).toHaveLength(4)
    expect(rows.map(({ job, asOf }) => [job, asOf])).toEqual([
      ['one_tap', '2026-07-01'],
      ['one_tap', '2026-07-01'],
    ])
  })
})
