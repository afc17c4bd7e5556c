import {
  foldsByHash,
  interactiveModel,
  partiallyLinear,
} from '../../../stats/causal/double-machine-learning.ts'
import { isRefused, refuse } from '../../../stats/index.ts'
import type { EstimatorEntry, EstimatorOf, MethodResult, Population } from './estimator.ts'

type Plan = EstimatorOf<'dml_plr' | 'dml_irm'>

/** The partially linear model, which speaks of those for whom both were likely. */
export const partiallyLinearModel: EstimatorEntry<Plan> = {
  speaksOf: 'itself',
  needs: 'population',
  compute: async ({ spec, population }, plan) => {
    const { units } = population!
    const result = partiallyLinear(units, units.treatment, foldsOf(population!, plan, spec.seed), {
      ciLevel: spec.ciLevel,
    })
    return [finished('ato', result, 'partially linear', plan)]
  },
}

/** The interactive model, doubly robust. */
export const interactive: EstimatorEntry<Plan> = {
  speaksOf: 'target',
  needs: 'population',
  compute: async ({ spec, target, population }, plan) => {
    const { units } = population!
    const result =
      target === 'atc'
        ? refuse('the interactive model is for the effect on all and on the treated')
        : interactiveModel(units, foldsOf(population!, plan, spec.seed), { target, ciLevel: spec.ciLevel })
    return [finished(target, result, 'interactive, doubly robust', plan)]
  },
}

/** One split of the units for each repetition, by the hash of their keys. */
function foldsOf({ keys }: Population, { folds, repetitions }: Plan, seed: number): Uint8Array[] {
  return Array.from({ length: repetitions }, (_, repetition) =>
    foldsByHash(keys, { folds, salt: seed + repetition }),
  )
}

function finished(
  estimand: string,
  result: ReturnType<typeof partiallyLinear>,
  model: string,
  { folds, repetitions }: Plan,
): MethodResult {
  const convention = `double machine learning, ${model}; least squares and a logit, ${folds} folds by the hash of the key, median of ${repetitions}`
  if (isRefused(result)) return { estimand, result, diagnostics: { convention } }
  const { repetitions: each, clipped, influence: _, ...effect } = result
  return {
    estimand,
    result: effect,
    diagnostics: { convention, clipped, repetitions: each.map(({ estimate }) => estimate) },
  }
}
