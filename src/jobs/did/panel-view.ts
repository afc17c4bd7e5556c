import type { DidEstimator, DidSpec } from '../../core/did-spec.ts'
import { type AggregateOptions, aggregateEffects } from '../../stats/causal/panel/aggregate.ts'
import {
  type GroupTimeEffects,
  groupTimeEffects,
  groupTimeFromMoments,
} from '../../stats/causal/panel/group-time.ts'
import type { Panel } from '../../stats/causal/panel/panel.ts'
import { twoByTwoEffect, twoWayFromMoments } from '../../stats/causal/panel/panel-effects.ts'
import type { PanelMoments } from '../../stats/causal/panel/panel-moments.ts'
import {
  syntheticControl,
  syntheticDifferenceInDifferences,
} from '../../stats/causal/panel/synthetic-control.ts'
import { type Inference, isRefused, type Refusal, refuse } from '../../stats/index.ts'

/** A panel as estimators look at it: by its moments, and by its units where covariates or weights on units need them. */
export interface PanelView {
  readonly moments: PanelMoments
  readonly panel: Panel | null
}

type CallawaySantAnna = Extract<DidEstimator, { method: 'callaway_santanna' }>

const adjustments = { doubly_robust: 'doubly_robust', regression: 'regression', ipw: 'weighting' } as const

/** The effects on each group in each period, by what the estimator was told. */
export function groupTimeOf(
  { anticipation, ciLevel, covariates }: DidSpec,
  { control, base, adjustment }: Pick<CallawaySantAnna, 'control' | 'base' | 'adjustment'>,
  { moments, panel }: PanelView,
): GroupTimeEffects | Refusal {
  const options = { control, base, anticipation, ciLevel }
  if (covariates.length === 0) return groupTimeFromMoments(moments, options)
  if (!panel) return refuse('covariates need the same units in every period')
  return groupTimeEffects(panel, { ...options, method: adjustments[adjustment] })
}

/** How effects are taken together, and their errors made. */
export function aggregateOptions(spec: DidSpec, { clusters }: PanelMoments): AggregateOptions {
  return {
    ciLevel: spec.ciLevel,
    ...(clusters && { clusters }),
    ...(spec.errors.kind === 'bootstrap' && { bootstrap: { draws: spec.errors.draws, seed: spec.seed } }),
  }
}

/** One number by an estimator: what a changed panel is asked for. */
export function overallEffect(
  spec: DidSpec,
  estimator: DidEstimator,
  view: PanelView,
): Pick<Inference, 'estimate' | 'stdError' | 'pValue'> | Refusal {
  const { moments, panel } = view
  const { ciLevel, anticipation } = spec
  switch (estimator.method) {
    case 'two_by_two':
      return twoByTwoEffect(moments, { ciLevel, anticipation })
    case 'twfe':
      return twoWayFromMoments(moments, { ciLevel })
    case 'callaway_santanna': {
      const found = groupTimeOf(spec, estimator, view)
      if (isRefused(found)) return found
      const result = aggregateEffects(found, 'simple', {
        ciLevel,
        ...(moments.clusters && { clusters: moments.clusters }),
      })
      return isRefused(result) ? result : result.overall
    }
    case 'synthetic_control': {
      if (!panel) return refuse('it needs the same units in every period')
      const found = syntheticControl(panel, { seed: spec.seed })
      if (isRefused(found)) return found
      return { estimate: found.estimate, stdError: Number.NaN, pValue: found.pValue }
    }
    case 'synthetic_did':
      return panel
        ? syntheticDifferenceInDifferences(panel, { seed: spec.seed, ciLevel })
        : refuse('it needs the same units in every period')
  }
}
