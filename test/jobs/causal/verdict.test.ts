import { expect, test } from 'vitest'
import type { CausalSpec } from '../../../src/core/causal-spec.ts'
import type { Estimate } from '../../../src/core/estimate.ts'
import { verdictOf } from '../../../src/jobs/causal/verdict.ts'

/** The sentence about an effect of 2 on those whom the estimand names. */
function sentenceOf(estimand: string): string {
  const spec = {
    treatment: { node: 'feature', column: 'feature', kind: 'binary' },
    estimands: ['att'],
    estimators: [{ method: 'aipw', name: 'aipw', errors: 'stacked' }],
  } as unknown as CausalSpec
  const row = {
    ...{ outcome: 'spend', estimand, method: 'aipw', status: 'ok' },
    ...{ estimate: 2, ciLower: 1, ciUpper: 3, ciLevel: 0.95 },
  } as unknown as Estimate
  const outcome = { name: 'spend', column: 'spend', description: '', better: 'higher' } as const
  return verdictOf(spec, {} as Parameters<typeof verdictOf>[1], outcome, [row], []).sentence
}

test('a verdict says whom it speaks of, trimmed or not', () => {
  expect(sentenceOf('att')).toContain('spend for those who had it by')
  expect(sentenceOf('att_trimmed')).toContain('spend for those who had it and are comparable by')
  expect(sentenceOf('atc_trimmed')).toContain('spend for those who did not have it and are comparable by')
})
