import type { Estimate } from '../../core/estimate.ts'
import type { ExperimentMethod } from '../../core/experiment-spec.ts'
import { isRefused } from '../../stats/index.ts'
import { designRefusal } from './design-refusal.ts'
import { estimateRow, type TableOrigin } from './estimate-row.ts'
import { type HealthFinding, refusalFor } from './health/check-health.ts'
import { type Analysis, type Comparison, methodInput } from './method-input.ts'
import type { Scale } from './methods/method.ts'
import { methodRegistry } from './methods/registry.ts'

/** How comparisons are made. */
export interface ComparisonOptions {
  /** Whether p-values of sequences are the smallest so far (so it is if not said), or those of the last look alone. */
  readonly looksBack?: boolean
}

/** Every outcome of every treatment in every scope, by each method that applies. */
export function estimateComparisons(
  analysis: Analysis,
  health: readonly HealthFinding[],
  origin: TableOrigin,
  options: ComparisonOptions = {},
): Estimate[] {
  const { spec, index } = analysis
  return index.scopes.flatMap((scope) =>
    spec.treatments.flatMap((treatment) =>
      spec.outcomes.flatMap((outcome) =>
        spec.methods
          .filter((method) => methodRegistry[method].applies(outcome, spec))
          // Strata are not crossed with segments, so there is nothing to say of them there.
          .filter((method) => scope.segmentName === null || methodRegistry[method].needs !== 'strata')
          .flatMap((method) =>
            methodRegistry[method]
              .scales(outcome)
              .map((scale) =>
                estimateOne(
                  analysis,
                  { outcome, treatment, scope },
                  { method, scale, ...options },
                  health,
                  origin,
                ),
              ),
          ),
      ),
    ),
  )
}

function estimateOne(
  analysis: Analysis,
  comparison: Comparison,
  {
    method,
    scale,
    looksBack = true,
  }: ComparisonOptions & { readonly method: ExperimentMethod; readonly scale: Scale },
  health: readonly HealthFinding[],
  origin: TableOrigin,
): Estimate {
  const { spec } = analysis
  const { outcome, treatment, scope } = comparison
  const entry = methodRegistry[method]
  const input = methodInput(analysis, comparison, scale, {
    needs: entry.needs,
    looks: entry.looks === 'plan' || (entry.looks === 'each' && looksBack) ? 'all' : 'own',
  })
  const nTreated = input?.treatment.outcomeMoments.n ?? 0
  const fields = {
    estimand: scale === 'absolute' ? ('ate' as const) : ('lift' as const),
    scale,
    method,
    outcome: outcome.name,
    treatment,
    segmentName: scope.segmentName,
    segmentValue: scope.segmentValue,
    ciLevel: spec.ciLevel,
    n: nTreated + (input?.control.outcomeMoments.n ?? 0),
    nTreated,
  }
  const refused = (reason: string): Estimate =>
    estimateRow(spec, origin, { ...fields, status: 'refused', reason })
  const unhealthy = refusalFor(health, { ...scope, outcome: outcome.name, treatment })
  if (unhealthy !== null) return refused(unhealthy)
  const undesigned = designRefusal(analysis, method, scope)
  if (undesigned !== null) return refused(undesigned)
  if (!input) return refused(emptyArm(analysis, comparison))
  const result = entry.compute(input)
  if (isRefused(result)) return refused(result.refused)
  const { estimate, stdError, ciLower, ciUpper, pValue, diagnostics } = result
  return estimateRow(spec, origin, {
    ...fields,
    estimate,
    stdError,
    ciLower,
    ciUpper,
    ciKind: entry.ciKind,
    pValue,
    diagnostics,
  })
}

function emptyArm({ spec, index }: Analysis, { outcome, treatment, scope }: Comparison): string {
  const treated = index.find(outcome.name, treatment, scope)
  return `no units in arm '${treated ? spec.control : treatment}'`
}
