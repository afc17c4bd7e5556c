import picocolors from 'picocolors'
import { expect, test } from 'vitest'
import { sideBySideLines } from '../../../src/cli/display/causal-lines.ts'
import type { CausalStanding } from '../../../src/run/causal-standing.ts'

const colors = picocolors.createColors(false)

/** A question with one answer, whose truth is 2. */
function standing(ciLower: number | null, ciUpper: number | null): CausalStanding {
  const about = {
    outcome: 'sales',
    estimand: 'att',
    method: 'synthetic_control',
    estimate: 2.5,
    ciLower,
    ciUpper,
  }
  return {
    ...{ name: 'offer', question: '', relation: 'analytics.offer', asOf: '2026-01-01', runId: null },
    verdicts: [{ ...about, verdict: 'effect', naive: 4, claim: null, sentence: 'It does.' }],
    estimates: [
      {
        ...{ ...about, treatment: 'offer', comparison: 'no offer', scale: 'absolute', stdError: null },
        ...{ ciLevel: null, pValue: 0.02, n: 40, nTreated: 1, status: 'ok', reason: null, truth: 2 },
      },
    ],
    ...{ refutations: [], identification: [], checks: [] },
  }
}

test('an answer beside the truth holds it or not, and neither where it has no interval', () => {
  const told = (lower: number | null, upper: number | null): string =>
    sideBySideLines([standing(lower, upper)], colors).join('\n')
  expect(told(1, 3)).toContain('holds the truth')
  expect(told(2.2, 3)).toContain('misses the truth')
  expect(told(null, null)).not.toMatch(/(holds|misses) the truth/)
})
