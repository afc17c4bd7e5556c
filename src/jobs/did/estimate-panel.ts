import type { DidEstimator, DidSpec } from '../../core/did-spec.ts'
import type { EventStudyRow, GroupTimeRow, SyntheticWeightRow } from '../../core/did-tables.ts'
import type { Estimate } from '../../core/estimate.ts'
import type { GroupTimeEffects } from '../../stats/causal/panel/group-time.ts'
import { never } from '../../stats/causal/panel/panel.ts'
import {
  afterDifference,
  beforeAfterDifference,
  beforeAndAfter,
  twoByTwoEffect,
  twoWayFromMoments,
} from '../../stats/causal/panel/panel-effects.ts'
import { meanOver, pooledContrast } from '../../stats/causal/panel/panel-moments.ts'
import { isRefused } from '../../stats/index.ts'
import type { TableOrigin } from '../experiment/estimate-row.ts'
import type { DidFacts, DidOutcomeData } from './did-data.ts'
import { type DidAbout, didEstimate } from './did-estimate.ts'
import { estimateByGroup } from './estimate-by-group.ts'
import { estimateSynthetic } from './estimate-synthetic.ts'

/** All that is estimated of one outcome. */
export interface PanelEstimates {
  readonly outcome: string
  readonly estimates: readonly Estimate[]
  readonly groupTime: readonly GroupTimeRow[]
  readonly eventStudy: readonly EventStudyRow[]
  readonly weights: readonly SyntheticWeightRow[]
  /** Of the first estimator that has such effects: for checks of what lies before treatment. */
  readonly byGroup: GroupTimeEffects | null
  /** Share of the treated weight that is negative in two-way fixed effects. */
  readonly negativeWeightShare: number | null
  /** The plain difference as a share of the untreated, where it is asked for. */
  readonly naiveShare: number | null
}

/** Runs all estimators on one outcome, the plain differences first. */
export function estimatePanel(
  spec: DidSpec,
  facts: DidFacts,
  data: DidOutcomeData,
  origin: TableOrigin,
): PanelEstimates {
  const { outcome, moments } = data
  const sizes = sizesOf(facts)
  const options = { ciLevel: spec.ciLevel, anticipation: spec.anticipation }
  const row = (
    about: Omit<DidAbout, 'outcome' | 'n' | 'nTreated'>,
    result: Parameters<typeof didEstimate>[3],
  ) => didEstimate(spec, origin, { outcome, ...sizes, ...about }, result)
  const naive = afterDifference(moments, options)
  const plain = (method: string, convention: string): Omit<DidAbout, 'outcome' | 'n' | 'nTreated'> => ({
    ...{ method, estimand: 'association', diagnostics: { convention } },
  })
  const estimates = [
    row(plain('naive_difference', 'treated and never treated units once all treated ones are'), naive),
    row(
      plain('before_after', 'treated units before anybody is treated and once all of them are'),
      beforeAfterDifference(moments, options),
    ),
  ]
  const found: Mutable<Pick<PanelEstimates, 'byGroup' | 'negativeWeightShare'>> = {
    byGroup: null,
    negativeWeightShare: null,
  }
  const groupTime: GroupTimeRow[] = []
  const eventStudy: EventStudyRow[] = []
  const weights: SyntheticWeightRow[] = []
  const tables = { groupTime, eventStudy, weights }
  const one = (estimator: DidEstimator): Estimate[] => {
    const { method: kind, name: method } = estimator
    switch (kind) {
      case 'two_by_two':
        return [
          row(
            { method, estimand: 'att', diagnostics: { convention: conventions.two_by_two } },
            twoByTwoEffect(moments, options),
          ),
        ]
      case 'twfe': {
        const effect = twoWayFromMoments(moments, options)
        const share = isRefused(effect) ? null : effect.negativeWeightShare
        found.negativeWeightShare = share
        const diagnostics = { convention: conventions.twfe, negative_weight_share: share }
        return [row({ method, estimand: 'att', diagnostics }, effect)]
      }
      case 'callaway_santanna': {
        const own = estimateByGroup(spec, facts, data, origin, estimator, sizes)
        found.byGroup ??= own.found
        groupTime.push(...own.groupTime)
        eventStudy.push(...own.eventStudy)
        return own.estimates
      }
      default: {
        const own = estimateSynthetic(spec, facts, data, origin, { method: kind, name: method }, sizes)
        weights.push(...own.weights)
        return own.estimates
      }
    }
  }
  for (const estimator of spec.estimators) estimates.push(...one(estimator))
  return { outcome, estimates, ...tables, ...found, naiveShare: naiveShareOf(data, spec, naive) }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const conventions = {
  two_by_two: "mean changes; influence by unit times n/(n − 2), Student's t with n − 2; CR1 by cluster",
  twfe: "CR1 by unit or cluster, K = 1 + periods, Student's t with G − 1",
} as const

/** Units in all, and treated ones. */
function sizesOf({ units, groups }: DidFacts): { readonly n: number; readonly nTreated: number } {
  return {
    n: units,
    nTreated: groups.reduce((sum, group) => sum + (group.firstTreated === null ? 0 : group.units), 0),
  }
}

/** How much more the treated have than the others, as a share of these. */
function naiveShareOf(
  { moments }: DidOutcomeData,
  { anticipation }: DidSpec,
  naive: ReturnType<typeof afterDifference>,
): number | null {
  const times = beforeAndAfter(moments, anticipation)
  if (isRefused(naive) || isRefused(times)) return null
  const after = meanOver(moments.periods.length, (time) => times.after.includes(moments.periods[time]!))
  const { estimate } = pooledContrast(moments, (first) => first === never, after)
  return estimate > 0 ? naive.estimate / estimate : null
}
