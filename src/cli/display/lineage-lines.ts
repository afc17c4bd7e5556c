import type {
  ColumnInfluence,
  ColumnRef,
  InfluenceRole,
  OutputColumn,
} from '../../compile/lineage/column-lineage.ts'
import type { NodeLineage, ProjectLineage } from '../../compile/lineage/node-lineage.ts'
import type { Direction, LineageStep } from '../../compile/lineage/walk-lineage.ts'
import type { Node, NodeId } from '../../core/node.ts'
import type { Colors } from '../output.ts'
import { nodeName } from '../project-lineage.ts'

/*
 * Lineage for people: a tree for one column, a list for a node.
 */

interface Surroundings {
  readonly nodes: Readonly<Record<NodeId, Node>>
  readonly colors: Colors
}

export interface Walk {
  readonly direction: Direction
  readonly from: LineageStep
}

/** The trees of a column, with what decides about the rows below when it is not part of them. */
export function columnLines(
  walks: readonly Walk[],
  lineage: ProjectLineage,
  surroundings: Surroundings & { readonly influences: boolean },
): string[] {
  const { nodes, colors, influences } = surroundings
  const [first] = walks
  if (!first) return []
  const { relation } = first.from
  const node = lineage.nodes[relation]
  const place = nodes[relation]?.path
  const lines = [`${colors.bold(columnName(first.from, nodes))}${place ? colors.dim(`  ${place}`) : ''}`]
  for (const { direction, from } of walks) {
    const nothing =
      direction === 'upstream' ? 'made from no column of the project' : 'nothing is made from it'
    if (walks.length > 1) lines.push(colors.dim(direction))
    if (from.isUnknown) lines.push(colors.yellow('not everything that it is made from is known'))
    if (from.next.length === 0) lines.push(colors.dim(nothing))
    else lines.push(...branches(from.next, '', surroundings))
  }
  const rows =
    influences || !walks.some(({ direction }) => direction === 'upstream') ? [] : (node?.influences ?? [])
  return [...lines, ...rowLines(rows, nodes, colors)]
}

function branches(steps: readonly LineageStep[], indent: string, surroundings: Surroundings): string[] {
  const { nodes, colors } = surroundings
  return steps.flatMap((step, index) => {
    const isLast = index === steps.length - 1
    const marks = [
      nodes[step.relation]?.resourceType ?? 'outside of the project',
      ...(step.isRepeated ? ['see above'] : []),
      ...(step.isUnknown ? ['more may go in'] : []),
    ]
    const label = `${columnName(step, nodes)}  ${colors.dim(`${step.via}, ${marks.join(', ')}`)}`
    return [
      `${colors.dim(`${indent}${isLast ? '└─' : '├─'}`)} ${label}`,
      ...branches(step.next, `${indent}${isLast ? '   ' : '│  '}`, surroundings),
    ]
  })
}

/** A node's columns with what each is made from, and what else its SQL reads. */
export function nodeLines(lineage: NodeLineage, { nodes, colors }: Surroundings): string[] {
  const node = nodes[lineage.nodeId]!
  const width = Math.max(0, ...lineage.columns.map(({ name }) => name.length))
  const columns = lineage.columns.flatMap((column) => {
    const [first = '', ...rest] = [...madeFrom(column, nodes), ...decidedBy(column.influences, nodes)]
    const indented = rest.map((line) => `${' '.repeat(width)}  ${line}`)
    return [`${column.name.padEnd(width)}  ${first}`.trimEnd(), ...indented]
  })
  const unused = lineage.unused.map((ref) => columnName(ref, nodes)).join(', ')
  return [
    `${colors.bold(nodeName(node))}${colors.dim(`  ${node.path}`)}`,
    ...columns,
    ...(lineage.isComplete ? [] : [colors.yellow(incomplete)]),
    ...rowLines(lineage.influences, nodes, colors),
    ...(unused === '' ? [] : [colors.dim(`read for nothing: ${unused}`)]),
  ]
}

const incomplete = 'There may be more columns: something that it reads is not declared in full.'

function rowLines(influences: readonly ColumnInfluence[], nodes: Surroundings['nodes'], colors: Colors) {
  const lines = decidedBy(influences, nodes)
  return lines.length === 0 ? [] : [colors.dim(`rows ${lines.join('; ')}`)]
}

function madeFrom({ inputs, isUnknown }: OutputColumn, nodes: Surroundings['nodes']): string[] {
  const kinds = (['copy', 'transformation', 'aggregation'] as const).flatMap((kind) => {
    const names = inputs.filter((input) => input.kind === kind).map((input) => columnName(input, nodes))
    return names.length === 0 ? [] : [`${kind} of ${names.join(', ')}`]
  })
  return [...kinds, ...(isUnknown ? ['unknown'] : [])]
}

const roleWords: Readonly<Record<InfluenceRole, string>> = {
  filter: 'filtered by',
  join: 'joined by',
  group: 'grouped by',
  window: 'windowed by',
  order: 'ordered by',
}

/** `filtered by a.b, c.d` for each role that there is. */
function decidedBy(influences: readonly ColumnInfluence[], nodes: Surroundings['nodes']): string[] {
  const roles = Object.keys(roleWords) as InfluenceRole[]
  return roles.flatMap((role) => {
    const names = influences.filter((each) => each.role === role).map((each) => columnName(each, nodes))
    return names.length === 0 ? [] : [`${roleWords[role]} ${names.join(', ')}`]
  })
}

function columnName({ relation, column }: ColumnRef, nodes: Surroundings['nodes']): string {
  const node = nodes[relation]
  return `${node ? nodeName(node) : relation}.${column}`
}
