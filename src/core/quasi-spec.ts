import type { CausalOutcome } from './causal-spec.ts'
import type { RowCondition } from './did-spec.ts'

/*
 * The trusted forms of `kind: discontinuity` and `kind: interrupted_series`: a rule that decides on treatment at a cutoff, and a
 * series that something changed at one time.
 */

interface QuasiSpec {
  readonly question: string
  readonly treatment: string
  readonly outcomes: readonly CausalOutcome[]
  /** What is done with rows of which something is not known. */
  readonly missing: 'refuse' | 'drop'
  readonly ciLevel: number
  /** A table of the schema `truth`: one row for each `estimand` and `outcome`, with its `value`. */
  readonly truth?: { readonly effects: string }
  readonly asOf: string
}

export interface DiscontinuitySpec extends QuasiSpec {
  readonly kind: 'discontinuity'
  readonly data: { readonly ref: string; readonly where: readonly RowCondition[] }
  /** The column that decides on treatment, and from where on it does. */
  readonly running: string
  readonly cutoff: number
  readonly treatedSide: 'above' | 'below'
  /** Who was treated in fact, where the cutoff only moves the chance. */
  readonly taken?: string
  /** Columns that the treatment cannot move. */
  readonly covariates: readonly string[]
  readonly bandwidth?: number
  readonly kernel: 'triangular' | 'uniform'
}

export interface SeriesSpec extends QuasiSpec {
  readonly kind: 'interrupted_series'
  readonly data: { readonly ref: string; readonly time: string; readonly where: readonly RowCondition[] }
  /** The first time after the change, as the time's column tells it. */
  readonly changedAt: string
  /** Held fixed: seasons, series that the change does not touch. */
  readonly covariates: readonly string[]
  readonly lags?: number
}
