import type { DidSpec } from '../../core/did-spec.ts'
import type { CheckRow } from '../../core/did-tables.ts'
import { preTrendTest } from '../../stats/causal/panel/aggregate.ts'
import { groupTimeFromMoments } from '../../stats/causal/panel/group-time.ts'
import { short } from '../../stats/causal/refuters/refute.ts'
import { isRefused } from '../../stats/index.ts'
import type { TableOrigin } from '../experiment/estimate-row.ts'
import { type DidFacts, type DidOutcomeData, labelOf } from './did-data.ts'
import type { PanelEstimates } from './estimate-panel.ts'

type Checked = Pick<CheckRow, 'checkName' | 'verdict' | 'message'> & Partial<CheckRow>

/** Fewer clusters than this make errors by clusters too small (Cameron and Miller 2015). */
const fewClusters = 30
/** A share of negative weights worth telling. */
const muchNegative = 0.01

/** What the estimates suppose of the panel and of each outcome, held against the data where it can be. */
export function didChecks(
  spec: DidSpec,
  facts: DidFacts,
  origin: TableOrigin,
  outcomes: readonly { readonly data: DidOutcomeData; readonly found: PanelEstimates }[],
): CheckRow[] {
  const row = (outcome: string | null, checked: Checked): CheckRow => ({
    ...{ ...origin, outcome, statistic: null, pValue: null },
    ...checked,
  })
  return [
    ...[panelCheck(spec, facts), ...controlChecks(spec, facts), ...clusterCheck(facts)].map((one) =>
      row(null, one),
    ),
    ...outcomes.flatMap(({ data, found }) =>
      [preTrendCheck(spec, data, found), ...weightCheck(found)].map((one) => row(data.outcome, one)),
    ),
  ]
}

function panelCheck({ data }: DidSpec, facts: DidFacts): Checked {
  const { rows, units, periods, incomplete, unbalanced } = facts
  const left = [
    ...(incomplete > 0 ? [`${incomplete} rows of which something is not known`] : []),
    ...(unbalanced > 0 ? [`${unbalanced} units that are not seen in every period`] : []),
  ]
  const size =
    data.sampling === 'panel'
      ? `${units} units in ${periods.length} periods`
      : `${rows} rows of ${units} units in ${periods.length} periods`
  return {
    checkName: 'panel',
    verdict: left.length > 0 ? 'warning' : 'ok',
    message: `${size}, ${periods[0]!.label} to ${periods.at(-1)!.label}${left.length > 0 ? `; left out: ${left.join(' and ')}` : ''}`,
  }
}

function controlChecks(spec: DidSpec, facts: DidFacts): Checked[] {
  const { groups, alwaysTreated } = facts
  const treated = groups.filter(({ firstTreated }) => firstTreated !== null)
  const never = groups.find(({ firstTreated }) => firstTreated === null)?.units ?? 0
  const needsNever = spec.estimators.some(
    (estimator) => estimator.method !== 'callaway_santanna' || estimator.control === 'never_treated',
  )
  const dates = treated.map(({ firstTreated, units }) => `${labelOf(facts, firstTreated!)} (${units})`)
  return [
    {
      checkName: 'treated_groups',
      verdict: treated.length > 0 ? 'ok' : 'fails',
      message:
        treated.length > 0 ? `first treated: ${dates.join(', ')}` : 'no unit is treated within the panel',
    },
    {
      checkName: 'never_treated',
      verdict: never > 0 || !needsNever ? 'ok' : 'warning',
      message:
        never > 0
          ? `${never} units are never treated`
          : `no unit is never treated${needsNever ? ': methods that compare with such units are refused; control: not_yet_treated compares with later ones' : ''}`,
    },
    ...(alwaysTreated > 0
      ? [
          {
            checkName: 'always_treated',
            verdict: 'warning' as const,
            message: `${alwaysTreated} units are treated from the first period on and are left out: they show no change`,
          },
        ]
      : []),
  ]
}

function clusterCheck({ clusters }: DidFacts): Checked[] {
  if (clusters === null) return []
  return [
    {
      checkName: 'clusters',
      verdict: clusters < 2 ? 'fails' : clusters < fewClusters ? 'warning' : 'ok',
      statistic: clusters,
      message:
        clusters < 2
          ? 'there is one cluster: nothing says how much clusters differ'
          : `${clusters} clusters${clusters < fewClusters ? ': with so few, intervals are too narrow' : ''}`,
    },
  ]
}

/** Whether groups moved alike before treatment, each held against the units that it is compared with afterwards. */
function preTrendCheck(spec: DidSpec, { moments }: DidOutcomeData, { byGroup }: PanelEstimates): Checked {
  const own = spec.estimators.find((estimator) => estimator.method === 'callaway_santanna')
  const effects =
    byGroup ??
    groupTimeFromMoments(moments, {
      ...{ anticipation: spec.anticipation, ciLevel: spec.ciLevel },
      control: own?.method === 'callaway_santanna' ? own.control : 'never_treated',
    })
  const checkName = 'parallel_trends_before'
  const result = isRefused(effects) ? effects : preTrendTest(effects, moments.clusters)
  if (isRefused(result))
    return { checkName, verdict: 'not_evaluated', message: `not evaluated: ${result.refused}` }
  const { statistic, degreesOfFreedom, pValue } = result
  const test = `χ²(${degreesOfFreedom}) = ${short(statistic)}, p = ${short(pValue)}`
  return pValue < spec.preTrendLevel
    ? {
        ...{ checkName, verdict: 'fails', statistic, pValue },
        message: `groups did not move alike before treatment (${test}), so what came after may be no effect of it`,
      }
    : {
        ...{ checkName, verdict: 'ok', statistic, pValue },
        message: `nothing before treatment says that groups moved apart (${test}); that trends would have stayed parallel is not shown by it`,
      }
}

function weightCheck({ negativeWeightShare }: PanelEstimates): Checked[] {
  if (negativeWeightShare === null) return []
  const isMuch = negativeWeightShare > muchNegative
  return [
    {
      checkName: 'negative_weights',
      verdict: isMuch ? 'warning' : 'ok',
      statistic: negativeWeightShare,
      message: `${short(100 * negativeWeightShare)} % of the weight of treated rows in two-way fixed effects is negative${isMuch ? ': where effects differ between groups or grow, that estimate is wrong' : ''}`,
    },
  ]
}
