import type { EventStream } from '../../core/events/event-stream.ts'
import type { BackfillEvent } from '../backfill/backfill.ts'

/** Tells how far a backfill is; what its runs do is told by themselves. */
export function tellBackfill(
  event: Exclude<BackfillEvent, { readonly type: 'chunk_event' }>,
  stream: EventStream,
): void {
  const data = JSON.parse(JSON.stringify(event)) as { readonly type: string }
  const about = 'nodeId' in event ? { nodeId: event.nodeId } : {}
  const what = event.type.replace('_', ' ')
  const msg = 'nodeId' in event ? `${what}: ${event.nodeId}` : what
  const failed = event.type === 'chunk_finished' && event.result.status !== 'success'
  stream.tell({ name: 'BackfillProgress', level: failed ? 'error' : 'info', msg, data, ...about })
}
