import type { Node, NodeId } from '../../core/node.ts'
import type { RunEvent } from '../../core/run-event.ts'
import { isFailure, type NodeResult } from '../../core/run-result.ts'
import { liveLines } from './live-lines.ts'
import type { Narrator } from './narrator.ts'
import {
  finishLine,
  type LineLayout,
  nameWidthFor,
  progressLine,
  retryLine,
  startLine,
} from './node-lines.ts'
import { paintProblem } from './paint-problem.ts'
import { advance, emptyRunView, type RunView } from './run-view.ts'
import { shownStatus } from './shown-status.ts'

/*
 * Shows a run while it works, from its events. One display per run.
 */

export type RunDisplay = (event: RunEvent) => void

export interface RunDisplayOptions {
  readonly nodes: Readonly<Record<NodeId, Node>>
  readonly clock: () => Date
  readonly quiet: boolean
  readonly debug: boolean
  /** Aborted when the run is cancelled: what does not start any more is then not worth a line each. */
  readonly signal: AbortSignal
}

/** Where lines cannot be redrawn, a node is announced when it has run for this long: most never are. */
const announceAfterMs = 1000
/** There, a load says this often how far it is. */
const progressEveryMs = 5000

/** Shows a run as text: on a terminal with live lines below, elsewhere as lines for start, progress and end. */
export function makeTextRunDisplay(narrator: Narrator, options: RunDisplayOptions): RunDisplay {
  const { nodes, clock, quiet, debug, signal } = options
  const { screen } = narrator
  const { colors, interactive, width } = screen.output
  let view: RunView = emptyRunView(clock().getTime())
  let layout: LineLayout = { nodes, colors, total: 0, nameWidth: 0 }
  const lastProgressMs = new Map<NodeId, number>()
  const announced = new Set<NodeId>()
  let timer: NodeJS.Timeout | undefined
  const say = (line: string): void => {
    if (!quiet) screen.print(line)
  }
  const plain = (line: () => string): void => {
    if (!interactive) say(line())
  }
  const announce = (nowMs: number): void => {
    for (const { nodeId, startedAtMs } of view.running) {
      // They come in the order in which they began.
      if (nowMs - startedAtMs < announceAfterMs) break
      if (announced.has(nodeId)) continue
      announced.add(nodeId)
      plain(() => startLine(nodeId, layout))
    }
  }
  return (event) => {
    const nowMs = clock().getTime()
    announce(nowMs)
    const before = view
    view = advance(view, event, nowMs)
    switch (event.type) {
      case 'run_started': {
        const ids = event.plan.steps.map((step) => step.nodeId)
        layout = { ...layout, total: ids.length, nameWidth: nameWidthFor(nodes, ids, width()) }
        const live = () => liveLines(view, { nodes, colors, width: width(), nowMs: clock().getTime() })
        if (!quiet) screen.setLive(live)
        if (!interactive) timer = setInterval(() => announce(clock().getTime()), announceAfterMs / 4).unref()
        break
      }
      case 'waiting_for_lock':
      case 'publish_started':
        if (view.phase !== before.phase && view.phase) plain(() => view.phase!.text)
        break
      case 'batch_finished':
      case 'node_progress': {
        const node = view.running.find(({ nodeId }) => nodeId === event.nodeId)
        if (!node || nowMs - (lastProgressMs.get(event.nodeId) ?? node.startedAtMs) < progressEveryMs) break
        lastProgressMs.set(event.nodeId, nowMs)
        plain(() => progressLine(node, nowMs, layout))
        break
      }
      case 'node_retried':
        say(retryLine(event, layout))
        break
      case 'node_finished':
        if (event.result.status === 'skipped' && signal.aborted) break
        showFinished(event.result, event.index, layout, narrator, say, quiet)
        break
      case 'run_finished':
        screen.setLive(null)
        clearInterval(timer)
        break
      case 'durations_known':
      case 'node_started':
      case 'publish_finished':
        break
      case 'log':
        if (event.level !== 'debug' || debug) say(colors.dim(event.message))
        break
    }
  }
}

function showFinished(
  result: NodeResult,
  index: number,
  layout: LineLayout,
  narrator: Narrator,
  say: (line: string) => void,
  quiet: boolean,
): void {
  const needsAttention = isFailure(result.status) && shownStatus(result) !== 'cancelled'
  // With --quiet a failure still shows which node it belongs to.
  if (quiet && needsAttention) narrator.screen.print(finishLine(result, index, layout))
  else say(finishLine(result, index, layout))
  if (result.problem && (needsAttention || (result.status === 'warn' && !quiet)))
    narrator.screen.print(paintProblem(result.problem, layout.colors))
}
