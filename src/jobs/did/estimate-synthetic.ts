import type { DidMethod, DidSpec } from '../../core/did-spec.ts'
import type { SyntheticWeightRow } from '../../core/did-tables.ts'
import type { Estimate } from '../../core/estimate.ts'
import {
  syntheticControl,
  syntheticDifferenceInDifferences,
} from '../../stats/causal/panel/synthetic-control.ts'
import { isRefused, type Refusal, refuse } from '../../stats/index.ts'
import type { TableOrigin } from '../experiment/estimate-row.ts'
import type { DidFacts, DidOutcomeData } from './did-data.ts'
import { type DidResult, didEstimate } from './did-estimate.ts'

/** Weights below this are what the search left of 0. */
const leastWeight = 1e-6

interface Found {
  readonly result: DidResult | Refusal
  /** How its error is counted. */
  readonly convention: string
  readonly diagnostics?: Readonly<Record<string, unknown>>
  readonly unitWeights?: Float64Array
  readonly timeWeights?: Float64Array
}

/** The effect by what untreated units, weighted, would have come to; with the weights. */
export function estimateSynthetic(
  spec: DidSpec,
  facts: DidFacts,
  data: DidOutcomeData,
  origin: TableOrigin,
  {
    method: kind,
    name: method,
  }: { readonly method: Exclude<DidMethod, 'callaway_santanna'>; readonly name: string },
  sizes: { readonly n: number; readonly nTreated: number },
): { readonly estimates: Estimate[]; readonly weights: SyntheticWeightRow[] } {
  const { outcome, keys } = data
  const { result, convention, diagnostics, unitWeights, timeWeights } = answer(spec, data, kind)
  const unclustered = spec.cluster === undefined ? '' : `; by unit, not by cluster (${spec.cluster})`
  const about = {
    ...{ outcome, method, estimand: 'att', ...sizes },
    diagnostics: { convention: `${convention}${unclustered}`, ...diagnostics },
  }
  const head = { ...origin, outcome, method }
  const of = (
    weights: Float64Array | undefined,
    ofWhat: 'unit' | 'period',
    nameAt: (place: number) => string,
  ) =>
    [...(weights ?? [])].flatMap((weight, place) =>
      weight > leastWeight ? [{ ...head, ofWhat, name: nameAt(place), weight }] : [],
    )
  return {
    estimates: [didEstimate(spec, origin, about, result)],
    weights: [
      ...of(unitWeights, 'unit', (unit) => keys[unit]!),
      ...of(timeWeights, 'period', (time) => facts.periods[time]!.label),
    ],
  }
}

function answer(spec: DidSpec, { panel }: DidOutcomeData, kind: DidMethod): Found {
  const lack = refuse('it needs the same units in every period')
  if (kind === 'synthetic_did') {
    const convention = 'placebo variance of Arkhangelsky et al. (2021), algorithm 4, 200 placebos; normal'
    const found = panel
      ? syntheticDifferenceInDifferences(panel, { seed: spec.seed, ciLevel: spec.ciLevel })
      : lack
    if (isRefused(found)) return { result: found, convention }
    const { unitWeights, timeWeights, ...result } = found
    return { result, convention, unitWeights, timeWeights }
  }
  const convention = 'p-value of placebos in space; no standard error (Abadie, Diamond, Hainmueller 2010)'
  const found = panel ? syntheticControl(panel, { seed: spec.seed }) : lack
  if (isRefused(found)) return { result: found, convention }
  const { estimate, pValue, weights, errorBefore, errorAfter, placebos, gaps } = found
  return {
    result: { estimate, pValue },
    convention,
    diagnostics: { placebos, error_before: errorBefore, error_after: errorAfter, gaps },
    unitWeights: weights,
  }
}
