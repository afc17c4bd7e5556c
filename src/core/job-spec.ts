/*
 * The trusted form of the YAML under analytics/: a question, never a procedure.
 */

/** A number per unit (mean) or a yes/no per unit (proportion). */
export type MetricKind = 'mean' | 'proportion'

export interface ExperimentMetric {
  readonly name: string
  readonly description: string
  readonly kind: MetricKind
  /** The outcome column of the units' relation. */
  readonly column: string
  /** The same quantity before exposure; CUPED uses it. */
  readonly covariate?: string
}

export type ExperimentMethod =
  | 'difference_in_means'
  | 'relative_lift'
  | 'cuped'
  | 'cuped_relative'
  | 'proportion_z_test'

export interface ExperimentSpec {
  readonly kind: 'experiment'
  readonly question: string
  /** A relation with one row per exposed unit, its arm and its outcomes. */
  readonly units: {
    readonly ref: string
    readonly unit: string
    readonly arm: string
  }
  readonly control: string
  readonly treatments: readonly string[]
  /** Share of units that each arm should get, in any scale; the sample ratio check uses it. */
  readonly expectedWeights: Readonly<Record<string, number>>
  readonly metrics: readonly ExperimentMetric[]
  readonly methods: readonly ExperimentMethod[]
  /** Columns of the units' relation by whose values the estimates are repeated. */
  readonly segments: readonly string[]
  readonly ciLevel: number
  /** Below this p-value the arms' sizes are taken not to be those that were planned, and every lift is refused. */
  readonly sampleRatioAlpha: number
  /** The instant the result speaks about: an ISO timestamp. */
  readonly asOf: string
}

export type JobSpec = ExperimentSpec
