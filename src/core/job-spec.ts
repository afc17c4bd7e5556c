import type { CausalSpec } from './causal-spec.ts'
import type { DidSpec } from './did-spec.ts'
import type { DriftSpec } from './drift-spec.ts'
import type { ExperimentSpec } from './experiment-spec.ts'
import type { MetricsSpec } from './metrics-spec.ts'
import type { DiscontinuitySpec, SeriesSpec } from './quasi-spec.ts'

/** The trusted form of the YAML under analytics/: a question, never a procedure. */
export type JobSpec =
  | CausalSpec
  | DidSpec
  | DriftSpec
  | ExperimentSpec
  | MetricsSpec
  | DiscontinuitySpec
  | SeriesSpec
