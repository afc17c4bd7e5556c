/*
 * The flat record that every analysis writes, one row per number that it claims.
 */

export type EstimateStatus = 'ok' | 'refused'

export interface Estimate {
  readonly job: string
  readonly runId: string
  /** The instant that the result speaks about, ISO 8601. */
  readonly asOf: string
  /** ate, lift, sample_ratio, … */
  readonly estimand: string
  readonly outcome: string
  readonly treatment: string
  readonly comparison: string
  readonly segmentName: string | null
  readonly segmentValue: string | null
  readonly method: string
  readonly scale: 'absolute' | 'relative' | 'ratio' | 'probability'
  readonly estimate: number | null
  readonly stdError: number | null
  readonly ciLower: number | null
  readonly ciUpper: number | null
  readonly ciLevel: number | null
  readonly ciKind: 'fixed_horizon' | 'always_valid' | 'credible' | 'bootstrap' | null
  readonly pValue: number | null
  readonly pValueAdjusted: number | null
  readonly n: number | null
  readonly nTreated: number | null
  readonly diagnostics: Readonly<Record<string, unknown>>
  readonly status: EstimateStatus
  /** Why a refused estimate was refused, in words. */
  readonly reason: string | null
}
