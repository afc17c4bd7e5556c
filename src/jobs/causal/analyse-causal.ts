import { descendantsOf } from '../../core/causal-graph/causal-graph.ts'
import { planIdentification } from '../../core/causal-graph/plan-identification.ts'
import { type CausalSpec, usesPropensity } from '../../core/causal-spec.ts'
import type {
  BalanceRow,
  IdentificationRow,
  OverlapRow,
  RefutationRow,
  VerdictRow,
} from '../../core/causal-tables.ts'
import type { Estimate } from '../../core/estimate.ts'
import type { TableOrigin } from '../experiment/estimate-row.ts'
import { balanceRows } from './balance-rows.ts'
import { type CausalData, labelsOf } from './causal-data.ts'
import { estimateOutcome, type OutcomeEstimates } from './estimate-outcome.ts'
import { identificationRows } from './identification-rows.ts'
import { implicationRows } from './implication-rows.ts'
import { overlapRows } from './overlap-rows.ts'
import { makeAdjustments } from './population.ts'
import { refuteOutcome } from './refute/refute-outcome.ts'
import { headlineOf, verdictOf } from './verdict.ts'

/** All that a causal question comes to. */
export interface CausalTables {
  readonly estimates: readonly Estimate[]
  readonly identification: readonly IdentificationRow[]
  readonly balance: readonly BalanceRow[]
  readonly overlap: readonly OverlapRow[]
  readonly refutations: readonly RefutationRow[]
  readonly verdicts: readonly VerdictRow[]
  readonly outcomes: readonly OutcomeEstimates[]
}

/** Makes the tables of a causal question from what is known of its units: the same data give the same tables. */
export async function analyseCausal(
  spec: CausalSpec,
  data: CausalData,
  origin: TableOrigin,
  threads = 1,
): Promise<CausalTables> {
  const adjustmentOf = data.rows && usesPropensity(spec) ? makeAdjustments(data.rows) : null
  const outcomes: OutcomeEstimates[] = []
  for (const { name: outcome } of spec.outcomes) {
    const plan = planIdentification(data.graph, spec, outcome)
    outcomes.push(await estimateOutcome(origin, { spec, data, plan, outcome }, adjustmentOf))
  }
  const refutations: RefutationRow[] = []
  const estimates = outcomes.flatMap((one) => one.estimates)
  for (const outcome of outcomes) {
    const headline = headlineOf(spec, outcome.outcome, outcome.estimates)
    if (headline) refutations.push(...(await refuteOutcome(origin, spec, data, outcome, headline, threads)))
  }
  return {
    estimates,
    identification: [
      ...outcomes.flatMap(({ plan }) => identificationRows(origin, plan)),
      ...implicationRows(spec, data, origin),
    ],
    balance: outcomes.flatMap((one) => balanceOf(spec, data, origin, one)),
    overlap: outcomes.flatMap(({ outcome, population }) =>
      population ? overlapRows(spec, origin, outcome, population) : [],
    ),
    refutations,
    verdicts: spec.outcomes.map((outcome) => verdictOf(spec, origin, outcome, estimates, refutations)),
    outcomes,
  }
}

/** Before any adjustment, and under each method that weights. */
function balanceOf(
  spec: CausalSpec,
  data: CausalData,
  origin: TableOrigin,
  { outcome, adjusted, weights }: OutcomeEstimates,
): BalanceRow[] {
  const { rows, graph } = data
  if (!rows || !usesPropensity(spec)) return []
  // What the treatment changes differs between the groups as it should.
  const after = descendantsOf(graph, [spec.treatment.node])
  const before = graph.nodes.filter((node) => !after.has(node) && !graph.unobserved.has(node))
  const labels = labelsOf(data, before)
  const unadjusted = spec.estimands.map((estimand) => ({ estimand, method: 'unadjusted', weights: null }))
  return [...unadjusted, ...weights].flatMap((balanced) =>
    balanceRows(origin, rows, labels, adjusted, { outcome, ...balanced }),
  )
}
