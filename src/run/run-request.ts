import type { Renderer } from '../compile/renderer.ts'
import type { Manifest } from '../core/manifest.ts'
import type { NodeId } from '../core/node.ts'
import type { PublishMode } from '../core/plan.ts'
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
  /** How long to wait for another run on the same target. */
  readonly lockTimeoutMs: number
  readonly threads: number
}
