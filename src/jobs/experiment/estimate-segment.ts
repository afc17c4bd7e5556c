import type { Estimate } from '../../core/estimate.ts'
import type { ExperimentMethod, ExperimentOutcome, ExperimentSpec } from '../../core/experiment-spec.ts'
import {
  cuped,
  differenceInMeans,
  type EffectResult,
  proportionTest,
  relativeLift,
} from '../../stats/index.ts'
import type { JobContext } from '../job.ts'
import { estimateOf } from './experiment-estimate.ts'
import type { ArmCell, MetricMoments } from './moments-query.ts'

/** The cells of one segment, one for each arm. */
export interface Segment {
  readonly name: string | null
  readonly value: string | null
  readonly cells: ReadonlyMap<string, ArmCell>
}

/** How a method turns the moments of two arms into an estimate, and what it claims. */
interface MethodEntry {
  readonly estimand: 'ate' | 'lift'
  readonly scale: 'absolute' | 'relative'
  readonly applies: (metric: ExperimentOutcome) => boolean
  readonly compute: (treatment: MetricMoments, control: MetricMoments, ciLevel: number) => EffectResult
}

const everyMetric = (): boolean => true
const hasCovariate = (metric: ExperimentOutcome): boolean => metric.covariates.length > 0

const methods: Readonly<Partial<Record<ExperimentMethod, MethodEntry>>> = {
  difference_in_means: {
    estimand: 'ate',
    scale: 'absolute',
    applies: everyMetric,
    compute: (treatment, control, ciLevel) =>
      differenceInMeans(treatment.outcome, control.outcome, { ciLevel }),
  },
  relative_lift: {
    estimand: 'lift',
    scale: 'relative',
    applies: everyMetric,
    compute: (treatment, control, ciLevel) => relativeLift(treatment.outcome, control.outcome, { ciLevel }),
  },
  cuped: {
    estimand: 'ate',
    scale: 'absolute',
    applies: hasCovariate,
    compute: (treatment, control, ciLevel) =>
      cuped(treatment.withCovariate!, control.withCovariate!, { ciLevel, scale: 'absolute' }),
  },
  cuped_relative: {
    estimand: 'lift',
    scale: 'relative',
    applies: hasCovariate,
    compute: (treatment, control, ciLevel) =>
      cuped(treatment.withCovariate!, control.withCovariate!, { ciLevel, scale: 'relative' }),
  },
  proportion_z_test: {
    estimand: 'ate',
    scale: 'absolute',
    applies: ({ source }) => source.kind === 'proportion',
    compute: (treatment, control, ciLevel) => proportionTest(counts(treatment), counts(control), { ciLevel }),
  },
}

/** Every treatment against the control in one segment, each metric by each method that applies to it. */
export function estimateSegment(
  spec: ExperimentSpec,
  segment: Segment,
  mismatch: string | null,
  context: Pick<JobContext, 'job' | 'runId'>,
): Estimate[] {
  return spec.treatments.flatMap((treatment) =>
    spec.outcomes.flatMap((metric) =>
      spec.methods
        .filter((method) => methods[method]?.applies(metric))
        .map((method) => estimateOne(spec, segment, { treatment, metric, method }, mismatch, context)),
    ),
  )
}

function estimateOne(
  spec: ExperimentSpec,
  segment: Segment,
  { treatment, metric, method }: { treatment: string; metric: ExperimentOutcome; method: ExperimentMethod },
  mismatch: string | null,
  context: Pick<JobContext, 'job' | 'runId'>,
): Estimate {
  const { estimand, scale, compute } = methods[method]!
  const treated = segment.cells.get(treatment)?.metrics[metric.name]
  const control = segment.cells.get(spec.control)?.metrics[metric.name]
  const fields = {
    estimand,
    scale,
    method,
    outcome: metric.name,
    treatment,
    segmentName: segment.name,
    segmentValue: segment.value,
    ciLevel: spec.ciLevel,
    n: (treated?.outcome.n ?? 0) + (control?.outcome.n ?? 0),
    nTreated: treated?.outcome.n ?? 0,
  } as const
  const refuse = (reason: string): Estimate =>
    estimateOf(spec, context, { ...fields, status: 'refused', reason })
  if (mismatch) return refuse(mismatch)
  if (!treated || !control) return refuse(`no units in arm '${treated ? spec.control : treatment}'`)
  const result = compute(treated, control, spec.ciLevel)
  if ('refused' in result) return refuse(result.refused)
  return estimateOf(spec, context, {
    ...fields,
    estimate: result.estimate,
    stdError: result.stdError,
    ciLower: result.ciLower,
    ciUpper: result.ciUpper,
    ciKind: 'fixed_horizon',
    pValue: result.pValue,
    diagnostics: diagnosticsOf(treated, control),
  })
}

function diagnosticsOf(treated: MetricMoments, control: MetricMoments): Record<string, unknown> {
  return {
    mean_treated: treated.outcome.mean,
    mean_control: control.outcome.mean,
    variance_treated: treated.outcome.variance,
    variance_control: control.outcome.variance,
    missing_outcomes: treated.missing + control.missing,
  }
}

function counts({ outcome }: MetricMoments): { successes: number; n: number } {
  return { successes: Math.round(outcome.mean * outcome.n), n: outcome.n }
}
