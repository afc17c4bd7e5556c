import type { ExperimentCell } from '../cell.ts'
import type { ReplicatedScope } from './scope-rows.ts'
import type { UnitRows } from './unit-rows.ts'

/*
 * All that is known of an experiment when its tables are made: what was fetched, as plain data.
 */

/** What the exposures themselves say; null where the data cannot tell. */
export interface ExposureFacts {
  /** Units that were seen, whichever arm they were in. */
  readonly units: number
  /** Units seen in more than one arm. */
  readonly crossovers: number | null
  /** Units with more than one row in one arm, where there should be one. */
  readonly duplicates: number | null
  /** Units whose first exposure was before the experiment began. */
  readonly exposedBefore: number | null
}

/** How much of an outcome lies with the few units that have most of it. */
export interface TopShare {
  readonly outcome: string
  readonly arm: string
  readonly units: number
  readonly total: number
  /** The 0.1 % of all arms' units (at least one) with most, as far as they are in this arm. */
  readonly topUnits: number
  readonly topTotal: number
  /** Units that lie ten times beyond the 99th percentile of all arms. */
  readonly extremeUnits: number
  readonly extremeTotal: number
}

/** Units by how many days ago they were exposed. */
export interface SinceExposureCell extends ExperimentCell {
  readonly daysSinceExposure: number
}

export interface Evidence {
  readonly cells: readonly ExperimentCell[]
  readonly facts: ExposureFacts
  /** Empty where no check asks for them. */
  readonly tops: readonly TopShare[]
  readonly sinceExposure: readonly SinceExposureCell[]
  /** Null where no method needs them. */
  readonly rows: UnitRows | null
  /** Bootstrap replicates that have been made already, by scope. */
  readonly replicates?: ReadonlyMap<string, ReplicatedScope>
}
