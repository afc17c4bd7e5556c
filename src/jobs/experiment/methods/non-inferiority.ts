import type { NonInferiorityMargin } from '../../../core/metrics-spec.ts'
import { isRefused, nonInferiorityOf, type Refusal, refuse } from '../../../stats/index.ts'
import { outcomeKind } from '../data/outcome-variables.ts'
import { bestEffect } from './adjusted.ts'
import { resultOf } from './means.ts'
import type { MethodEntry, MethodInput, MethodResult, Scale } from './method.ts'

/*
 * Whether a guardrail is not worse by more than its margin. A relative margin is tested on the relative scale, whose
 * standard error knows that the control's mean is estimated too (Schultzberg, Ankargren, Frånberg 2024 take it as
 * known).
 */

/** On which scale a margin is given, and how large it is. */
export function marginOf(margin: NonInferiorityMargin): { readonly scale: Scale; readonly size: number } {
  return margin.relative === undefined
    ? { scale: 'absolute', size: margin.absolute ?? 0 }
    : { scale: 'relative', size: margin.relative }
}

function nonInferiority(input: MethodInput): MethodResult | Refusal {
  const { outcome, ciLevel } = input
  if (!outcome.margin) return refuse('there is no margin to be within')
  const { scale, size } = marginOf(outcome.margin)
  const { base, effect } = bestEffect(input, scale, ciLevel)
  if (isRefused(effect)) return effect
  const preferred = outcome.better === 'higher' ? 'increase' : 'decrease'
  return resultOf(nonInferiorityOf(effect, size, { preferred, ciLevel }), input, { base, margin: size })
}

export const nonInferiorityMethods = {
  non_inferiority: {
    scales: ({ margin }) => (margin ? [marginOf(margin).scale] : []),
    ciKind: 'fixed_horizon',
    needs: 'cells',
    applies: (outcome) => outcomeKind(outcome) !== 'quantile' && outcome.margin !== undefined,
    compute: nonInferiority,
  },
} as const satisfies Record<string, MethodEntry>
