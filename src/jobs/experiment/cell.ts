import type { JointMoments } from '../../stats/index.ts'

/*
 * The sufficient statistics that every method reads, wherever they come from: one query over the units' relation, or
 * the kept table of a metrics node.
 */

/** One outcome of one arm, in one segment and stratum, cumulative to the end of a day. */
export interface ExperimentCell {
  readonly outcome: string
  readonly arm: string
  /** Null for the whole population. */
  readonly segmentName: string | null
  readonly segmentValue: string | null
  /** Null for all strata together. Strata are not crossed with segments. */
  readonly stratum: string | null
  /** ISO date; null where the units' relation holds one state only. */
  readonly day: string | null
  /** Units exposed. */
  readonly units: number
  /** Units whose outcome is null. */
  readonly missing: number
  /** Names of the moments' variables: 'y' (of a ratio 'y', 'd'), then the covariates 'x1', 'x2' … ('x1', 'xd1' …). */
  readonly variables: readonly string[]
  /** Over the units whose variables are all known. */
  readonly moments: JointMoments
  /** Over the units whose outcome is known, whatever their covariates: the first one or two variables. */
  readonly outcomeMoments: JointMoments
}
