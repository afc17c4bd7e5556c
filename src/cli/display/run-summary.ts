import { runStats, statsLine } from '../../core/events/run-stats.ts'
import type { Node, NodeId, ResourceType } from '../../core/node.ts'
import type { PublishMode } from '../../core/plan.ts'
import { formatPlace } from '../../core/problem.ts'
import { isFailure, type NodeResult, type RunResult } from '../../core/run-result.ts'
import type { Colors } from '../output.ts'
import { labelById } from './node-label.ts'
import { formatCount, formatCounted, formatDuration } from './numbers.ts'
import { type ShownStatus, shownStatus } from './shown-status.ts'

/*
 * The last lines of a run: what came of each kind of node, how long it took, and whether it is visible now.
 */

const kindsInOrder: readonly { readonly type: ResourceType; readonly title: string }[] = [
  { type: 'load', title: 'loads' },
  { type: 'seed', title: 'seeds' },
  { type: 'model', title: 'models' },
  { type: 'snapshot', title: 'snapshots' },
  { type: 'job', title: 'jobs' },
  { type: 'test', title: 'tests' },
  { type: 'unit_test', title: 'unit tests' },
  { type: 'exposure', title: 'exposures' },
  { type: 'saved_query', title: 'saved queries' },
]

const minTitleWidth = 'models '.length

const statusTexts: readonly { readonly status: ShownStatus; readonly text: string }[] = [
  { status: 'success', text: 'built' },
  { status: 'reused', text: 'kept as they were' },
  { status: 'pass', text: 'passed' },
  { status: 'warn', text: 'warned' },
  { status: 'fail', text: 'failed' },
  { status: 'error', text: 'with an error' },
  { status: 'cancelled', text: 'cancelled' },
  { status: 'skipped', text: 'skipped' },
  { status: 'no-op', text: 'with nothing to run' },
]

/** The summary of a run. */
export function summaryLines(
  result: RunResult,
  nodes: Readonly<Record<NodeId, Node>>,
  publish: PublishMode,
  colors: Colors,
): string[] {
  const kinds = kindsInOrder.flatMap(({ type, title }) => {
    const ofKind = result.results.filter(({ nodeId }) => nodes[nodeId]?.resourceType === type)
    return ofKind.length === 0 ? [] : [{ title, ofKind }]
  })
  const width = Math.max(minTitleWidth, ...kinds.map(({ title }) => title.length))
  const lines = kinds.map(({ title, ofKind }) => kindLine(title.padEnd(width), ofKind, colors))
  const verdict = verdicts[result.status](colors)
  return [
    ...failureLines(result, nodes, colors),
    '',
    ...lines,
    `${verdict} in ${formatDuration(result.elapsedMs)}.${publishText(result, nodes, publish)}`,
    statsLine(runStats(result.results, result.hooks)),
  ]
}

/** A run shorter than this still stands on the screen. */
const longRun = 10
const mostFailures = 20

/** What failed, once more and in a line each: in a long run it has scrolled away between what went well. */
function failureLines(
  { results }: RunResult,
  nodes: Readonly<Record<NodeId, Node>>,
  colors: Colors,
): string[] {
  const failed = results.filter((one) => isFailure(one.status) && shownStatus(one) !== 'cancelled')
  if (failed.length === 0 || results.length <= longRun) return []
  const lines = failed.slice(0, mostFailures).map(({ nodeId, problem, message }) => {
    const { kind, name } = labelById(nodes, nodeId)
    const where = problem?.place ? `${formatPlace(problem.place)}  ` : ''
    return `  ${kind} ${name}  ${where}${(problem?.message ?? message).split('\n')[0]}`
  })
  const more = failed.length - lines.length
  return [
    '',
    colors.red(`${formatCount(failed.length)} failed:`),
    ...lines,
    ...(more > 0 ? [colors.dim(`  and ${formatCount(more)} more`)] : []),
  ]
}

const verdicts: Readonly<Record<RunResult['status'], (colors: Colors) => string>> = {
  success: (colors) => colors.green('Done'),
  failed: (colors) => colors.red('Failed'),
  cancelled: (colors) => colors.yellow('Cancelled'),
}

function kindLine(title: string, results: readonly NodeResult[], colors: Colors): string {
  const counts = statusTexts.flatMap(({ status, text }) => {
    const count = results.filter((result) => shownStatus(result) === status).length
    return count === 0 ? [] : [paintStatus(status, colors)(`${formatCount(count)} ${text}`)]
  })
  const rows = results.reduce((sum, { status, rows }) => sum + (status === 'success' ? (rows ?? 0) : 0), 0)
  const rowsText = rows > 0 ? colors.dim(`, ${formatCounted(rows, 'row')}`) : ''
  return `  ${title} ${counts.join(', ')}${rowsText}`
}

function paintStatus(status: ShownStatus, colors: Colors): (text: string) => string {
  if (status === 'fail' || status === 'error') return colors.red
  return status === 'warn' || status === 'skipped' || status === 'cancelled' ? colors.yellow : (text) => text
}

function publishText(result: RunResult, nodes: Readonly<Record<NodeId, Node>>, publish: PublishMode): string {
  const built = result.results.filter(({ nodeId, status }) => {
    const type = nodes[nodeId]?.resourceType
    return status === 'success' && type !== undefined && !isTest(type)
  })
  if (publish === 'node') return built.length > 0 ? ' Each node went live when it was built.' : ''
  if (result.published) {
    const took = result.publishMs === null ? '' : ` in ${formatDuration(result.publishMs)}`
    if (built.length === 0 && !result.adopted) return ''
    return result.results.some(({ status }) => isFailure(status))
      ? ` Published everything else at once${took}; what failed is as it was before.`
      : ` Published everything at once${took}.`
  }
  if (result.published === null) return ' Whether it was published is unknown.'
  const triedToBuild = result.results.some(({ nodeId }) => !isTest(nodes[nodeId]?.resourceType))
  if ((!triedToBuild && !result.adopted) || result.status === 'success') return ''
  const goesOn =
    result.status === 'failed' && (built.length > 0 || result.adopted)
      ? ' estimand retry goes on from what was built.'
      : ''
  return ` Nothing was published: the warehouse is as it was before.${goesOn}`
}

function isTest(type: ResourceType | undefined): boolean {
  return type === 'test' || type === 'unit_test'
}
