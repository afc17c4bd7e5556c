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

/** A model whose readers can no longer rely on what its enforced contract promised. */
export interface BrokenContract {
  readonly model: string
  /** Where it is, or was, written. */
  readonly file: string
  readonly isVersioned: boolean
  /** What was promised and no longer holds, in words. */
  readonly breaks: readonly string[]
}

export interface PreviousState {
  /** Where it was read from, for messages. */
  readonly folder: string
  /** How a node compares with the earlier manifest. */
  readonly compare?: (id: NodeId) => NodeComparison
  /** The contracts that were enforced and are broken now; also those of models that are gone. */
  readonly brokenContracts?: () => readonly BrokenContract[]
  /** The statuses of the earlier run. */
  readonly statuses?: ReadonlyMap<NodeId, string>
  /** The sources that have newer data than they had. */
  readonly fresher?: ReadonlySet<NodeId>
}
