import type { EventStream } from '../../core/events/event-stream.ts'
import type { Manifest } from '../../core/manifest.ts'
import type { NodeInfoOf } from './node-info.ts'

/** What telling of a run needs to know. */
export interface RunTeller {
  readonly stream: EventStream
  readonly manifest: Pick<Manifest, 'nodes'>
  readonly nodeInfo: NodeInfoOf
  readonly threads: number
  readonly targetName: string
}
