import { didYouMean } from '../../core/did-you-mean.ts'
import type { Manifest } from '../../core/manifest.ts'
import type { ModelNode, Node, NodeId } from '../../core/node.ts'
import { makeProblem, type Place, type Problem } from '../../core/problem.ts'
import type { PatchSpec, Project } from '../../core/project.ts'
import type { ProblemsByNode } from '../findings.ts'
import type { LineageOf } from './node-lineage.ts'

/** What a model may say about columns in its YAML that it does not produce. */
export const unknownColumnsChoices = ['warn', 'error', 'ignore'] as const

/** Columns that YAML describes and the model does not produce; nothing is said where its columns are not all known. */
export function checkColumns(
  manifest: Pick<Manifest, 'project'>,
  nodes: readonly Node[],
  project: Pick<Project, 'patches' | 'yamlFiles'>,
  lineageOf: LineageOf,
): { readonly problems: ProblemsByNode; readonly compared: readonly NodeId[] } {
  const patches = new Map(
    project.patches.flatMap((patch) =>
      patch.resource === 'model' && patch.package === manifest.project ? [[patch.name, patch] as const] : [],
    ),
  )
  const problems = new Map<NodeId, readonly Problem[]>()
  const compared: NodeId[] = []
  for (const node of nodes) {
    const patch = patches.get(node.name)
    if (node.resourceType !== 'model' || !patch || node.columns.length === 0) continue
    // What a package says of its models is for those to mend who write it.
    if (node.package !== manifest.project) continue
    if (node.config['unknown_columns'] === 'ignore') continue
    compared.push(node.id)
    const own = problemsOf(node, patch, project, lineageOf)
    if (own.length > 0) problems.set(node.id, own)
  }
  return { problems, compared }
}

function problemsOf(
  node: ModelNode,
  patch: PatchSpec,
  project: Pick<Project, 'yamlFiles'>,
  lineageOf: LineageOf,
): Problem[] {
  const lineage = lineageOf(node.id)
  if (!lineage?.isComplete) return []
  const produced = new Set(lineage.columns.map(({ name }) => name))
  const missing = node.columns.filter(({ name }) => !produced.has(name) && !produced.has(name.toLowerCase()))
  if (missing.length === 0) return []
  const source = project.yamlFiles.find(({ path }) => path === patch.place.file)?.text ?? ''
  return missing.map(({ name }) =>
    makeProblem('column-unknown', `model ${node.name} has no column '${name}'`, {
      place: placeOfColumn(source, patch.place, name),
      source,
      hint: didYouMean(name, produced) ?? `it has ${[...produced].join(', ')}`,
      severity: node.config['unknown_columns'] === 'error' ? 'error' : 'warning',
    }),
  )
}

/** The line below the model's entry that names the column; the entry itself when none does so plainly. */
function placeOfColumn(source: string, entry: Place, name: string): Place {
  const lines = source.split('\n')
  for (let line = entry.line; line < lines.length; line++) {
    const match = /^(.*\bname:\s*["']?)(.*)$/.exec(lines[line]!)
    const rest = match?.[2] ?? ''
    if (rest.startsWith(name) && !/[\w$]/.test(rest.charAt(name.length)))
      return { file: entry.file, line: line + 1, column: match![1]!.length + 1 }
  }
  return entry
}
