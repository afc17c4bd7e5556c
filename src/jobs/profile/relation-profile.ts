import type { Relation } from '../../core/node.ts'

/*
 * The profile of a relation: what stands in its columns, as plain data. It is made by at most two scans whatever
 * the number of columns (`profile-relation.ts`), and tables, JSON and HTML show the same.
 */

export interface RelationProfile {
  readonly relation: Relation
  /** Rows that were looked at: all, or those of the sample. */
  readonly rows: number
  /** The share of the rows that was looked at, in percent; null for all. */
  readonly samplePercent: number | null
  /** Rows that stand there once more, in every column alike. */
  readonly duplicateRows: number
  readonly key: KeyProfile | null
  readonly columns: readonly ColumnProfile[]
}

/** What is said to be unique, and whether it is. */
export interface KeyProfile {
  readonly columns: readonly string[]
  /** Rows whose key another row has already; those with a null in it do not count. */
  readonly duplicateRows: number
  /** Rows with a null in the key. */
  readonly missing: number
}

/** What a column can be asked: numbers and times have ranges, texts have lengths. */
export type ColumnKind = 'number' | 'time' | 'boolean' | 'text' | 'other'

export interface ColumnProfile {
  readonly name: string
  /** As in DDL: `numeric(12,2)`. */
  readonly type: string
  readonly kind: ColumnKind
  /** Nulls. */
  readonly missing: number
  /** Texts of nothing but blanks; null where the column holds no text. */
  readonly empty: number | null
  /** Values that are written differently, nulls aside. */
  readonly distinct: number
  /** As the server writes them; null where there is no value or no order. */
  readonly min: string | null
  readonly max: string | null
  readonly numbers: NumberProfile | null
  readonly times: TimeProfile | null
  /** Characters. */
  readonly lengths: LengthProfile | null
  /** How often a boolean is true. */
  readonly trueCount: number | null
  /** Bars of the same width over the range inside Tukey's fences; null where the column has no range. */
  readonly histogram: Histogram | null
  /** The most frequent values that stand there more than once, the most frequent first. */
  readonly mostFrequent: readonly FrequentValue[]
}

export interface NumberProfile {
  readonly mean: number | null
  /** Of the sample: the divisor is n - 1; null below two values. */
  readonly stdDev: number | null
  readonly zeros: number
  readonly negatives: number
  /** NaN, infinity, and what lies beyond ±1e150; the other figures leave it out. */
  readonly notFinite: number
  readonly quantiles: Quantiles | null
  readonly outliers: Outliers | null
}

export interface TimeProfile {
  /** `infinity` and `-infinity`; the other figures leave them out. */
  readonly notFinite: number
  /** In seconds since 1970. */
  readonly quantiles: Quantiles | null
  readonly outliers: Outliers | null
}

/** Interpolated between the values beside them, as `percentile_cont` does. */
export interface Quantiles {
  readonly p5: number
  readonly p25: number
  readonly p50: number
  readonly p75: number
  readonly p95: number
}

/** What lies beyond Tukey's fences: more than one and a half times the interquartile range from the quartiles. */
export interface Outliers {
  readonly lowerFence: number
  readonly upperFence: number
  readonly below: number
  readonly above: number
}

export interface LengthProfile {
  readonly min: number
  readonly mean: number
  readonly max: number
}

/** Counts of bars between two numbers; times are seconds since 1970. What lies outside is in no bar. */
export interface Histogram {
  readonly from: number
  readonly to: number
  readonly counts: readonly number[]
}

export interface FrequentValue {
  /** As the server writes it; cut after a hundred characters. */
  readonly value: string
  readonly count: number
}
