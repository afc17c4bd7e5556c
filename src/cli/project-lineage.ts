import type { ColumnRef } from '../compile/lineage/column-lineage.ts'
import { columnLineage, type ProjectLineage } from '../compile/lineage/node-lineage.ts'
import { seedHeaders } from '../compile/lineage/seed-header.ts'
import { publishedSql } from '../compile/published-sql.ts'
import { didYouMean } from '../core/did-you-mean.ts'
import type { Manifest } from '../core/manifest.ts'
import type { Node } from '../core/node.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { Workspace } from './workspace.ts'

/** The lineage of every node of a workspace's project. */
export async function projectLineage({
  manifest,
  openRenderer,
  project,
}: Workspace): Promise<ProjectLineage> {
  const { jobColumns } = await import('../jobs/index.ts')
  const compiled = await publishedSql(manifest, await openRenderer())
  return columnLineage(manifest, {
    sqlOf: (id) => compiled.get(id)?.text ?? null,
    seedColumns: seedHeaders(manifest, project.seeds),
    columnsOfJob: (spec, suffix) => jobColumns(spec, suffix)?.map(({ name }) => name) ?? null,
  })
}

/** How people name a node: a source by its table behind it. */
export function nodeName(node: Node): string {
  return node.resourceType === 'source' ? `${node.sourceName}.${node.name}` : node.name
}

/** The node with columns that is called so: by name, by id or by its place in the project. */
export function findNode(name: string, manifest: Manifest, lineage: ProjectLineage): Node {
  const nodes = Object.keys(lineage.nodes).map((id) => manifest.nodes[id]!)
  const found = nodes.find((node) => isCalled(node, name))
  if (found) return found
  const hint = didYouMean(name, nodes.map(nodeName)) ?? 'estimand ls names the nodes'
  throw new ProblemError(makeProblem('selection-empty', `there is no node '${name}' with columns`, { hint }))
}

function isCalled(node: Node, name: string): boolean {
  return nodeName(node) === name || node.id === name || node.fqn.join('.') === name
}

/** The column that `node.column` names. */
export function findColumn(name: string, manifest: Manifest, lineage: ProjectLineage): ColumnRef {
  const dot = name.lastIndexOf('.')
  if (dot < 1)
    throw new ProblemError(
      makeProblem('usage', `'${name}' is not a column`, { hint: 'write it as node.column: orders.amount' }),
    )
  const node = findNode(name.slice(0, dot), manifest, lineage)
  const { columns, isComplete } = lineage.nodes[node.id]!
  const names = columns.map((column) => column.name)
  const wanted = name.slice(dot + 1)
  const column = names.find((each) => each === wanted) ?? names.find((each) => each === wanted.toLowerCase())
  // Where columns are missing, the one that is asked for may be among them.
  if (column !== undefined || !isComplete) return { relation: node.id, column: column ?? wanted }
  const hint = didYouMean(wanted, names) ?? `it has ${names.join(', ')}`
  throw new ProblemError(
    makeProblem('column-unknown', `${nodeName(node)} has no column '${wanted}'`, { hint }),
  )
}
