import type { NodeChange } from '../../core/fingerprint.ts'
import type { Node, NodeId } from '../../core/node.ts'
import { keepsOlderRows, remedyForOlderRows } from '../../core/older-rows.ts'
import type { Plan, Step } from '../../core/plan.ts'
import type { Colors } from '../output.ts'
import { labelById } from './node-label.ts'
import { formatCounted } from './numbers.ts'
import { planTimesLines } from './plan-times.ts'
import { tableLines } from './table.ts'

/** A plan for people: a line for each step, and how many there are of each kind. */
export function planLines(plan: Plan, nodes: Readonly<Record<NodeId, Node>>, colors: Colors): string[] {
  if (plan.steps.length === 0) return ['Nothing to do: the project has no such nodes.']
  const rows = plan.steps.map((step) => {
    const { kind, name } = labelById(nodes, step.nodeId)
    return [step.action, kind, name, step.reason, changeText(step.change)]
  })
  const table = tableLines({
    head: ['action', 'kind', 'node', 'why', 'since it was published'],
    rows,
    align: ['left', 'left', 'left', 'left', 'left'],
  })
  const times = planTimesLines(plan.steps, nodes, colors)
  const older = olderRowsLines(plan.steps, nodes)
  return [colors.dim(table[0]!), ...table.slice(1), '', ...times, ...older, summary(plan.steps)]
}

/** Which tables keep rows that an older definition of their model made, and what makes them anew. */
function olderRowsLines(steps: readonly Step[], nodes: Readonly<Record<NodeId, Node>>): string[] {
  const lines = steps.filter(keepsOlderRows).map((step) => {
    const node = nodes[step.nodeId]!
    return `${node.name} keeps rows that an older definition made; anew: ${remedyForOlderRows(step, node)}`
  })
  return lines.length > 0 ? [...lines, ''] : []
}

function changeText(change: NodeChange | undefined): string {
  if (!change) return ''
  return change.kind === 'unchanged' ? 'unchanged' : change.why
}

/** `7 steps: 1 seed, 2 build, 4 test; 1 new, 2 modified`. */
function summary(steps: readonly Step[]): string {
  const actions = counted(steps.map(({ action }) => action))
  const changes = counted(steps.flatMap(({ change }) => (change ? [change.kind] : [])))
  return [`${formatCounted(steps.length, 'step')}: ${actions}`, ...(changes === '' ? [] : [changes])].join(
    '; ',
  )
}

function counted(words: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].map(([word, count]) => `${count} ${word}`).join(', ')
}
