import {
  foldsByHash,
  interactiveModel,
  leastSquaresLearner,
  partiallyLinear,
} from '../../../stats/causal/double-machine-learning.ts'
import { isRefused } from '../../../stats/index.ts'
import { withIntercept } from '../../../stats/regression/design.ts'
import { labelsOf } from '../causal-data.ts'
import { amountsOf } from '../data/causal-rows.ts'
import type { EstimationInput, EstimatorEntry, EstimatorOf, MethodResult } from './estimator.ts'

type Plan = EstimatorOf<'dml_plr' | 'dml_irm'>

/** The partially linear model, which speaks of those for whom both were likely. */
export const partiallyLinearModel: EstimatorEntry<Plan> = {
  speaksOf: 'itself',
  needs: 'population',
  compute: async (input, plan) => {
    const { spec, population } = input
    const { ciLevel } = spec
    if (spec.treatment.kind === 'continuous') return [ofAmounts(input, plan)]
    const { units, keys } = population!
    const folds = foldsOf(keys, plan, spec.seed)
    const result = partiallyLinear(units, units.treatment, folds, { ciLevel })
    return [finished('ato', result, 'partially linear; least squares and a logit', plan)]
  },
}

/** The interactive model, doubly robust. */
export const interactive: EstimatorEntry<Plan> = {
  speaksOf: 'target',
  needs: 'population',
  compute: async ({ spec, target, population }, plan) => {
    const { units, keys } = population!
    const folds = foldsOf(keys, plan, spec.seed)
    const result = interactiveModel(units, folds, { target, ciLevel: spec.ciLevel })
    return [finished(target, result, 'interactive, doubly robust; least squares and a logit', plan)]
  },
}

/** Of a treatment of any value: the effect of one more of it. */
function ofAmounts(
  { spec, data, plan: { adjustmentSet }, outcome }: EstimationInput,
  plan: Plan,
): MethodResult {
  const rows = data.rows!
  const controls = labelsOf(data, adjustmentSet!).map((label) => rows.values.get(label)!)
  const design = withIntercept(rows.n, controls)
  const result = partiallyLinear(
    { outcome: rows.values.get(outcome)!, outcomeDesign: design, propensityDesign: design },
    amountsOf(rows),
    foldsOf(rows.keys, plan, spec.seed),
    { ciLevel: spec.ciLevel, treatmentLearner: leastSquaresLearner },
  )
  return finished('ate', result, 'partially linear; least squares for both; per unit of the treatment', plan)
}

/** One split of the units for each repetition, by the hash of their keys. */
export function foldsOf(
  keys: readonly string[],
  { folds, repetitions }: Pick<Plan, 'folds' | 'repetitions'>,
  seed: number,
): Uint8Array[] {
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
  const convention = `double machine learning, ${model}; ${folds} folds by the hash of the key, median of ${repetitions}`
  if (isRefused(result)) return { estimand, result, diagnostics: { convention } }
  const { repetitions: each, clipped, influence: _, ...effect } = result
  return {
    estimand,
    result: effect,
    diagnostics: { convention, clipped, repetitions: each.map(({ estimate }) => estimate) },
  }
}
