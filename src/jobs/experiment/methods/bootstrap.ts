import { bootstrapEffect, isRefused, type Refusal, refuse } from '../../../stats/index.ts'
import { outcomeKind } from '../data/outcome-variables.ts'
import { finite, resultOf } from './means.ts'
import type { MethodEntry, MethodInput, MethodResult } from './method.ts'

/*
 * The Poisson bootstrap, whose weights hang on the unit's key and the seed alone: the same numbers whatever the order
 * of the rows. One set of replicates serves all outcomes of a scope.
 */

function bootstrap(input: MethodInput): MethodResult | Refusal {
  const { replicated, outcome, scale, ciLevel, spec } = input
  if (!replicated) return refuse('the units themselves are not at hand, only their sums')
  const layout = replicated.layouts.get(outcome.name)
  if (!layout) return refuse('the outcome is no mean and no ratio of sums')
  const { means, arms } = replicated
  const effect = bootstrapEffect(means, layout, arms, { scale, ciLevel, interval: 'bca' })
  if (isRefused(effect)) return effect
  return resultOf(effect, input, {
    replicates: effect.replicates,
    seed: spec.bootstrap.seed,
    interval: 'bca',
    bias: finite(effect.bias),
  })
}

export const bootstrapMethods = {
  bootstrap: {
    scales: () => ['absolute', 'relative'],
    ciKind: 'bootstrap',
    needs: 'replicates',
    applies: (outcome) => outcomeKind(outcome) !== 'quantile',
    compute: bootstrap,
  },
} as const satisfies Record<string, MethodEntry>
