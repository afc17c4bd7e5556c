import { didYouMean } from '../../core/did-you-mean.ts'
import type { Manifest } from '../../core/manifest.ts'
import type { JobNode, Node, NodeId } from '../../core/node.ts'
import { makeProblem, type Problem } from '../../core/problem.ts'
import type { Project } from '../../core/project.ts'
import type { ProblemsByNode } from '../findings.ts'
import type { LineageOf } from './node-lineage.ts'

/** Columns that jobs name and what they read does not have; nothing is said where its columns are not all known. */
export function checkJobColumns(
  manifest: Pick<Manifest, 'nodes'>,
  nodes: readonly Node[],
  { yamlFiles }: Pick<Project, 'yamlFiles'>,
  lineageOf: LineageOf,
): ProblemsByNode {
  const problems = new Map<NodeId, readonly Problem[]>()
  for (const node of nodes) {
    if (node.resourceType !== 'job') continue
    // By asking for its own lineage the job is known to be one that has to be looked at again with what it reads.
    lineageOf(node.id)
    const own = problemsOf(
      node,
      manifest,
      lineageOf,
      (file) => yamlFiles.find(({ path }) => path === file)?.text,
    )
    if (own.length > 0) problems.set(node.id, own)
  }
  return problems
}

function problemsOf(
  { columnReads, dependsOn }: JobNode,
  { nodes }: Pick<Manifest, 'nodes'>,
  lineageOf: LineageOf,
  textOf: (file: string) => string | undefined,
): Problem[] {
  return columnReads.flatMap(({ ref, column, place }): Problem[] => {
    const read = dependsOn.map((id) => nodes[id]).find((parent) => parent?.name === ref)
    if (!read || mayHaveOthers(read)) return []
    const lineage = lineageOf(read.id)
    if (!lineage?.isComplete) return []
    const names = lineage.columns.map(({ name }) => name)
    if (names.includes(column)) return []
    const source = textOf(place.file)
    return [
      makeProblem('column-unknown', `'${ref}' has no column '${column}'`, {
        place,
        ...(source !== undefined && { source }),
        hint: didYouMean(column, names) ?? `it has ${names.join(', ')}`,
      }),
    ]
  })
}

/** Tables that grow may have columns from before that their SQL does not give any more. */
function mayHaveOthers(node: Node): boolean {
  if (node.resourceType === 'snapshot') return true
  return node.resourceType === 'model' && ['incremental', 'custom'].includes(node.materialized)
}
