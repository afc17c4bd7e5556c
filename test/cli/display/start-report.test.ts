import picocolors from 'picocolors'
import { describe, expect, it } from 'vitest'
import { builtLines, nextStepsLines } from '../../../src/cli/display/start-report.ts'
import { truthLines } from '../../../src/cli/display/truth-lines.ts'
import type { Manifest } from '../../../src/core/manifest.ts'
import type { TruthComparison } from '../../../src/core/truth-comparison.ts'
import { sampleNodes, sampleResult } from './sample-run.ts'

const colors = picocolors.createColors(false)
const manifest = { nodes: sampleNodes } as unknown as Manifest

const comparison: TruthComparison = {
  job: 'one_tap',
  question: 'Does one-tap checkout raise orders?',
  outcome: 'orders',
  treatment: 'treatment',
  method: 'cuped_relative',
  scale: 'relative',
  status: 'ok',
  reason: null,
  estimate: 0.0312,
  ciLower: 0.011,
  ciUpper: 0.0514,
  pValue: 0.003,
  truth: 0.03,
  covered: true,
}

const facts = () => ({
  ciLevel: 0.95,
  goals: ['orders'],
  decisions: new Map([['treatment', 'roll_back']]),
})

describe('what start says at its end', () => {
  it('lists what was built by kind, and the tests in one line', () => {
    const results = [
      sampleResult('model.shop.orders', { rows: 1200 }),
      sampleResult('load.shop.world', { rows: 5000, status: 'reused' }),
      sampleResult('test.shop.not_null_orders_id', { status: 'pass', durationMs: 10 }),
    ]
    const lines = builtLines({ results } as never, manifest, colors)
    expect(lines).toEqual([
      '',
      'What was built',
      '                          rows   time',
      'load   world             5,000   kept',
      'table  analytics.orders  1,200  1.84s',
      'tests  1 of 1 passed            0.01s',
    ])
  })

  it('has a line for each goal, by the most precise method, and counts the intervals of all effects', () => {
    const naive = { ...comparison, method: 'relative_lift', estimate: 0.5, covered: false }
    const sameInOtherUnits = { ...comparison, method: 'cuped', scale: 'absolute', covered: false }
    const guardrail = { ...comparison, outcome: 'sessions', truth: 0, covered: false }
    const unknown = { ...comparison, outcome: 'buyers', truth: null, covered: null }
    expect(truthLines([sameInOtherUnits, naive, comparison, guardrail, unknown], facts, colors)).toEqual([
      '',
      'What the experiments say, beside the truth that was put into the data',
      'experiment  effect on  estimate            interval    truth',
      'one_tap     orders      +3.12 %  +1.10 % to +5.14 %  +3.00 %  roll back',
      '1 of 2 intervals hold the true effect; about 2 should.',
      'more of one, by segment too: npx estimand experiment show one_tap',
    ])
  })

  it('leaves the truth out where nobody knows it, and tells in short why an estimate was refused', () => {
    const unknown = { ...comparison, scale: 'absolute', method: 'cuped', truth: null, covered: null }
    const refused: TruthComparison = {
      ...unknown,
      job: 'two_taps',
      status: 'refused',
      reason: 'the arms have not the planned sizes: 12 and 20 (p = 1e-9)',
      estimate: null,
      ciLower: null,
      ciUpper: null,
    }
    const lines = truthLines([unknown, refused], facts, colors)
    expect(lines.join('\n')).not.toContain('truth')
    expect(lines[3]).toMatch(/^one_tap +orders +\+0\.0312 +\+0\.011 to \+0\.0514 +roll back$/)
    expect(lines[4]).toMatch(/^two_taps +orders +refused: the arms have not the planned sizes$/)
  })

  it('takes what could be told before what was refused, and says which interval misses the truth', () => {
    const refused: TruthComparison = {
      ...comparison,
      method: 'group_sequential',
      status: 'refused',
      reason: 'no plan',
      estimate: null,
      ciLower: null,
      ciUpper: null,
      covered: null,
    }
    const lines = truthLines([refused, { ...comparison, covered: false }], facts, colors)
    expect(lines[3]).toMatch(/^one_tap +orders +\+3\.12 % .* roll back, misses the truth$/)
  })

  it('names commands that fit the warehouse', () => {
    const example = { relation: 'analytics.orders', modelPath: 'models/orders.sql', hasEvents: true }
    expect(nextStepsLines(true, example, colors).join('\n')).toContain('psql "$(npx estimand db url)"')
    expect(nextStepsLines(false, example, colors).join('\n')).toContain('psql "$DATABASE_URL"')
    expect(nextStepsLines(true, { ...example, hasEvents: false }, colors).join('\n')).not.toContain(
      '--events',
    )
  })
})
