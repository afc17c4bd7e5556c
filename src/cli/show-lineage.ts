import { type Direction, walkLineage } from '../compile/lineage/walk-lineage.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { columnLines, nodeLines } from './display/lineage-lines.ts'
import { findColumn, findNode, projectLineage } from './project-lineage.ts'
import { openWorkspace } from './workspace.ts'

export interface NodeLineageFlags {
  readonly output: 'text' | 'json'
}

export interface ColumnLineageFlags extends NodeLineageFlags {
  readonly upstream?: boolean
  readonly downstream?: boolean
  readonly influences?: boolean
}

/** Prints what a column is made from, what is made from it, or both. */
export async function showColumnLineage(
  context: CommandContext,
  name: string,
  flags: ColumnLineageFlags,
): Promise<ExitCode> {
  const workspace = await openWorkspace(context)
  const { manifest } = workspace
  const lineage = await projectLineage(workspace)
  const column = findColumn(name, manifest, lineage)
  const directions: Direction[] = [
    ...(flags.upstream || !flags.downstream ? (['upstream'] as const) : []),
    ...(flags.downstream ? (['downstream'] as const) : []),
  ]
  const influences = flags.influences ?? false
  const walks = directions.map((direction) => ({
    direction,
    from: walkLineage(lineage, column, { direction, influences }),
  }))
  const { out } = context.terminal
  if (flags.output === 'json') {
    const trees = Object.fromEntries(walks.map(({ direction, from }) => [direction, from.next]))
    out.write(`${JSON.stringify({ ...column, ...trees }, null, 2)}\n`)
    return 0
  }
  const lines = columnLines(walks, lineage, { nodes: manifest.nodes, colors: out.colors, influences })
  out.write(`${lines.join('\n')}\n`)
  return 0
}

/** Prints every column of a node with what it is made from. */
export async function showNodeLineage(
  context: CommandContext,
  name: string,
  flags: NodeLineageFlags,
): Promise<ExitCode> {
  const workspace = await openWorkspace(context)
  const lineage = await projectLineage(workspace)
  const node = findNode(name, workspace.manifest, lineage)
  const nodeLineage = lineage.nodes[node.id]!
  const { out } = context.terminal
  if (flags.output === 'json') out.write(`${JSON.stringify(nodeLineage, null, 2)}\n`)
  else {
    const surroundings = { nodes: workspace.manifest.nodes, colors: out.colors }
    out.write(`${nodeLines(nodeLineage, surroundings).join('\n')}\n`)
  }
  return 0
}
