import { type EffectResult, refuse } from '../../stats/index.ts'
import { isWithinSegments } from './data/arms-by-cluster.ts'
import { type Analysis, type Comparison, methodInput } from './method-input.ts'
import { type BaseEffect, bestEffect } from './methods/adjusted.ts'
import type { Scale } from './methods/method.ts'
import { clusterRobustEffect } from './methods/rows.ts'

/** The effect in one value of a segment, and what it rests on. */
export interface SegmentEffect {
  readonly base: BaseEffect['base'] | 'cluster_robust'
  readonly effect: EffectResult
  readonly n: number
  readonly nTreated: number
}

/**
 * The effect in one value of a segment as those are told from each other who are to be compared or pooled: adjusted by
 * covariates where there are any. Where arms were given to clusters, by these; refused where a cluster has units in
 * several values, since then the effects hang on one another. Null where an arm has no units.
 */
export function segmentEffect(
  analysis: Analysis,
  comparison: Comparison,
  scale: Scale,
): SegmentEffect | null {
  const { spec, evidence, isByCluster } = analysis
  const needs = isByCluster ? 'rows' : 'cells'
  const input = methodInput(analysis, comparison, scale, { looks: 'own', needs })
  if (!input) return null
  const nTreated = input.treatment.outcomeMoments.n
  const size = { n: nTreated + input.control.outcomeMoments.n, nTreated }
  if (!isByCluster) return { ...size, ...bestEffect(input, scale, spec.ciLevel) }
  const { segmentName } = comparison.scope
  if (!evidence.rows || !isWithinSegments(evidence.rows, segmentName ?? '')) {
    const reason = `clusters were given their arms and have units of several values of '${segmentName}', so that its effects are not independent`
    return { ...size, base: 'cluster_robust', effect: refuse(reason) }
  }
  return { ...size, base: 'cluster_robust', effect: clusterRobustEffect(input) }
}
