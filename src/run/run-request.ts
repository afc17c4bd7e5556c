import type { Renderer } from '../compile/renderer.ts'
import type { Interval } from '../core/intervals.ts'
import type { Manifest } from '../core/manifest.ts'
import type { NodeId, Relation } from '../core/node.ts'
import type { PublishMode } from '../core/plan.ts'
import type { StartedBy } from '../store/index.ts'
import type { Connection, Warehouse } from '../warehouse/index.ts'

/** What somebody wants run, and where. */
export interface RunRequest {
  readonly command: string
  readonly runId: string
  readonly nodeIds: readonly NodeId[]
  readonly manifest: Manifest
  readonly renderer: Renderer
  readonly warehouse: Warehouse
  readonly connection: Connection
  readonly projectRoot: string
  readonly publish: PublishMode
  readonly fullRefresh: boolean
  readonly failFast: boolean
  /** How long to wait for runs that publish some of the same. */
  readonly waitMs: number
  /** How long to go on trying to publish when sessions hold on to what is published; ten minutes if not said. */
  readonly publishWaitMs?: number
  /** Where and by whom the command was called. */
  readonly startedBy: StartedBy
  readonly threads: number
  /** How many nodes of each pool may be at work at the same time. */
  readonly pools?: Readonly<Record<string, number>>
  /** Where relations that the target does not have are read instead, by relation key (--defer). */
  readonly deferred?: ReadonlyMap<string, Relation>
  /** Everything is read as if it had no rows (--empty). */
  readonly empty?: boolean
  /** Only this window of what has an event_time is read (--sample). */
  readonly sample?: { readonly start: Date; readonly end: Date }
  /** The times that models are to build that are built by time (--event-time-start, --event-time-end). */
  readonly eventTime?: { readonly start?: Date; readonly end?: Date }
  /** Exactly which times of which models to build (backfill). */
  readonly chosenTimes?: ReadonlyMap<NodeId, readonly Interval[]>
  /** Whether tests keep their failing rows; what a test says itself wins (--store-failures). */
  readonly storeFailures?: boolean
  /** Whether a test that would warn fails instead (--warn-error). */
  readonly warnError?: boolean
  /** The failed run that this one goes on with: what it has built is not built again if nothing has changed. */
  readonly retryOf?: string
  /**
   * Whether each build is kept as soon as it stands, so that another run can go on with it if this one is killed.
   * Otherwise what a killed run has built is dropped.
   */
  readonly keepsAsBuilt?: boolean
  /** How many publications can be taken back. A run that says 0 lets go of those before it, too. */
  readonly keepPublications: number
  /** What may stay as it was published, where nothing about it has changed; views, where nothing is said. */
  readonly reuse?: 'all' | 'views' | 'none'
  /** What templates see as `flags`, under dbt's names in capitals. */
  readonly templateFlags?: Readonly<Record<string, unknown>>
}

/** What a plan needs of a run. */
export type PlanRequest = Pick<
  RunRequest,
  | 'manifest'
  | 'renderer'
  | 'warehouse'
  | 'nodeIds'
  | 'command'
  | 'runId'
  | 'fullRefresh'
  | 'publish'
  | 'eventTime'
  | 'sample'
  | 'chosenTimes'
  | 'projectRoot'
  | 'empty'
  | 'templateFlags'
  | 'deferred'
  | 'reuse'
>
