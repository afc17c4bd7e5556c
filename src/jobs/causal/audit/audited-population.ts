import { descendantsOf } from '../../../core/causal-graph/causal-graph.ts'
import type { CausalSpec } from '../../../core/causal-spec.ts'
import type { CausalEffect } from '../../../stats/causal/effect.ts'
import { regressionAdjustment } from '../../../stats/causal/outcome-regression.ts'
import { isRefused, type Refusal } from '../../../stats/index.ts'
import { fitBinary } from '../../../stats/regression/binary-regression.ts'
import { withIntercept } from '../../../stats/regression/design.ts'
import { type CausalData, labelsOf } from '../causal-data.ts'
import type { CausalRows } from '../data/causal-rows.ts'

/*
 * Units of which it is known what they come to either way, from which replications are drawn: as a generator wrote it,
 * or as it would be if the effect were the one that was estimated, and the same for everybody.
 */

/** What each unit comes to without and with the treatment. */
export interface PotentialOutcomes {
  readonly outcome: string
  readonly without: Float64Array
  readonly with: Float64Array
}

export interface AuditedPopulation {
  readonly rows: CausalRows
  /** How likely each unit is to be treated. */
  readonly propensity: Float64Array
  readonly outcomes: readonly PotentialOutcomes[]
  /** Whether a generator wrote it. */
  readonly isKnown: boolean
}

/** The population as it would be with the estimated effect for everybody, and the estimated propensities. */
export function imputedPopulation(spec: CausalSpec, data: CausalData): AuditedPopulation | Refusal {
  const { graph } = data
  const rows = data.rows!
  const after = descendantsOf(graph, [spec.treatment.node])
  const before = graph.nodes.filter((node) => !after.has(node) && !graph.unobserved.has(node))
  const columns = labelsOf(data, before).map((label) => rows.values.get(label)!)
  const design = withIntercept(rows.n, columns)
  const fit = fitBinary(design, rows.treatment)
  if (isRefused(fit)) return fit
  const outcomes: PotentialOutcomes[] = []
  for (const { name } of spec.outcomes) {
    const outcome = rows.values.get(name)!
    const units = {
      n: rows.n,
      treatment: rows.treatment,
      outcome,
      outcomeDesign: design,
      propensityDesign: design,
    }
    const effect: CausalEffect | Refusal = regressionAdjustment(units)
    if (isRefused(effect)) return effect
    const without = outcome.map((value, unit) => value - (rows.treatment[unit] === 1 ? effect.estimate : 0))
    outcomes.push({ outcome: name, without, with: without.map((value) => value + effect.estimate) })
  }
  return { rows, propensity: fit.probabilities, outcomes, isKnown: false }
}

/** The true effect on whom an estimand speaks of; null where that cannot be said. */
export function trueEffect(
  { propensity }: Pick<AuditedPopulation, 'propensity'>,
  { without, with: treated }: PotentialOutcomes,
  estimand: string,
): number | null {
  const weightOf = weights[estimand]
  if (!weightOf) return null
  let [sum, total, smallest, largest] = [0, 0, Infinity, -Infinity]
  for (let unit = 0; unit < propensity.length; unit++) {
    const effect = treated[unit]! - without[unit]!
    const weight = weightOf(propensity[unit]!)
    sum += weight * effect
    total += weight
    smallest = Math.min(smallest, effect)
    largest = Math.max(largest, effect)
  }
  // Whom an instrument moves is not known; where the effect is the same for everybody, it does not matter.
  if (estimand === 'late' && largest - smallest > 1e-6) return null
  return sum / total
}

const weights: Readonly<Record<string, (e: number) => number>> = {
  association: () => 1,
  ate: () => 1,
  att: (e) => e,
  atc: (e) => 1 - e,
  ato: (e) => e * (1 - e),
  late: () => 1,
}
