import type { Manifest } from '../../core/manifest.ts'
import type { ColumnInfo, ModelNode, Node, NodeId } from '../../core/node.ts'
import type { ColumnRef } from './column-lineage.ts'
import type { LineageOf } from './node-lineage.ts'

/*
 * A column that is carried through a project as it is needs its description once. Models with
 * `inherit_descriptions: true` take descriptions that they do not write themselves from the column they copy.
 */

/** Whether a model asks for descriptions along lineage. */
export function inheritsDescriptions(node: Node): node is ModelNode {
  return node.resourceType === 'model' && node.config['inherit_descriptions'] === true
}

/** The nodes with descriptions filled in; the same nodes when no model asks for it. */
export function inheritDescriptions(
  nodes: Readonly<Record<NodeId, Node>>,
  lineageOf: LineageOf,
): Manifest['nodes'] {
  const heirs = Object.values(nodes).filter(inheritsDescriptions)
  if (heirs.length === 0) return nodes
  const filled = heirs.map((node): Node => ({ ...node, columns: filledColumns(node, nodes, lineageOf) }))
  return { ...nodes, ...Object.fromEntries(filled.map((node) => [node.id, node])) }
}

function filledColumns(
  node: ModelNode,
  nodes: Readonly<Record<NodeId, Node>>,
  lineageOf: LineageOf,
): readonly ColumnInfo[] {
  const written = new Map(node.columns.map((column) => [column.name.toLowerCase(), column]))
  const inherited = (column: string): string | undefined =>
    copiedFrom({ relation: node.id, column }, lineageOf)
      .map((origin) => describedColumn(nodes[origin.relation], origin.column)?.description)
      .find((description) => description !== undefined && description !== '')
  const own = node.columns.map((column) =>
    column.description === '' ? { ...column, description: inherited(column.name) ?? '' } : column,
  )
  const added = (lineageOf(node.id)?.columns ?? []).flatMap(({ name }): ColumnInfo[] => {
    const description = written.has(name.toLowerCase()) ? undefined : inherited(name)
    return description === undefined ? [] : [{ name, description, tags: [], meta: {} }]
  })
  return [...own, ...added]
}

/** The columns that a column is a copy of, nearest first; a value out of two columns is no copy. */
export function copiedFrom(column: ColumnRef, lineageOf: LineageOf): ColumnRef[] {
  const origin = copyOrigin(column, lineageOf)
  return origin ? [origin, ...copiedFrom(origin, lineageOf)] : []
}

function copyOrigin({ relation, column }: ColumnRef, lineageOf: LineageOf): ColumnRef | null {
  const output = lineageOf(relation)?.columns.find(({ name }) => name === column)
  const [input, ...others] = output?.isUnknown ? [] : (output?.inputs ?? [])
  return input?.kind === 'copy' && others.length === 0
    ? { relation: input.relation, column: input.column }
    : null
}

function describedColumn(node: Node | undefined, name: string): Pick<ColumnInfo, 'description'> | undefined {
  return node?.columns.find((column) => column.name === name || column.name.toLowerCase() === name)
}
