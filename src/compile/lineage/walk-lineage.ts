import type { ColumnRef, InfluenceRole, InputKind } from './column-lineage.ts'
import { columnKey } from './derivation.ts'
import type { ProjectLineage } from './node-lineage.ts'

/*
 * Walks from a column along the lineage of a project: upstream to what it is made from, downstream to what is
 * made from it.
 */

export type Direction = 'upstream' | 'downstream'

export interface LineageStep extends ColumnRef {
  /** How the value gets from one column of the step to the other; null where the walk begins. */
  readonly via: InputKind | InfluenceRole | null
  /** The column stands elsewhere in the tree with what follows it. */
  readonly isRepeated: boolean
  /** Whether there may be more than `next` tells. */
  readonly isUnknown: boolean
  readonly next: readonly LineageStep[]
}

export interface WalkOptions {
  readonly direction: Direction
  /** Also show columns that only decide about rows; a walk does not go on from there. */
  readonly influences: boolean
}

/** The name of the column that stands for all columns of a relation, where rows are decided about. */
export const everyColumn = '*'

/** The tree of steps from a column; a column that is met again is not followed again. */
export function walkLineage(lineage: ProjectLineage, from: ColumnRef, options: WalkOptions): LineageStep {
  const neighbours = options.direction === 'upstream' ? upstreamOf(lineage) : downstreamOf(lineage)
  const seen = new Set<string>()
  const step = (ref: ColumnRef, via: LineageStep['via'], goesOn: boolean): LineageStep => {
    const key = columnKey(ref)
    const { relation, column } = ref
    const isUnknown = isUnknownColumn(lineage, ref)
    const found = goesOn ? neighbours(ref).filter((edge) => options.influences || isInput(edge.via)) : []
    const isRepeated = goesOn && seen.has(key) && found.length > 0
    if (isRepeated || !goesOn) return { relation, column, via, isRepeated, isUnknown, next: [] }
    seen.add(key)
    const next = found.map((edge) => step(edge, edge.via, isInput(edge.via)))
    return { relation, column, via, isRepeated, isUnknown, next }
  }
  return step(from, null, true)
}

interface Edge extends ColumnRef {
  readonly via: InputKind | InfluenceRole
}

function isInput(via: Edge['via']): via is InputKind {
  return via === 'copy' || via === 'transformation' || via === 'aggregation'
}

/** Whether the lineage of a column has gaps; what comes from outside of the project has none to show. */
function isUnknownColumn({ nodes }: ProjectLineage, { relation, column }: ColumnRef): boolean {
  const output = nodes[relation]?.columns.find(({ name }) => name === column)
  return output?.isUnknown ?? false
}

function upstreamOf({ nodes }: ProjectLineage): (ref: ColumnRef) => readonly Edge[] {
  return ({ relation, column }) => {
    const node = nodes[relation]
    const output = node?.columns.find(({ name }) => name === column)
    if (!node || !output) return []
    return [
      ...output.inputs.map((input) => ({ relation: input.relation, column: input.column, via: input.kind })),
      ...[...output.influences, ...node.influences].map((influence) => ({
        relation: influence.relation,
        column: influence.column,
        via: influence.role,
      })),
    ]
  }
}

function downstreamOf({ nodes }: ProjectLineage): (ref: ColumnRef) => readonly Edge[] {
  const edges = new Map<string, Edge[]>()
  const add = (from: ColumnRef, edge: Edge): void => {
    const key = columnKey(from)
    const known = edges.get(key)
    if (known) known.push(edge)
    else edges.set(key, [edge])
  }
  for (const { nodeId, columns, influences } of Object.values(nodes)) {
    for (const { name, inputs, influences: own } of columns) {
      for (const input of inputs) add(input, { relation: nodeId, column: name, via: input.kind })
      for (const influence of own) add(influence, { relation: nodeId, column: name, via: influence.role })
    }
    for (const influence of influences)
      add(influence, { relation: nodeId, column: everyColumn, via: influence.role })
  }
  return (ref) => edges.get(columnKey(ref)) ?? []
}
