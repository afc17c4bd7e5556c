import type { Estimate } from '../../core/estimate.ts'
import type { ExperimentSpec, Multiplicity } from '../../core/experiment-spec.ts'
import { adjustedCiLevel, adjustPValues, type Correction, isRefused } from '../../stats/index.ts'

/*
 * Several questions, several chances to find something by luck. Estimates of one method and scale make a family: of
 * the goals of all treatments (`goals`), of all outcomes (`all`), each time for everybody and for the values of each
 * segment apart; or of the goals for everybody and in all segments together (`segments`).
 */

/** The name of a spec's correction in the statistics. */
export const corrections: Readonly<Record<Exclude<Multiplicity['correction'], 'none'>, Correction>> = {
  holm: 'holm',
  hochberg: 'hochberg',
  bh: 'benjamini_hochberg',
  by: 'benjamini_yekutieli',
  bonferroni: 'bonferroni',
  sidak: 'sidak',
}

/** Gives an estimate again at another level; null where it has no interval at it. */
export type AtLevel = (
  estimate: Estimate,
  ciLevel: number,
) => { readonly ciLower: number | null; readonly ciUpper: number | null } | null

/** Fills in the adjusted p-values, and where the correction has intervals, these in the diagnostics. */
export function adjustForMultiplicity(
  spec: Pick<ExperimentSpec, 'multiplicity' | 'outcomes' | 'ciLevel'>,
  estimates: readonly Estimate[],
  atLevel: AtLevel,
): Estimate[] {
  const { correction } = spec.multiplicity
  if (correction === 'none') return [...estimates]
  const families = new Map<string, Estimate[]>()
  for (const estimate of estimates.filter((one) => belongs(spec, one))) {
    const name = familyOf(spec.multiplicity, estimate)
    families.set(name, [...(families.get(name) ?? []), estimate])
  }
  const adjusted = new Map<Estimate, Estimate>()
  for (const family of families.values()) {
    const pValues = adjustPValues(
      family.map(({ pValue }) => pValue!),
      corrections[correction],
    )
    if (isRefused(pValues)) continue
    const level = adjustedCiLevel(
      family.map(({ pValue }) => pValue!),
      corrections[correction],
      spec.ciLevel,
    )
    for (const [place, estimate] of family.entries()) {
      const pValueAdjusted = pValues[place]!
      const interval = typeof level === 'number' && family.length > 1 ? atLevel(estimate, level) : null
      adjusted.set(estimate, {
        ...estimate,
        pValueAdjusted,
        diagnostics: {
          ...estimate.diagnostics,
          correction,
          family_size: family.length,
          ...(interval && {
            ci_level_adjusted: level,
            ci_lower_adjusted: interval.ciLower,
            ci_upper_adjusted: interval.ciUpper,
          }),
        },
      })
    }
  }
  return estimates.map((estimate) => adjusted.get(estimate) ?? estimate)
}

function belongs(
  { multiplicity, outcomes }: Pick<ExperimentSpec, 'multiplicity' | 'outcomes'>,
  { estimand, outcome, pValue, status }: Estimate,
): boolean {
  if (status !== 'ok' || pValue === null || Number.isNaN(pValue)) return false
  if (estimand !== 'ate' && estimand !== 'lift') return false
  return (
    multiplicity.family === 'all' || outcomes.some(({ name, role }) => name === outcome && role === 'goal')
  )
}

function familyOf({ family }: Multiplicity, { method, scale, segmentName }: Estimate): string {
  return JSON.stringify([method, scale, family === 'segments' ? '' : segmentName])
}
