import type { Node, NodeId } from '../../core/node.ts'
import type { Colors } from '../output.ts'
import { labelById } from './node-label.ts'
import { nodeProgress } from './node-progress.ts'
import { formatElapsed } from './numbers.ts'
import type { RunningNode, RunView } from './run-view.ts'
import { timeLeftMs } from './time-left.ts'

/*
 * The lines below the scrolled ones that are redrawn while a run works: each running node, then the whole.
 */

export interface LiveContext {
  readonly nodes: Readonly<Record<NodeId, Node>>
  readonly colors: Colors
  readonly width: number
  readonly nowMs: number
}

const spinnerFrames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const spinnerFrameMs = 100
const barWidth = 24
/** What stands behind the bar: counts, time, failures. */
const besideBarWidth = 34
const minLabelWidth = 12

/** Those that began first; more lines would not fit on a screen. */
const mostRunningLines = 12

/** A line for each running node, if there are not too many, and one for the whole run; empty when there is nothing to say. */
export function liveLines(view: RunView, context: LiveContext): string[] {
  const { colors, nowMs } = context
  const { running } = view
  const lines = running.slice(0, mostRunningLines).map((node) => runningLine(node, context))
  if (running.length > mostRunningLines)
    lines.push(colors.dim(`  and ${running.length - mostRunningLines} more`))
  if (view.phase) lines.push(phaseLine(view.phase.text, nowMs - view.phase.startedAtMs, context))
  if (view.total > 0) lines.push(wholeLine(view, context))
  return lines
}

/** The bar with what is done, what failed, and how long it takes; what does not fit is left out, the estimate first. */
function wholeLine(view: RunView, context: LiveContext): string {
  const { colors, nowMs, width } = context
  const leftMs = timeLeftMs(view, nowMs)
  const parts = [
    { text: `${view.finished} of ${view.total}` },
    ...(view.failed > 0 ? [{ text: `${view.failed} failed`, paint: colors.red }] : []),
    { text: formatElapsed(nowMs - view.startedAtMs) },
    ...(leftMs === null ? [] : [{ text: `about ${formatElapsed(leftMs)} left` }]),
  ]
  const lengthOf = (count: number) =>
    parts.slice(0, count).reduce((sum, { text }) => sum + text.length + 2, 0)
  let fitting = parts.length
  while (fitting > 1 && lengthOf(fitting) > width - 1) fitting--
  const cells = Math.max(0, Math.min(barWidth, width - 1 - lengthOf(fitting)))
  const shown = parts.slice(0, fitting).map(({ text, paint = (plain: string) => plain }) => paint(text))
  return `${barOf(view.finished / view.total, cells, colors)}  ${shown.join('  ')}`.trimStart()
}

/** A line with a turning spinner for something without parts. */
export function phaseLine(text: string, elapsedMs: number, context: Omit<LiveContext, 'nodes'>): string {
  const elapsed = elapsedMs >= 1000 ? `  ${formatElapsed(elapsedMs)}` : ''
  const cut = shorten(text, context.width - elapsed.length - 3)
  return `${context.colors.cyan(spinner(context.nowMs))} ${cut}${context.colors.dim(elapsed)}`
}

function runningLine(node: RunningNode, context: LiveContext): string {
  const { colors, nodes, nowMs, width } = context
  const { kind, name } = labelById(nodes, node.nodeId)
  const elapsed = formatElapsed(nowMs - node.startedAtMs)
  const detail = [elapsed, nodeProgress(node, nowMs)].filter((part) => part !== '').join('  ')
  const label = shorten(`${kind} ${name}`, Math.max(minLabelWidth, width - detail.length - 4))
  return `${colors.cyan(spinner(nowMs))} ${label}  ${colors.dim(shorten(detail, width - label.length - 4))}`
}

function spinner(nowMs: number): string {
  return spinnerFrames[Math.floor(nowMs / spinnerFrameMs) % spinnerFrames.length]!
}

/** How much of a whole is done; as wide as the line leaves room for. */
export function bar(share: number, { colors, width }: Pick<LiveContext, 'colors' | 'width'>): string {
  const cells = Math.max(0, Math.min(barWidth, width - besideBarWidth))
  return barOf(share, cells, colors)
}

function barOf(share: number, cells: number, colors: Colors): string {
  const full = Math.round(Math.min(1, share) * cells)
  return colors.green('█'.repeat(full)) + colors.dim('░'.repeat(cells - full))
}

/** Cuts a text so that a line never wraps: a wrapped line cannot be redrawn cleanly. */
function shorten(text: string, width: number): string {
  if (text.length <= width) return text
  return width <= 1 ? '' : `${text.slice(0, width - 1)}…`
}
