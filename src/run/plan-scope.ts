import type { NodeFingerprint, PublishedDefinition } from '../core/fingerprint.ts'
import type { NodeGraph } from '../core/graph.ts'
import type { BuiltInterval } from '../core/intervals.ts'
import type { Manifest } from '../core/manifest.ts'
import type { NodeId } from '../core/node.ts'
import type { PublishMode } from '../core/plan.ts'
import type { LoadOptions, LoadState } from './decide-load.ts'
import type { RunRequest } from './run-request.ts'

/** What a plan has to know about the warehouse. */
export interface WarehouseState extends LoadState {
  /** The definitions from which published relations were made, by relation key. */
  readonly definitions: ReadonlyMap<string, PublishedDefinition>
  /** The times that tables hold, by relation key. */
  readonly ledgers: ReadonlyMap<string, readonly BuiltInterval[]>
}

export interface PlanOptions extends LoadOptions {
  readonly runId: string
  readonly startedAt: Date
  readonly command: string
  readonly publish: PublishMode
  /** What a macro of the project says of it instead, by model. */
  readonly refreshedByMacro?: ReadonlyMap<NodeId, boolean>
  /** What a node's definition comes to. */
  readonly definitionOf: (id: NodeId) => NodeFingerprint
  /** Of what stands with the definition that it has: why it cannot stay as it is, or null if it alone may. */
  readonly standing: ReadonlyMap<NodeId, string | null>
  /** The times that models are to build that are built by time, from the command line. */
  readonly eventTime?: RunRequest['eventTime']
  /** Exactly which times of which models to build, where another command has chosen them. */
  readonly chosenTimes?: RunRequest['chosenTimes']
}

/** What a plan is made from. */
export interface PlanScope {
  readonly manifest: Manifest
  readonly graph: NodeGraph
  /** The nodes that the run has steps for. */
  readonly chosen: ReadonlySet<NodeId>
  readonly state: WarehouseState
  readonly options: PlanOptions
}
