import picocolors from 'picocolors'
import { describe, expect, it } from 'vitest'
import { experimentList, experimentPage, mainEstimates } from '../../../src/cli/display/experiment-lines.ts'
import type { ExperimentOutcome, ExperimentSpec } from '../../../src/core/experiment-spec.ts'
import type { ExperimentStanding, StandingEstimate } from '../../../src/run/experiment-standing.ts'
import { job } from '../../run/artifacts/sample-shop.ts'

const colors = picocolors.createColors(false)

const outcome = (name: string, role: ExperimentOutcome['role']): ExperimentOutcome => ({
  name,
  description: '',
  role,
  better: 'higher',
  source: { from: 'columns', kind: 'mean', column: name },
  covariates: [],
})

const spec: ExperimentSpec = {
  ...(job.spec as ExperimentSpec),
  outcomes: [
    outcome('plays', 'secondary'),
    { ...outcome('revenue', 'goal'), covariates: ['before'] },
    outcome('sessions', 'guardrail'),
  ],
}

const estimate = (fields: Partial<StandingEstimate>): StandingEstimate => ({
  outcome: 'revenue',
  treatment: 'short',
  comparison: 'long',
  segmentName: null,
  segmentValue: null,
  estimand: 'lift',
  method: 'relative_lift',
  scale: 'relative',
  estimate: 0.05,
  ciLower: 0.01,
  ciUpper: 0.09,
  ciLevel: 0.95,
  ciKind: 'fixed_horizon',
  pValue: 0.01,
  pValueAdjusted: 0.02,
  n: 100,
  status: 'ok',
  reason: null,
  ...fields,
})

const standing: ExperimentStanding = {
  name: 'checkout',
  question: 'Does it sell more?',
  relation: 'analytics.checkout',
  status: 'running',
  start: '2026-05-20',
  end: '2026-07-01',
  asOf: '2026-06-03T00:00:00Z',
  runId: 'r',
  arms: [
    { arm: 'long', role: 'control', weight: 0.5, units: 1000 },
    { arm: 'short', role: 'treatment', weight: 0.5, units: 1100 },
  ],
  estimates: [
    estimate({}),
    estimate({ method: 'difference_in_means', scale: 'absolute', estimate: 2 }),
    estimate({ method: 'cuped_relative', estimate: 0.04, ciLower: 0.02, ciUpper: 0.06 }),
    estimate({ outcome: 'sessions', estimate: -0.02, ciLower: -0.03, ciUpper: -0.01 }),
    estimate({ outcome: 'plays', status: 'refused', estimate: null, reason: 'no variance' }),
  ],
  health: [
    {
      checkName: 'crossovers',
      outcome: null,
      treatment: null,
      segmentName: null,
      segmentValue: null,
      verdict: 'warn',
      critical: false,
      message: '0.8 % were seen in more than one arm',
      overrideReason: null,
    },
  ],
  decisions: [
    {
      treatment: 'short',
      segmentName: null,
      segmentValue: null,
      decision: 'keep_running',
      launch: 'not_yet',
      reason: 'The guardrail sessions is undecided.',
      unitsNeeded: 500,
      daysNeeded: 3,
    },
  ],
}

describe('experiments in the terminal', () => {
  it('take one line each in a list', () => {
    expect(experimentList([[standing, spec]], colors).map((line) => line.replace(/ {2,}/g, '  '))).toEqual([
      'experiment  status  as of  arms  units  health  goals  decision',
      'checkout  running, day 14 of 42  2026-06-03  long, short  2,100  1 warning  revenue +4.00 %  keep running',
    ])
    expect(experimentList([], colors)[0]).toContain('There is no experiment')
  })

  it('show design, health, results in the order of their roles, and the decision', () => {
    const lines = experimentPage({ standing, spec, all: false }, colors)
    const text = lines.map((line) => line.replace(/ {2,}/g, '  ')).join('\n')
    expect(text).toContain(
      'Experiment checkout: Does it sell more?\nrunning, day 14 of 42 · 2026-05-20 to 2026-07-01',
    )
    expect(text).toContain('short  treatment  50 %  1,100')
    expect(text).toContain('warn  crossovers: 0.8 % were seen in more than one arm')
    expect(text).toContain('short: keep running, launch not yet. The guardrail sessions is undecided.')
    const results = lines
      .slice(lines.indexOf('Results') + 2)
      .filter((line) => /^(plays|revenue|sessions)/.test(line))
    expect(results.map((line) => line.split(' ')[0])).toEqual(['revenue', 'sessions', 'plays'])
    expect(results[0]).toContain('cuped relative')
    expect(results[2]).toContain('no variance')
    expect(experimentPage({ standing, spec, all: true }, colors).join('\n')).toContain('difference in means')
  })

  it('prefer what decisions rest on', () => {
    const rows = [
      ...standing.estimates,
      estimate({ method: 'confidence_sequence' }),
      estimate({ estimand: 'novelty', method: 'confidence_sequence' }),
      estimate({ comparison: 'holdout', method: 'confidence_sequence' }),
    ]
    const sequential: ExperimentSpec = {
      ...spec,
      sequential: { kind: 'confidence_sequence', sides: 2, tuningUnits: 100 },
    }
    const ofRevenue = (by: ExperimentSpec) =>
      mainEstimates(rows, by).filter((row) => row.outcome === 'revenue')
    expect(ofRevenue(spec)).toEqual([standing.estimates[2]])
    expect(ofRevenue(sequential)).toEqual([estimate({ method: 'confidence_sequence' })])
    const everything = experimentPage({ standing: { ...standing, estimates: rows }, spec, all: true }, colors)
    expect(everything.join('\n')).toContain('novelty, confidence sequence')
    expect(everything.join('\n')).toContain('confidence sequence against holdout')
  })

  it('say how to build what is not built', () => {
    const unbuilt = { ...standing, status: 'not_built', asOf: null } as const
    expect(experimentPage({ standing: unbuilt, spec, all: false }, colors).at(-1)).toBe(
      'build it: estimand build --select +checkout',
    )
  })
})
