import { didYouMean } from '../../core/did-you-mean.ts'
import type { Manifest } from '../../core/manifest.ts'
import type { ModelNode, Node, NodeId } from '../../core/node.ts'
import { makeProblem, type Place, type Problem } from '../../core/problem.ts'
import type { PatchSpec, Project } from '../../core/project.ts'
import type { ProblemsByNode } from '../findings.ts'
import type { LineageOf } from './node-lineage.ts'

/** What a model may say about columns in its YAML that it does not produce. */
export const unknownColumnsChoices = ['warn', 'error', 'ignore'] as const

/** A model, and where YAML describes its columns. */
export interface DescribedModel {
  readonly model: ModelNode
  readonly patch: PatchSpec
}

/** The models whose columns YAML describes, so that they are compared. */
export function describedModels(
  manifest: Pick<Manifest, 'project'>,
  nodes: readonly Node[],
  project: Pick<Project, 'patches'>,
): readonly DescribedModel[] {
  const patches = new Map(
    project.patches.flatMap((patch) =>
      patch.resource === 'model' && patch.package === manifest.project ? [[patch.name, patch] as const] : [],
    ),
  )
  return nodes.flatMap((node) => {
    const patch = patches.get(node.name)
    if (node.resourceType !== 'model' || !patch || node.columns.length === 0) return []
    // What a package says of its models is for those to mend who write it.
    if (node.package !== manifest.project) return []
    return node.config['unknown_columns'] === 'ignore' ? [] : [{ model: node, patch }]
  })
}

/** Columns that YAML describes and the model does not produce; nothing is said where its columns are not all known. */
export function checkColumns(
  described: readonly DescribedModel[],
  project: Pick<Project, 'yamlFiles'>,
  lineageOf: LineageOf,
): ProblemsByNode {
  const problems = new Map<NodeId, readonly Problem[]>()
  for (const { model, patch } of described) {
    const own = problemsOf(model, patch, project, lineageOf)
    if (own.length > 0) problems.set(model.id, own)
  }
  return problems
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
