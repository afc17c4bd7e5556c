import type { NodeId } from '../../core/node.ts'
import type { RunEvent } from '../../core/run-event.ts'
import { formatCounted } from './numbers.ts'
import { type ShownStatus, shownStatus } from './shown-status.ts'

/*
 * What a display knows of a run: plain data made from its events, one after the other. The times are those at
 * which the display heard of them.
 */

export interface RunningNode {
  readonly nodeId: NodeId
  readonly index: number
  readonly startedAtMs: number
  readonly rows: number | null
  readonly expectedRows: number | null
  /** How far it is, where it is built in batches. */
  readonly batches: { readonly done: number; readonly total: number } | null
}

export interface RunView {
  readonly total: number
  readonly finished: number
  readonly failed: number
  readonly startedAtMs: number
  readonly running: readonly RunningNode[]
  /**
   * The nodes that are not done yet: one set for all views of a run, since copies for each node that ends would be as
   * long as the run has nodes.
   */
  readonly undone: Set<NodeId>
  /** How long nodes took before, in seconds. */
  readonly usualSeconds: Readonly<Record<NodeId, number>>
  /** What the run does besides its nodes: waiting, publishing. */
  readonly phase: { readonly text: string; readonly startedAtMs: number } | null
}

const failedStatuses: ReadonlySet<ShownStatus> = new Set(['error', 'fail'])

/** The view before the first event. */
export function emptyRunView(nowMs: number): RunView {
  return {
    total: 0,
    finished: 0,
    failed: 0,
    startedAtMs: nowMs,
    running: [],
    undone: new Set(),
    usualSeconds: {},
    phase: null,
  }
}

/** The view after one more event. */
export function advance(view: RunView, event: RunEvent, nowMs: number): RunView {
  switch (event.type) {
    case 'run_started':
      return {
        ...view,
        total: event.plan.steps.length,
        undone: new Set(event.plan.steps.map(({ nodeId }) => nodeId)),
        phase: null,
      }
    case 'durations_known':
      return { ...view, usualSeconds: event.seconds }
    case 'waiting_for_lock':
      return inPhase(view, `Waiting for another run to finish: ${event.holder}`, nowMs)
    case 'node_started': {
      const node = {
        nodeId: event.nodeId,
        index: event.index,
        startedAtMs: nowMs,
        rows: null,
        expectedRows: null,
        batches: null,
      }
      return { ...view, total: event.total, phase: null, running: [...view.running, node] }
    }
    case 'node_progress': {
      const { rows, expectedRows } = event
      const running = view.running.map((node) =>
        node.nodeId === event.nodeId ? { ...node, rows, expectedRows } : node,
      )
      return { ...view, running }
    }
    case 'batch_finished': {
      const { done, total } = event
      const running = view.running.map((node) =>
        node.nodeId === event.nodeId ? { ...node, batches: { done, total } } : node,
      )
      return { ...view, running }
    }
    case 'node_finished': {
      const { nodeId } = event.result
      const failed = view.failed + (failedStatuses.has(shownStatus(event.result)) ? 1 : 0)
      const running = view.running.filter((node) => node.nodeId !== nodeId)
      view.undone.delete(nodeId)
      return { ...view, total: event.total, finished: view.finished + 1, failed, running }
    }
    case 'publish_started':
      return inPhase(view, `Publishing ${formatCounted(event.relations, 'relation')}`, nowMs)
    case 'publish_finished':
    case 'run_finished':
      return { ...view, phase: null }
    case 'node_retried':
    case 'log':
      return view
  }
}

function inPhase(view: RunView, text: string, nowMs: number): RunView {
  return view.phase?.text === text ? view : { ...view, phase: { text, startedAtMs: nowMs } }
}
