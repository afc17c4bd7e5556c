import { expect, test } from 'vitest'
import type { CausalSpec } from '../../../src/core/causal-spec.ts'
import type { RefutationRow } from '../../../src/core/causal-tables.ts'
import type { Estimate } from '../../../src/core/estimate.ts'
import { verdictOf } from '../../../src/jobs/causal/verdict.ts'

/** The sentence about an effect of 2 on those whom the estimand names. */
function sentenceOf(estimand: string, better?: 'higher' | 'lower', refuters: readonly string[] = []): string {
  const spec = {
    treatment: { node: 'feature', column: 'feature', kind: 'binary' },
    estimands: ['att'],
    estimators: [{ method: 'aipw', name: 'aipw', errors: 'stacked' }],
  } as unknown as CausalSpec
  const row = {
    ...{ outcome: 'spend', estimand, method: 'aipw', status: 'ok' },
    ...{ estimate: 2, ciLower: 1, ciUpper: 3, ciLevel: 0.95 },
  } as unknown as Estimate
  const outcome = { name: 'spend', column: 'spend', description: '', ...(better && { better }) }
  const tried = refuters.map((verdict, index) => ({ refuter: `number_${index}`, outcome: 'spend', verdict }))
  return verdictOf(
    spec,
    {} as Parameters<typeof verdictOf>[1],
    outcome,
    [row],
    tried as unknown as RefutationRow[],
  ).sentence
}

test('a verdict says whom it speaks of, trimmed or not', () => {
  expect(sentenceOf('att')).toContain('spend for those who had it by')
  expect(sentenceOf('att_trimmed')).toContain('spend for those who had it and are comparable by')
  expect(sentenceOf('atc_trimmed')).toContain('spend for those who did not have it and are comparable by')
})

test('a verdict calls an effect good or bad only where the question says which way is good', () => {
  expect(sentenceOf('att')).not.toContain('That is')
  expect(sentenceOf('att', 'higher')).toContain('by aipw. That is for the better.')
  expect(sentenceOf('att', 'lower')).toContain('by aipw. That is for the worse.')
})

test('a verdict counts what tried to refute it', () => {
  expect(sentenceOf('att', undefined, ['not_evaluated'])).not.toContain('refute')
  expect(sentenceOf('att', undefined, ['passes'])).toContain('It passes the attempt to refute it.')
  expect(sentenceOf('att', undefined, ['passes', 'passes'])).toContain(
    'It passes both attempts to refute it.',
  )
  expect(sentenceOf('att', undefined, ['passes', 'passes', 'passes'])).toContain('It passes all 3 attempts')
  expect(sentenceOf('att', undefined, ['passes', 'fails'])).toContain(
    'It fails 1 of 2 attempts to refute it: number 1.',
  )
})
