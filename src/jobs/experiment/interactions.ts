import type { Estimate } from '../../core/estimate.ts'
import type { CrossedExperiment, ExperimentOutcome } from '../../core/experiment-spec.ts'
import { type ArmMoments, interactionEffect, isRefused, refuse } from '../../stats/index.ts'
import { interactionSegment } from './data/cell-index.ts'
import { outcomeArm } from './data/cell-moments.ts'
import { outcomeKind } from './data/outcome-variables.ts'
import { designRefusal } from './design-refusal.ts'
import { estimateRow, type TableOrigin } from './estimate-row.ts'
import { type HealthFinding, refusalFor } from './health/check-health.ts'
import type { Analysis } from './method-input.ts'
import type { Scale } from './methods/method.ts'

/*
 * How much a treatment of another experiment, which ran on the same units, changes the effect of one of this: the
 * contrast of the four groups of units that are treated in neither, in one or in both.
 */

/** A row for each treatment here and there, outcome and scale; none where the other has no arm of anybody. */
export function interactionEstimates(
  analysis: Analysis,
  health: readonly HealthFinding[],
  origin: TableOrigin,
): Estimate[] {
  const { spec, index } = analysis
  const isKnown = (experiment: string): boolean =>
    index.scopes.some(({ segmentName }) => segmentName === interactionSegment(experiment))
  const scales: readonly Scale[] = ['absolute', 'relative']
  return spec.interactions
    .filter(({ experiment }) => isKnown(experiment))
    .flatMap((other) =>
      other.treatments.flatMap((there) =>
        spec.treatments.flatMap((treatment) =>
          spec.outcomes
            .filter((outcome) => outcomeKind(outcome) !== 'quantile')
            .flatMap((outcome) =>
              scales.map((scale) =>
                contrast(analysis, health, origin, { outcome, treatment, scale, other, there }),
              ),
            ),
        ),
      ),
    )
}

interface Question {
  readonly outcome: ExperimentOutcome
  readonly treatment: string
  readonly scale: Scale
  readonly other: CrossedExperiment
  /** The other experiment's treatment. */
  readonly there: string
}

function contrast(
  analysis: Analysis,
  health: readonly HealthFinding[],
  origin: TableOrigin,
  { outcome, treatment, scale, other, there }: Question,
): Estimate {
  const { spec, index } = analysis
  const segmentName = interactionSegment(other.experiment)
  const scope = { segmentName, segmentValue: there }
  const cells = [treatment, spec.control].flatMap((arm) =>
    [there, other.control].map((segmentValue) =>
      index.find(outcome.name, arm, { segmentName, segmentValue }),
    ),
  )
  const arms = cells.map((cell) => (cell ? outcomeArm(cell) : refuse('a group of both arms has no units')))
  const fields = {
    estimand: 'interaction',
    ...{ outcome: outcome.name, treatment, ...scope, scale },
    method: 'two_by_two',
    ciLevel: spec.ciLevel,
    n: cells.reduce((sum, cell) => sum + (cell?.outcomeMoments.n ?? 0), 0),
    nTreated: cells.slice(0, 2).reduce((sum, cell) => sum + (cell?.outcomeMoments.n ?? 0), 0),
  }
  const refused = (reason: string): Estimate =>
    estimateRow(spec, origin, { ...fields, status: 'refused', reason })
  const reason =
    refusalFor(health, { ...scope, outcome: outcome.name, treatment }) ??
    designRefusal(analysis, 'difference_in_means', scope)
  if (reason !== null) return refused(reason)
  const missing = arms.find((arm) => isRefused(arm))
  if (missing && isRefused(missing)) return refused(missing.refused)
  const [both, first, second, neither] = arms as [ArmMoments, ArmMoments, ArmMoments, ArmMoments]
  const effect = interactionEffect({ both, first, second, neither }, { scale, ciLevel: spec.ciLevel })
  if (isRefused(effect)) return refused(effect.refused)
  const { estimate, stdError, ciLower, ciUpper, pValue } = effect
  return estimateRow(spec, origin, {
    ...fields,
    ...{ estimate, stdError, ciLower, ciUpper, pValue },
    ciKind: 'fixed_horizon',
    diagnostics: {
      units: { both: both.n, this_only: first.n, other_only: second.n, neither: neither.n },
      means: { both: both.mean, this_only: first.mean, other_only: second.mean, neither: neither.mean },
    },
  })
}
