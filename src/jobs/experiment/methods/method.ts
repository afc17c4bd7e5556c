import type { Estimate } from '../../../core/estimate.ts'
import type { ExperimentOutcome, ExperimentSpec } from '../../../core/experiment-spec.ts'
import type { BootstrapMeans, OutcomeLayout, Refusal } from '../../../stats/index.ts'
import type { ExperimentCell } from '../cell.ts'
import type { ArmRows } from '../data/unit-rows.ts'
import type { SequentialDesign } from '../sequential-design.ts'

export type Scale = 'absolute' | 'relative'

/** The two arms of one outcome. */
export interface ArmPair {
  readonly treatment: ExperimentCell
  readonly control: ExperimentCell
}

/** All that a method may look at: one outcome of two arms in one scope. */
export interface MethodInput extends ArmPair {
  readonly spec: ExperimentSpec
  readonly outcome: ExperimentOutcome
  readonly scale: Scale
  readonly ciLevel: number
  /** The arms within each stratum; empty where the scope knows none. */
  readonly strata: readonly (ArmPair & { readonly stratum: string })[]
  /** The states at the ends of the days so far, the present one last; one where no days are known. */
  readonly looks: readonly (ArmPair & { readonly day: string | null })[]
  readonly design: SequentialDesign
  /** Whether arms were given to clusters as a whole. */
  readonly isByCluster: boolean
  /** Unit by unit, where some method of the experiment needs it. */
  readonly rows: { readonly treatment: ArmRows; readonly control: ArmRows } | null
  /** Bootstrap replicates of the scope; null where they are not asked for. */
  readonly replicated: {
    readonly means: BootstrapMeans
    readonly layouts: ReadonlyMap<string, OutcomeLayout>
    readonly arms: { readonly treatment: number; readonly control: number }
  } | null
}

/** A number with its interval and what it was made from. */
export interface MethodResult {
  readonly estimate: number
  readonly stdError: number | null
  readonly ciLower: number | null
  readonly ciUpper: number | null
  readonly pValue: number | null
  readonly diagnostics: Readonly<Record<string, unknown>>
}

/** What a method reads: sums, sums within strata, the units one by one, or replicates of these. */
export type Needs = 'cells' | 'strata' | 'rows' | 'replicates'

/** How a method turns two arms into an estimate, and what it claims. */
export interface MethodEntry {
  /** On which scales it speaks about an outcome: one row each. */
  readonly scales: (outcome: ExperimentOutcome) => readonly Scale[]
  readonly ciKind: Estimate['ciKind']
  readonly needs: Needs
  /** Whether the method says anything about such an outcome; where not, it writes no row. */
  readonly applies: (outcome: ExperimentOutcome, spec: ExperimentSpec) => boolean
  readonly compute: (input: MethodInput) => MethodResult | Refusal
  /**
   * How it takes looks before the end: each by itself, the p-value being the smallest so far, or as parts of one plan.
   * Without, only the present look counts.
   */
  readonly looks?: 'each' | 'plan'
}
