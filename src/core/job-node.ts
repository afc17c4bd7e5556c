import type { JobColumnRead } from './job-column-read.ts'
import type { JobSpec } from './job-spec.ts'
import type { NodeBase, Relation } from './node-base.ts'
import type { NodeId } from './node-id.ts'

export interface JobNode extends NodeBase {
  readonly resourceType: 'job'
  readonly spec: JobSpec
  /** The main table; other tables of the job are named after it. */
  readonly relation: Relation
  /** Every table that the job writes, the main one first. */
  readonly tables: readonly JobTableRelation[]
  /** Columns that it names, with their places. */
  readonly columnReads: readonly JobColumnRead[]
}

/** A table of a job: the main one has no suffix. */
export interface JobTableRelation {
  readonly suffix: string
  readonly relation: Relation
}

/**
 * A table that a job writes beside its main one, for those who read it: as the sources that a load fills, it is a node
 * of its own that depends on the job and is never carried out itself.
 */
export interface JobTableNode extends NodeBase {
  readonly resourceType: 'job_table'
  readonly job: NodeId
  readonly suffix: string
  readonly relation: Relation
}
