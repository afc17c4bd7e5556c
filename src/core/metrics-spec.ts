import type { ExperimentData } from './experiment-data.ts'

/*
 * The trusted form of `kind: metrics`: what is measured of units, once for all experiments.
 */

/** Where measures come from: rows of units, by day (one row per unit and day) or by instant (events). */
export interface MetricSource {
  readonly ref: string
  readonly unit: string
  /** A date: the row holds a day of the unit. Exactly one of `day` and `time` is given. */
  readonly day?: string
  /** An instant: the row is an event. */
  readonly time?: string
}

/** A sum over a unit's rows: of a column, or of 1 where no column is given. */
export interface Measure {
  readonly column?: string
  /** Only rows where this column is true, or equals one of the values. */
  readonly where?: { readonly column: string; readonly values?: readonly (string | number | boolean)[] }
}

/** Days after the exposure in which rows count: from `delay` on, for `days`; to the end of the experiment if not given. */
export interface MetricWindow {
  readonly delayDays: number
  readonly days?: number
}

/** An upper (and lower) bound of a unit's value: a number, or a quantile of all units' values. */
export interface MetricCap {
  readonly upper?: number
  readonly lower?: number
  readonly upperQuantile?: number
  readonly lowerQuantile?: number
}

/** How far a guardrail may get worse: a share of the control's mean, or in the metric's own units. */
export interface NonInferiorityMargin {
  readonly relative?: number
  readonly absolute?: number
}

/** Which of the questions that everybody asks a metric answers. */
export type MetricTopic = 'engagement' | 'retention' | 'revenue'

interface MetricBase {
  readonly name: string
  readonly description: string
  readonly about?: MetricTopic
  /** Which direction is good; a guardrail gets worse the other way. */
  readonly better: 'higher' | 'lower'
  readonly from: MetricSource
  readonly window: MetricWindow
  /** Units count only once their window has closed. */
  readonly matureOnly: boolean
  /** Days before the exposure whose same measure is the covariate; 0 for none. */
  readonly prePeriodDays: number
  readonly cap?: MetricCap
  readonly margin?: NonInferiorityMargin
}

/** What a unit's rows come to. */
export type MetricDefinition = MetricBase &
  (
    | { readonly kind: 'mean' | 'count' | 'proportion'; readonly value: Measure }
    | { readonly kind: 'ratio'; readonly numerator: Measure; readonly denominator: Measure }
    /** `level: unit` is the quantile of units' totals, `event` that of single rows, clustered by unit. */
    | {
        readonly kind: 'quantile'
        readonly value: Measure
        readonly quantile: number
        readonly level: 'unit' | 'event'
      }
    /** Whether the unit came back in days `fromDay` to `toDay` after its exposure. */
    | {
        readonly kind: 'retention'
        readonly value: Measure
        readonly fromDay: number
        readonly toDay: number
      }
    /** Whether the unit went through all steps in this order, within the window. */
    | { readonly kind: 'funnel'; readonly steps: readonly (Measure & { readonly name: string })[] }
  )

/**
 * An experiment that uses a set of metrics, as far as what is measured depends on it: how it is judged is no part of
 * this, so that another rule does not have everything measured again.
 */
export interface MetricsExperiment {
  readonly name: string
  readonly data: Extract<ExperimentData, { readonly kind: 'exposures' }>
  /** All arms that units may be in, the control first. */
  readonly arms: readonly string[]
  readonly segments: readonly string[]
  readonly strata: readonly string[]
  readonly cluster?: string
  /** The metrics of the set that it asks for. */
  readonly metrics: readonly string[]
}

export interface MetricsSpec {
  readonly kind: 'metrics'
  readonly question: string
  readonly metrics: readonly MetricDefinition[]
  /** Every experiment that uses one of them, by name. */
  readonly experiments: readonly MetricsExperiment[]
  /** Days at the end of what is held that a refresh reads again, since late rows may have come. */
  readonly lateDays: number
  readonly asOf: string
}
