import type { DecisionRow } from '../../../core/experiment-tables.ts'

/** A decision without the fields that all rows of a job share. */
export type Decision = Omit<DecisionRow, 'job' | 'runId' | 'asOf'>

/** p-value that the effect on some goal differs between the values of a segment; null where it is not known. */
export type Heterogeneity = (treatment: string, segmentName: string) => number | null

/** Below this p-value the effect is taken to differ between the values of a segment. */
const differsBelow = 0.05

/**
 * Whether to launch to all. Segments only overrule what is decided for everybody where the effect differs between
 * them beyond chance: then those that lose are left out, or those that win are taken out of an open result.
 */
export function launchOf(
  { treatment, decision }: Decision,
  all: readonly Decision[],
  heterogeneity: Heterogeneity,
): DecisionRow['launch'] {
  if (decision === 'refused') return null
  const differing = all.filter(
    (other) =>
      other.treatment === treatment &&
      other.segmentName !== null &&
      (heterogeneity(treatment, other.segmentName) ?? 1) < differsBelow,
  )
  const hasLosers = differing.some((segment) => segment.decision === 'roll_back')
  const hasWinners = differing.some((segment) => segment.decision === 'ship')
  if (decision === 'ship') return hasLosers ? 'to_segments' : 'globally'
  if (hasWinners) return 'to_segments'
  return decision === 'keep_running' ? 'not_yet' : 'no'
}
