import type { DidEstimator, DidSpec } from '../../core/did-spec.ts'
import type { EventStudyRow, GroupTimeRow } from '../../core/did-tables.ts'
import type { Estimate } from '../../core/estimate.ts'
import {
  type AggregatedEffects,
  aggregateEffects,
  relativeEffect,
} from '../../stats/causal/panel/aggregate.ts'
import type { GroupTimeEffects } from '../../stats/causal/panel/group-time.ts'
import { levelInPeriod } from '../../stats/causal/panel/panel-effects.ts'
import { criticalValue, isRefused } from '../../stats/index.ts'
import type { TableOrigin } from '../experiment/estimate-row.ts'
import { type DidFacts, type DidOutcomeData, labelOf } from './did-data.ts'
import { didEstimate, intervalOf } from './did-estimate.ts'
import { aggregateOptions, groupTimeOf } from './panel-view.ts'

type CallawaySantAnna = Extract<DidEstimator, { method: 'callaway_santanna' }>

/** What group-time effects come to. */
export interface GroupEstimates {
  readonly estimates: Estimate[]
  readonly groupTime: GroupTimeRow[]
  readonly eventStudy: EventStudyRow[]
  readonly found: GroupTimeEffects | null
}

/** Of each way to take effects together: what its overall number is called, and what its parts are. */
const kinds = {
  simple: { estimand: 'att', segment: '' },
  group: { estimand: 'att_by_group', segment: 'first_treated' },
  calendar: { estimand: 'att_by_period', segment: 'period' },
  event: { estimand: 'att_by_time_since', segment: 'periods_since' },
} as const

/** Group-time effects and what is made of them, by one estimator. */
export function estimateByGroup(
  spec: DidSpec,
  facts: DidFacts,
  data: DidOutcomeData,
  origin: TableOrigin,
  estimator: CallawaySantAnna,
  sizes: { readonly n: number; readonly nTreated: number },
): GroupEstimates {
  const { outcome, moments } = data
  const { name: method, control, adjustment, base } = estimator
  const diagnostics = {
    ...{ convention: conventionOf(spec), control, base, anticipation: spec.anticipation },
    ...(spec.covariates.length > 0 && { adjustment, adjusted_for: spec.covariates }),
  }
  const about = { outcome, method, ...sizes, diagnostics, ciKind: kindOf(spec) }
  const found = groupTimeOf(spec, estimator, data)
  if (isRefused(found))
    return {
      estimates: [didEstimate(spec, origin, { ...about, estimand: 'att' }, found)],
      ...{ groupTime: [], eventStudy: [], found: null },
    }
  const options = aggregateOptions(spec, moments)
  const estimates: Estimate[] = []
  const eventStudy: EventStudyRow[] = []
  for (const aggregation of withSimple(spec.aggregations)) {
    const { estimand, segment } = kinds[aggregation]
    const result = aggregateEffects(found, aggregation, options)
    if (isRefused(result)) {
      estimates.push(didEstimate(spec, origin, { ...about, estimand }, result))
      continue
    }
    estimates.push(didEstimate(spec, origin, { ...about, estimand }, result.overall))
    for (const effect of result.effects) {
      const value = aggregation === 'event' ? String(effect.at) : labelOf(facts, effect.at)
      // What is 0 by definition is no estimate.
      if (!(effect.stdError > 0)) continue
      estimates.push(didEstimate(spec, origin, { ...about, estimand, segment: [segment, value] }, effect))
    }
    if (aggregation === 'event') eventStudy.push(...studyRows(spec, origin, outcome, method, result))
  }
  const share = relativeEffect(found, (group, period) => levelInPeriod(moments, group, period), options)
  estimates.push(didEstimate(spec, origin, { ...about, estimand: 'att_relative', scale: 'relative' }, share))
  return { estimates, groupTime: cellRows(facts, origin, outcome, method, found), eventStudy, found }
}

/** The overall effect is always told: the verdict rests on it. */
function withSimple(aggregations: DidSpec['aggregations']): DidSpec['aggregations'] {
  return aggregations.includes('simple') ? aggregations : ['simple', ...aggregations]
}

/** How intervals of what is made of cells come about. */
function kindOf({ errors }: DidSpec): 'fixed_horizon' | 'bootstrap' {
  return errors.kind === 'bootstrap' ? 'bootstrap' : 'fixed_horizon'
}

function conventionOf({ errors, cluster }: DidSpec): string {
  const by = cluster === undefined ? 'unit' : `cluster (${cluster})`
  return errors.kind === 'bootstrap'
    ? `multiplier bootstrap by ${by}, ${errors.draws} draws`
    : `influence functions by ${by}, √Σψ²/n${cluster === undefined ? '' : ' times G/(G − 1)'}; normal`
}

function studyRows(
  spec: DidSpec,
  origin: TableOrigin,
  outcome: string,
  method: string,
  { effects, bandCriticalValue }: AggregatedEffects,
): EventStudyRow[] {
  // A band is never narrower than an interval, which chance may make it where there are few times.
  const critical =
    bandCriticalValue === undefined ? null : Math.max(bandCriticalValue, criticalValue(spec.ciLevel))
  return effects.map((effect) => {
    const half = critical === null || !(effect.stdError > 0) ? null : critical * effect.stdError
    return {
      ...{ ...origin, outcome, method, periodsSince: effect.at, ...intervalOf(effect, kindOf(spec)) },
      bandLower: half === null ? null : effect.estimate - half,
      bandUpper: half === null ? null : effect.estimate + half,
    }
  })
}

function cellRows(
  facts: DidFacts,
  origin: TableOrigin,
  outcome: string,
  method: string,
  { effects, refusals }: GroupTimeEffects,
): GroupTimeRow[] {
  const told = effects.map(
    (effect): GroupTimeRow => ({
      ...{ ...origin, outcome, method, isPost: effect.isPost },
      ...{ firstTreated: labelOf(facts, effect.group), period: labelOf(facts, effect.period) },
      // Cells have the errors of influence functions, whatever those of their sums are.
      ...intervalOf(effect),
      ...{ nTreated: effect.nTreated || null, nControl: effect.nControl || null },
      ...{ status: 'ok', reason: null },
    }),
  )
  const refused = refusals.map(
    ({ group, period, reason }): GroupTimeRow => ({
      ...{ ...origin, outcome, method, isPost: period >= group },
      ...{ firstTreated: labelOf(facts, group), period: labelOf(facts, period) },
      ...{ estimate: null, stdError: null, ciLower: null, ciUpper: null, ciLevel: null, ciKind: null },
      ...{ pValue: null, nTreated: null, nControl: null, status: 'refused', reason },
    }),
  )
  return [...told, ...refused]
}
