import type { NodeChange, TableHistory } from './fingerprint.ts'
import type { PlannedIntervals } from './intervals.ts'
import type { NodeId, Relation } from './node.ts'

/*
 * A plan says what a run will do, before it does anything: explain prints it, execute carries it out.
 */

export type StepAction =
  /** Fill tables from outside. */
  | 'load'
  /** COPY a CSV. */
  | 'seed'
  /** Build a table or view from a SELECT. */
  | 'build'
  /** Build the delta of an incremental model. */
  | 'increment'
  /** Run the query of a test. */
  | 'test'
  /** Compute an analysis. */
  | 'analyse'
  /** Nothing changed since the last publication: keep what is there. */
  | 'reuse'
  /** Stands in the results and has nothing to run: an exposure, a saved query. */
  | 'none'

export interface Step {
  readonly nodeId: NodeId
  readonly action: StepAction
  /** Why this action and not another, for a person. */
  readonly reason: string
  /** Steps of this plan that have to succeed first. */
  readonly dependsOn: readonly NodeId[]
  /** Changes when the node would come out differently; what reuse compares. Only loads carry it. */
  readonly fingerprint?: string
  /** What became of the node's definition since it was last published; tests publish nothing. */
  readonly change?: NodeChange
  /** Whether what stands is what this step would publish, as long as nothing that it reads is replaced. */
  readonly stands?: boolean
  /** For an incremental model: by which versions of its definition its rows are made. */
  readonly history?: TableHistory
  /** For a model that is built by time: which times, and which others are missing or old. */
  readonly intervals?: PlannedIntervals
  /** Whether what is published has a ledger of its times, which has to change with it. */
  readonly hasLedger?: true
}

/** When a built relation becomes visible: all at the end, or each node as it is done (as dbt does). */
export type PublishMode = 'run' | 'node'

export interface Plan {
  readonly runId: string
  readonly startedAt: string
  readonly command: string
  readonly publish: PublishMode
  /** The schema in which this run builds, dropped when it is over. */
  readonly buildSchema: string
  readonly steps: readonly Step[]
  /** What the run that this one goes on with has done: it is not done again, and goes live with the rest. */
  readonly adopted?: readonly Step[]
}

/** Where a published relation is built before it is published. */
export interface BuildRelation {
  readonly published: Relation
  readonly build: Relation
}
