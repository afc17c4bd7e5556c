import type { CausalEstimand, CausalSpec } from '../../core/causal-spec.ts'
import type { OverlapRow } from '../../core/causal-tables.ts'
import { propensityCalibration } from '../../stats/causal/diagnostics/calibration.ts'
import { type ArmOverlap, checkOverlap, overlapOf } from '../../stats/causal/diagnostics/overlap.ts'
import { isRefused } from '../../stats/index.ts'
import type { TableOrigin } from '../experiment/estimate-row.ts'
import type { Population } from './estimators/estimator.ts'

/** Why an effect on a target cannot be told from these units, or null. */
export function lackOfOverlap(
  { overlap }: Pick<CausalSpec, 'overlap'>,
  { units, propensity }: Population,
  target: CausalEstimand,
): string | null {
  const checked = checkOverlap(propensity.probabilities, units.treatment, target, overlap)
  return 'refused' in checked ? checked.refused : null
}

/** Units by propensity, what weighting leaves of them, and whether propensities are the shares that they claim to be. */
export function overlapRows(
  spec: CausalSpec,
  origin: TableOrigin,
  outcome: string,
  population: Population,
): OverlapRow[] {
  const { propensity, units } = population
  const row = (
    own: Partial<OverlapRow> & Pick<OverlapRow, 'estimand' | 'kind' | 'groupName'>,
  ): OverlapRow => ({
    ...{ ...origin, outcome, lower: null, upper: null, units: null, meanPredicted: null, observed: null },
    ...{ effectiveN: null, heaviestShare: null, extremeShare: null, message: null },
    ...own,
  })
  const summaries = spec.estimands.flatMap((estimand) => {
    const overlap = overlapOf(propensity.probabilities, units.treatment, estimand, spec.overlap)
    const message = lackOfOverlap(spec, population, estimand)
    return arms(overlap).map(([groupName, arm]) =>
      row({
        ...{ estimand, kind: 'summary', groupName, lower: arm.smallest, upper: arm.largest, units: arm.n },
        ...{ effectiveN: arm.effectiveSampleSize, heaviestShare: arm.heaviestShare },
        ...{ extremeShare: overlap.extremeShare, message },
      }),
    )
  })
  const [estimand] = spec.estimands
  const overlap = overlapOf(propensity.probabilities, units.treatment, estimand!, spec.overlap)
  const bins = arms(overlap).flatMap(([groupName, { histogram }]) =>
    histogram.map((count, bin) =>
      row({
        ...{ estimand: estimand!, kind: 'histogram', groupName, units: count },
        ...{ lower: bin / histogram.length, upper: (bin + 1) / histogram.length },
      }),
    ),
  )
  const calibration = propensityCalibration(propensity.probabilities, units.treatment)
  const calibrated = isRefused(calibration)
    ? []
    : calibration.bins.map(({ n, lower, upper, meanPredicted, observed }) =>
        row({
          estimand: estimand!,
          kind: 'calibration',
          groupName: 'all',
          units: n,
          lower,
          upper,
          meanPredicted,
          observed,
        }),
      )
  return [...summaries, ...bins, ...calibrated]
}

function arms(overlap: { readonly treated: ArmOverlap; readonly control: ArmOverlap }) {
  return [
    ['treated', overlap.treated],
    ['control', overlap.control],
  ] as const
}
