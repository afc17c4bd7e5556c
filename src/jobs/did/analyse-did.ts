import type { VerdictRow } from '../../core/causal-tables.ts'
import type { DidSpec } from '../../core/did-spec.ts'
import type {
  CheckRow,
  EventStudyRow,
  GroupTimeRow,
  PanelRefutationRow,
  SyntheticWeightRow,
} from '../../core/did-tables.ts'
import type { Estimate } from '../../core/estimate.ts'
import { type Refusal, refuse } from '../../stats/index.ts'
import type { TableOrigin } from '../experiment/estimate-row.ts'
import { didChecks } from './did-checks.ts'
import type { DidData } from './did-data.ts'
import { didEstimate } from './did-estimate.ts'
import { didHeadline, didVerdict } from './did-verdict.ts'
import { estimatePanel } from './estimate-panel.ts'
import { refutePanel } from './refute-panel.ts'

/** All that a difference in differences comes to. */
export interface DidTables {
  readonly estimates: readonly Estimate[]
  readonly groupTime: readonly GroupTimeRow[]
  readonly eventStudy: readonly EventStudyRow[]
  readonly weights: readonly SyntheticWeightRow[]
  readonly checks: readonly CheckRow[]
  readonly refutations: readonly PanelRefutationRow[]
  readonly verdicts: readonly VerdictRow[]
}

/** The tables where there is no panel to speak of: every method refused with the reason. */
export function refusedTables(spec: DidSpec, { refused }: Refusal, origin: TableOrigin): DidTables {
  const check: CheckRow = {
    ...{ ...origin, outcome: null, checkName: 'panel', verdict: 'fails', statistic: null, pValue: null },
    message: refused,
  }
  const found = spec.outcomes.map(({ name: outcome }) => ({
    ...{ outcome, groupTime: [], eventStudy: [], weights: [], byGroup: null },
    ...{ negativeWeightShare: null, naiveShare: null },
    estimates: spec.estimators.map(({ name: method }) =>
      didEstimate(
        spec,
        origin,
        { outcome, method, estimand: 'att', n: null, nTreated: null },
        refuse(refused),
      ),
    ),
  }))
  return {
    estimates: found.flatMap(({ estimates }) => estimates),
    ...{ groupTime: [], eventStudy: [], weights: [], checks: [check], refutations: [] },
    verdicts: spec.outcomes.map((outcome, index) => didVerdict(spec, origin, outcome, found[index]!, [], [])),
  }
}

/** Makes the tables of a difference in differences from what is known of its panel: the same data give the same tables. */
export function analyseDid(spec: DidSpec, data: DidData, origin: TableOrigin): DidTables {
  const { facts } = data
  const found = data.outcomes.map((one) => ({
    data: one,
    found: estimatePanel(spec, facts, one, origin),
  }))
  const checks = didChecks(spec, facts, origin, found)
  const refutations = found.flatMap(({ data: one, found: { estimates } }) => {
    const headline = didHeadline(spec, estimates)
    return headline ? refutePanel(spec, facts, one, origin, headline) : []
  })
  return {
    estimates: found.flatMap((one) => one.found.estimates),
    groupTime: found.flatMap((one) => one.found.groupTime),
    eventStudy: found.flatMap((one) => one.found.eventStudy),
    weights: found.flatMap((one) => one.found.weights),
    checks,
    refutations,
    verdicts: spec.outcomes.map((outcome, index) =>
      didVerdict(spec, origin, outcome, found[index]!.found, checks, refutations),
    ),
  }
}
