import type { Estimate } from '../../core/estimate.ts'
import type { ExperimentOutcome } from '../../core/experiment-spec.ts'
import { isRefused, partialPooling, refuse, waldInference } from '../../stats/index.ts'
import { outcomeKind } from './data/outcome-variables.ts'
import { designRefusal } from './design-refusal.ts'
import { estimateRow, type TableOrigin } from './estimate-row.ts'
import { type HealthFinding, refusalFor } from './health/check-health.ts'
import type { Analysis } from './method-input.ts'
import type { MethodEntry, Scale } from './methods/method.ts'
import { segmentEffect } from './segment-effect.ts'

/*
 * Effects of segments drawn towards that of all, the more the less they are known: the largest of many noisy effects
 * is mostly noise. To rank and to target by, not to test.
 */

const method = 'partial_pooling'

/** Its rows are those of segments, several of which are told together; of a single pair of arms it says nothing. */
export const poolingMethods = {
  [method]: {
    scales: () => [],
    ciKind: 'credible',
    needs: 'cells',
    applies: () => false,
    compute: () => refuse('segments are pooled together'),
  },
} as const satisfies Record<string, MethodEntry>

/** A row for each value of each segment, where the spec asks for them. */
export function pooledEstimates(
  analysis: Analysis,
  health: readonly HealthFinding[],
  origin: TableOrigin,
): Estimate[] {
  const { spec } = analysis
  if (!spec.methods.includes(method)) return []
  const scales: readonly Scale[] = ['absolute', 'relative']
  return spec.treatments.flatMap((treatment) =>
    spec.outcomes
      .filter((outcome) => outcomeKind(outcome) !== 'quantile')
      .flatMap((outcome) =>
        scales.flatMap((scale) =>
          spec.segments.flatMap((name) =>
            poolSegment(analysis, health, origin, { outcome, treatment, scale, name }),
          ),
        ),
      ),
  )
}

interface Question {
  readonly outcome: ExperimentOutcome
  readonly treatment: string
  readonly scale: Scale
  readonly name: string
}

function poolSegment(
  analysis: Analysis,
  health: readonly HealthFinding[],
  origin: TableOrigin,
  { outcome, treatment, scale, name }: Question,
): Estimate[] {
  const { spec, index } = analysis
  const known = index.scopes
    .filter(({ segmentName }) => segmentName === name)
    .map((scope) => {
      const found = segmentEffect(analysis, { outcome, treatment, scope }, scale)
      const place = { ...scope, outcome: outcome.name, treatment }
      const reason = refusalFor(health, place) ?? designRefusal(analysis, method, scope)
      if (reason !== null || !found) return { scope, effect: refuse(reason ?? 'an arm has no units') }
      return { scope, ...found }
    })
  const effects = known.flatMap(({ effect }) => (isRefused(effect) ? [] : [effect]))
  const pooled = partialPooling(effects)
  let place = 0
  return known.map(({ scope, effect, ...rest }): Estimate => {
    const fields = {
      estimand: scale === 'absolute' ? 'ate' : 'lift',
      ...{ scale, method, outcome: outcome.name, treatment },
      ...{ segmentName: scope.segmentName, segmentValue: scope.segmentValue },
      ...('n' in rest && { n: rest.n, nTreated: rest.nTreated }),
      ciLevel: spec.ciLevel,
    }
    const refused = (reason: string): Estimate =>
      estimateRow(spec, origin, { ...fields, status: 'refused', reason })
    if (isRefused(effect)) return refused(effect.refused)
    if (isRefused(pooled)) return refused(pooled.refused)
    const { estimate, stdError, shrinkage } = pooled[place++]!
    const interval = waldInference(estimate, stdError, Infinity, { ciLevel: spec.ciLevel })
    if (isRefused(interval)) return refused(interval.refused)
    return estimateRow(spec, origin, {
      ...fields,
      ...{ estimate, stdError, ciLower: interval.ciLower, ciUpper: interval.ciUpper },
      ciKind: 'credible',
      diagnostics: {
        base: 'base' in rest ? rest.base : null,
        own_estimate: effect.estimate,
        own_std_error: effect.stdError,
        shrinkage,
        values: effects.length,
      },
    })
  })
}
