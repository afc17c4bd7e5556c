import type { Node, NodeId } from '../../core/node.ts'
import type { NodeResult } from '../../core/run-result.ts'
import type { Colors } from '../output.ts'
import { labelById } from './node-label.ts'
import { nodeProgress } from './node-progress.ts'
import { formatCounted, formatDuration } from './numbers.ts'
import type { RunningNode } from './run-view.ts'
import { type ShownStatus, shownStatus } from './shown-status.ts'

/*
 * The lines that stay on the screen or in a file: one when a node starts, one when it is done.
 *
 *     12 of 63  OK     table       analytics.daily_user_metrics          412,331 rows    1.84s
 */

export interface LineLayout {
  readonly nodes: Readonly<Record<NodeId, Node>>
  readonly colors: Colors
  readonly total: number
  /** Columns given to names, so that what follows stands in line. */
  readonly nameWidth: number
}

type Paint = (colors: Colors) => (text: string) => string

const statusWords: Readonly<Record<ShownStatus, { readonly word: string; readonly paint: Paint }>> = {
  success: { word: 'OK', paint: (colors) => colors.green },
  reused: { word: 'KEPT', paint: (colors) => colors.green },
  pass: { word: 'PASS', paint: (colors) => colors.green },
  warn: { word: 'WARN', paint: (colors) => colors.yellow },
  fail: { word: 'FAIL', paint: (colors) => colors.red },
  error: { word: 'ERROR', paint: (colors) => colors.red },
  skipped: { word: 'SKIP', paint: (colors) => colors.dim },
  'no-op': { word: 'NO-OP', paint: (colors) => colors.dim },
  cancelled: { word: 'STOP', paint: (colors) => colors.yellow },
}

const statusWidth = 5
const kindWidth = 'incremental'.length
const minNameWidth = 30
const maxNameWidth = 64

/** The width for names of these nodes: that of the longest, within reason. */
export function nameWidthFor(
  nodes: Readonly<Record<NodeId, Node>>,
  ids: readonly NodeId[],
  width: number,
): number {
  const longest = Math.max(minNameWidth, ...ids.map((id) => labelById(nodes, id).name.length))
  // Position, status, kind, rows and time take about 60 columns.
  return Math.min(longest, maxNameWidth, Math.max(minNameWidth, width - 62))
}

/** Says that a node runs; for outputs that cannot redraw. Only finished nodes are counted. */
export function startLine(nodeId: NodeId, layout: LineLayout): string {
  return head(nodeId, null, layout.colors.dim('RUNS'.padEnd(statusWidth)), layout).trimEnd()
}

/** Says how a long node is getting on; for outputs that cannot redraw. */
export function progressLine(node: RunningNode, nowMs: number, layout: LineLayout): string {
  return `${head(node.nodeId, null, layout.colors.dim('...'.padEnd(statusWidth)), layout)}  ${nodeProgress(node, nowMs)}`
}

/** Says that a node is tried again, and why that may help. */
export function retryLine(
  { nodeId, reason, pauseMs }: { readonly nodeId: NodeId; readonly reason: string; readonly pauseMs: number },
  layout: LineLayout,
): string {
  const { yellow, dim } = layout.colors
  const why = dim(`${reason}; again in ${formatDuration(pauseMs)}`)
  return `${head(nodeId, null, yellow('RETRY'.padEnd(statusWidth)), layout)}  ${why}`
}

/** Says how a node ended. */
export function finishLine(result: NodeResult, index: number, layout: LineLayout): string {
  const { colors } = layout
  const { word, paint } = statusWords[shownStatus(result)]
  const status = paint(colors)(word.padEnd(statusWidth))
  const line = head(result.nodeId, index, status, layout)
  if (result.status === 'no-op') return line.trimEnd()
  if (result.status === 'skipped') return `${line}  ${colors.dim(result.message)}`.trimEnd()
  const time = result.status === 'reused' ? '' : formatDuration(result.durationMs)
  const detail = result.status === 'reused' ? colors.dim(result.message) : ''
  return `${line}  ${rowsText(result).padStart(18)}  ${time.padStart(8)}${detail && `  ${detail}`}`.trimEnd()
}

function head(nodeId: NodeId, index: number | null, status: string, layout: LineLayout): string {
  const { colors, nodes, nameWidth, total } = layout
  const { kind, name } = labelById(nodes, nodeId)
  const digits = String(total).length
  const position =
    index === null ? ' '.repeat(2 * digits + 4) : `${String(index).padStart(digits)} of ${total}`
  return `${colors.dim(position)}  ${status}  ${colors.dim(kind.padEnd(kindWidth))} ${name.padEnd(nameWidth)}`
}

/** Rows written; for a test, the rows that it found. */
function rowsText(result: NodeResult): string {
  if (result.rows === null) return ''
  switch (result.status) {
    case 'success':
    case 'reused':
      return formatCounted(result.rows, 'row')
    case 'fail':
    case 'warn':
      return formatCounted(result.rows, 'failing row')
    case 'pass':
    case 'error':
    case 'no-op':
    case 'skipped':
      return ''
  }
}
