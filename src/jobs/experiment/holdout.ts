import type { Estimate } from '../../core/estimate.ts'
import { isRefused } from '../../stats/index.ts'
import { wholePopulation } from './data/cell-index.ts'
import { mergeCells } from './data/cell-moments.ts'
import { outcomeKind } from './data/outcome-variables.ts'
import { designRefusal } from './design-refusal.ts'
import { estimateRow, type TableOrigin } from './estimate-row.ts'
import { type HealthFinding, refusalFor } from './health/check-health.ts'
import { type Analysis, methodInput } from './method-input.ts'
import type { Scale } from './methods/method.ts'
import { methodRegistry } from './methods/registry.ts'
import { primaryMethod } from './primary-method.ts'

/** What all of it came to: the arms that got something taken together, against the one that was kept from everything. */
export function holdoutEstimates(
  analysis: Analysis,
  health: readonly HealthFinding[],
  origin: TableOrigin,
): Estimate[] {
  const { spec, index } = analysis
  const { holdout } = spec
  if (holdout === undefined) return []
  const arms = [spec.control, ...spec.treatments]
  const treatment = arms.join(' + ')
  const scales: readonly Scale[] = ['absolute', 'relative']
  return spec.outcomes
    .filter((outcome) => outcomeKind(outcome) !== 'quantile')
    .flatMap((outcome) =>
      scales.map((scale) => {
        const plain = { ...spec, cluster: undefined, sequential: undefined } as unknown as typeof spec
        const method = primaryMethod(plain, outcome, scale)
        const entry = methodRegistry[method]
        const cells = arms.flatMap((arm) => index.find(outcome.name, arm) ?? [])
        const together = mergeCells(cells, treatment)
        const kept = index.find(outcome.name, holdout)
        const base = methodInput(
          analysis,
          { outcome, treatment: spec.treatments[0]!, scope: wholePopulation },
          scale,
        )
        const nTreated = together?.outcomeMoments.n ?? 0
        const fields = {
          estimand: scale === 'absolute' ? 'ate' : 'lift',
          outcome: outcome.name,
          treatment,
          comparison: holdout,
          method,
          scale,
          ciLevel: spec.ciLevel,
          n: nTreated + (kept?.outcomeMoments.n ?? 0),
          nTreated,
        }
        const refused = (reason: string): Estimate =>
          estimateRow(spec, origin, { ...fields, status: 'refused', reason })
        const unhealthy = refusalFor(health, { ...wholePopulation, outcome: outcome.name, treatment })
        if (unhealthy !== null) return refused(unhealthy)
        const undesigned = designRefusal(analysis, method, wholePopulation)
        if (undesigned !== null) return refused(undesigned)
        if (!together || !kept || !base) return refused(`no units in arm '${kept ? spec.control : holdout}'`)
        const result = entry.compute({
          ...base,
          treatment: together,
          control: kept,
          strata: [],
          rows: null,
          replicated: null,
        })
        if (isRefused(result)) return refused(result.refused)
        const { diagnostics, ...numbers } = result
        return estimateRow(spec, origin, { ...fields, ...numbers, ciKind: entry.ciKind, diagnostics })
      }),
    )
}
