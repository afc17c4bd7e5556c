import type { NodeId } from '../node.ts'

/*
 * What was before: an earlier manifest, the results of an earlier run, how fresh the sources were. Each part may be
 * missing; a method that needs one says so.
 */

/** The sides of a node that can differ from an earlier version of it. */
export const nodeChanges = [
  'body',
  'configs',
  'persisted_descriptions',
  'relation',
  'macros',
  'contract',
] as const
export type NodeChange = (typeof nodeChanges)[number]

export interface NodeComparison {
  /** Whether there was none before. */
  readonly isNew: boolean
  /** Whether anything differs that matters to what is built; true for a new node. */
  readonly isModified: boolean
  /** What differs; for a new node every side that it has. */
  readonly changes: ReadonlySet<NodeChange>
}

export interface PreviousState {
  /** Where it was read from, for messages. */
  readonly folder: string
  /** How a node compares with the earlier manifest. */
  readonly compare?: (id: NodeId) => NodeComparison
  /** The statuses of the earlier run. */
  readonly statuses?: ReadonlyMap<NodeId, string>
  /** The sources that have newer data than they had. */
  readonly fresher?: ReadonlySet<NodeId>
}
