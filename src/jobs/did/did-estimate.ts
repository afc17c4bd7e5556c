import type { DidSpec } from '../../core/did-spec.ts'
import type { Estimate } from '../../core/estimate.ts'
import { type Inference, isRefused, type Refusal } from '../../stats/index.ts'
import type { TableOrigin } from '../experiment/estimate-row.ts'
import { comparisonWords } from './did-words.ts'

/** Whom an estimate is about. */
export interface DidAbout {
  readonly outcome: string
  readonly method: string
  readonly estimand: string
  readonly scale?: Estimate['scale']
  readonly segment?: readonly [name: string, value: string]
  readonly n: number | null
  readonly nTreated: number | null
  readonly diagnostics?: Readonly<Record<string, unknown>>
  /** How its interval was made; by a formula if not said. */
  readonly ciKind?: CiKind
}

type CiKind = 'fixed_horizon' | 'bootstrap'

/** What a method found: with an error, or with a p-value only. */
export type DidResult = Inference | Pick<Inference, 'estimate' | 'pValue'>

/** An estimate from a panel as a row. */
export function didEstimate(
  spec: DidSpec,
  { job, runId, asOf }: TableOrigin,
  { outcome, method, estimand, scale = 'absolute', segment, n, nTreated, diagnostics = {}, ciKind }: DidAbout,
  result: DidResult | Refusal,
): Estimate {
  const common = {
    ...{ job, runId, asOf, estimand, outcome, ...comparisonWords(spec), method, scale, n, nTreated },
    ...{ segmentName: segment?.[0] ?? null, segmentValue: segment?.[1] ?? null },
    ...{ pValueAdjusted: null, diagnostics },
  }
  if (isRefused(result))
    return {
      ...common,
      ...{ estimate: null, ciLevel: spec.ciLevel, pValue: null, status: 'refused', reason: result.refused },
      ...noInterval,
    }
  const told = { ...common, status: 'ok' as const, reason: null }
  if (!('stdError' in result))
    return { ...told, ...noInterval, estimate: result.estimate, ciLevel: null, pValue: result.pValue }
  return { ...told, ...intervalOf(result, ciKind) }
}

const noInterval = { stdError: null, ciLower: null, ciUpper: null, ciKind: null } as const

/** The fields of a number with its interval; those that it has not are null. */
export function intervalOf(
  { estimate, stdError, ciLower, ciUpper, ciLevel, pValue }: Inference,
  ciKind: CiKind = 'fixed_horizon',
) {
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)
  const hasError = Number.isFinite(stdError)
  return {
    ...{ estimate: finite(estimate), stdError: finite(stdError), ciLower: finite(ciLower) },
    ...{ ciUpper: finite(ciUpper), ciLevel: finite(ciLevel), pValue: finite(pValue) },
    ciKind: hasError ? ciKind : null,
  }
}
