import picocolors from 'picocolors'
import { describe, expect, it } from 'vitest'
import { builtLines, nextStepsLines } from '../../../src/cli/display/start-report.ts'
import { truthLines } from '../../../src/cli/display/truth-lines.ts'
import type { Manifest } from '../../../src/core/manifest.ts'
import type { TruthComparison } from '../../../src/run/compare-with-truth.ts'
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

  it('puts each estimate beside the truth and says how many intervals hold it', () => {
    const lines = truthLines(
      [comparison, { ...comparison, method: 'cuped', scale: 'absolute', covered: false }],
      colors,
    )
    expect(lines).toEqual([
      '',
      'Experiment one_tap: Does one-tap checkout raise orders?',
      'effect on  method                     estimate       95 % interval    truth',
      'orders     relative lift, with CUPED   +3.12 %  +1.10 % to +5.14 %  +3.00 %  holds the truth',
      'orders     difference, with CUPED      +0.0312   +0.011 to +0.0514    +0.03  misses the truth',
      '',
      '1 of 2 intervals hold the true effect. A 95 % interval is made so that it does 19 times out of 20.',
    ])
  })

  it('leaves the truth out where nobody knows it, and tells why an estimate was refused', () => {
    const unknown = { ...comparison, truth: null, covered: null }
    const refused: TruthComparison = {
      ...unknown,
      status: 'refused',
      reason: 'the arms have not the planned sizes',
      estimate: null,
      ciLower: null,
      ciUpper: null,
    }
    const lines = truthLines([unknown, refused], colors)
    expect(lines.join('\n')).not.toContain('truth')
    expect(lines.at(-1)).toMatch(/refused +the arms have not the planned sizes$/)
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
