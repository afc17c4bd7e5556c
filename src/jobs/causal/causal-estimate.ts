import type { CausalSpec } from '../../core/causal-spec.ts'
import type { Estimate } from '../../core/estimate.ts'
import { influenceSummary } from '../../stats/causal/diagnostics/influence.ts'
import type { CausalEffect } from '../../stats/causal/effect.ts'
import { isRefused } from '../../stats/index.ts'
import type { TableOrigin } from '../experiment/estimate-row.ts'
import type { MethodResult } from './estimators/estimator.ts'

/** What the treated had, and what the others had instead. */
export function treatmentWords({ treatment }: Pick<CausalSpec, 'treatment'>): {
  readonly treatment: string
  readonly comparison: string
} {
  const { node, kind, treated, control } = treatment
  if (kind === 'continuous') return { treatment: node, comparison: 'one less' }
  if (treated === undefined) return { treatment: node, comparison: `not ${node}` }
  return { treatment: `${node} = ${treated}`, comparison: `${node} = ${control}` }
}

/** An estimate of a causal question as a row. */
export function causalEstimate(
  spec: CausalSpec,
  { job, runId, asOf }: TableOrigin,
  about: {
    readonly outcome: string
    readonly method: string
    readonly n: number
    readonly nTreated: number | null
  },
  { estimand, result, diagnostics }: Omit<MethodResult, 'weights' | 'matching'>,
): Estimate {
  const common = {
    ...{ job, runId, asOf, estimand, outcome: about.outcome },
    ...treatmentWords(spec),
    ...{ segmentName: null, segmentValue: null, method: about.method, scale: 'absolute' as const },
    ...{ pValueAdjusted: null, n: about.n, nTreated: about.nTreated },
  }
  if (isRefused(result))
    return {
      ...common,
      ...{
        estimate: null,
        stdError: null,
        ciLower: null,
        ciUpper: null,
        ciLevel: spec.ciLevel,
        ciKind: null,
      },
      ...{ pValue: null, diagnostics, status: 'refused', reason: result.refused },
    }
  const { estimate, stdError, ciLower, ciUpper, ciLevel, pValue } = result
  const means = 'meanTreated' in result ? result : null
  return {
    ...common,
    ...{ estimate, stdError, ciLower, ciUpper, ciLevel, ciKind: 'fixed_horizon', pValue },
    diagnostics: {
      ...diagnostics,
      ...(means && {
        mean_treated: means.meanTreated,
        mean_control: means.meanControl,
        ...influenceOf(means),
      }),
    },
    ...{ status: 'ok', reason: null },
  }
}

/** Whether an estimate hangs on few units. */
function influenceOf(effect: CausalEffect): Record<string, unknown> {
  const summary = influenceSummary(effect, { count: 1 })
  if (!summary) return {}
  return {
    strongest_unit_in_errors: summary.largestInErrors,
    variance_from_top_percent: summary.topPercentShare,
  }
}
