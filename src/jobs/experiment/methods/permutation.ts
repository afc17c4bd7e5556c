import { isRefused, permutationTest, type Refusal, refuse } from '../../../stats/index.ts'
import { isRatio } from '../data/cell-moments.ts'
import { outcomeKind } from '../data/outcome-variables.ts'
import type { ArmRows } from '../data/unit-rows.ts'
import { armDiagnostics } from './means.ts'
import type { MethodEntry, MethodInput, MethodResult } from './method.ts'
import { rowsOf } from './rows.ts'

/*
 * How often a random exchange of the arms gives as large a difference: a p-value that takes no distribution for granted,
 * and no interval.
 */

function permutation(input: MethodInput): MethodResult | Refusal {
  const rows = rowsOf(input)
  if (isRefused(rows)) return rows
  if (isRatio(input.treatment)) return refuse('a ratio of sums has no outcome of a single unit to exchange')
  const { seed, permutations } = input.spec.permutation
  const [t, c] = [inOrder(rows.treatment), inOrder(rows.control)]
  // The smaller arm is drawn: exchanging it with the other says the same.
  const isTreatmentSmaller = t.length <= c.length
  const drawn = new Uint8Array(t.length + c.length).fill(1, 0, Math.min(t.length, c.length))
  const outcome = isTreatmentSmaller ? [...t, ...c] : [...c, ...t]
  const test = permutationTest(outcome, drawn, { seed, permutations })
  if (isRefused(test)) return test
  return {
    estimate: isTreatmentSmaller ? test.estimate : -test.estimate,
    stdError: null,
    ciLower: null,
    ciUpper: null,
    pValue: test.pValue,
    diagnostics: {
      ...armDiagnostics(input.treatment, input.control),
      permutations,
      seed,
      p_value_error: test.pValueError,
      statistic: 'studentized',
    },
  }
}

/** The outcomes in the order of the units' keys, so that the p-value does not hang on how rows came. */
function inOrder({ n, keys, variables: [outcome] }: ArmRows): number[] {
  const order = Array.from({ length: n }, (_, row) => row).sort((a, b) => keys[a]! - keys[b]!)
  return order.map((row) => outcome![row]!)
}

export const permutationMethods = {
  permutation_test: {
    scales: () => ['absolute'],
    ciKind: null,
    needs: 'rows',
    applies: (outcome) => ['mean', 'proportion'].includes(outcomeKind(outcome)),
    compute: permutation,
  },
} as const satisfies Record<string, MethodEntry>
