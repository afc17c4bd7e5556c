import type { Estimate } from '../core/estimate.ts'
import type { JobNode, Relation } from '../core/node.ts'
import type { Session } from '../warehouse/index.ts'

/*
 * A job reads relations and returns estimates; the runner writes them. What a job is depends on its kind,
 * how it is planned, built, published and tested does not.
 */

export interface JobContext {
  readonly job: JobNode
  readonly runId: string
  readonly session: Session
  /** Where a relation that the job refers to by name stands in this run. */
  readonly relationOf: (ref: string) => Relation
}

export interface JobOutcome {
  readonly estimates: readonly Estimate[]
  /** One line for the terminal. */
  readonly summary: string
}

/** Answers the question of one kind of job. */
export type JobRunner<Spec> = (spec: Spec, context: JobContext) => Promise<JobOutcome>
