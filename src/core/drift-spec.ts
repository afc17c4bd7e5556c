/*
 * The trusted form of `kind: drift`: which columns ought to stay what they were, and how far they may move.
 */

/** How far a column has moved: of its distribution, its mean, and the share of it that is missing. */
export const driftStatistics = [
  'psi',
  'js_distance',
  'ks',
  'wasserstein',
  'mean_shift',
  'missing_shift',
] as const
export type DriftStatistic = (typeof driftStatistics)[number]

/** From where on a shift is worth a warning, and from where on it is a failure. */
export interface DriftThreshold {
  readonly warn?: number
  readonly fail?: number
}

export type DriftThresholds = Readonly<Partial<Record<DriftStatistic, DriftThreshold>>>

export interface DriftColumn {
  readonly column: string
  /** As the column's type says, if not given. */
  readonly kind?: 'numeric' | 'categorical' | 'boolean'
  /** Cells of about equal size that a number is put into, by the quantiles of the reference. */
  readonly bins: number
  /** How many categories stand for themselves; the others stand together. */
  readonly top: number
  readonly thresholds: DriftThresholds
}

/** What windows are compared with: days between two dates, or so many before the longest window. */
export type DriftReference =
  | { readonly kind: 'fixed'; readonly start: string; readonly end: string }
  | { readonly kind: 'trailing'; readonly days: number }

export type DriftValue = string | number | boolean

export interface DriftSpec {
  readonly kind: 'drift'
  readonly question: string
  readonly data: {
    readonly ref: string
    /** The column that says on which day a row belongs; a time is in UTC. */
    readonly day: string
    /** Only rows of which all hold: the column is true, or one of the values. */
    readonly where: readonly { readonly column: string; readonly values?: readonly DriftValue[] }[]
  }
  readonly columns: readonly DriftColumn[]
  readonly segments: readonly string[]
  readonly reference: DriftReference
  /** Lengths in days of the windows that end with the last day before `as_of`. */
  readonly windows: readonly number[]
  /** The fewest rows on either side of a comparison. */
  readonly leastRows: number
  readonly multiplicity: 'holm' | 'benjamini_hochberg' | 'none'
  readonly alpha: number
  /** What becomes of the node when something drifted as far as `fail`. */
  readonly onFail: 'warn' | 'error'
  /** A table of the schema `truth` with the changes that a generator made; read only by who judges the job. */
  readonly truth?: string
  readonly asOf: string
}
