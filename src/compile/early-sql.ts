import type { Manifest } from '../core/manifest.ts'
import type { Node, NodeId } from '../core/node.ts'
import { ProblemError } from '../core/problem.ts'
import type { Project } from '../core/project.ts'
import type { SqlAnalysis } from './lineage/analyse-sql.ts'
import { describedModels } from './lineage/check-columns.ts'
import { inheritsDescriptions } from './lineage/inherit-descriptions.ts'
import { inheritsTests } from './lineage/inherit-tests.ts'
import { indexRelations, outputWithoutSql } from './lineage/node-lineage.ts'
import { seedHeaders } from './lineage/seed-header.ts'
import type { SqlThread } from './lineage/sql-thread.ts'
import { makeRenderer } from './make-renderer.ts'
import { isPythonModel } from './nodes/python-model.ts'
import { publishedRendering } from './published-sql.ts'
import type { Resolver } from './resolve.ts'
import type { Templates } from './templates.ts'

/*
 * Most models are text and plain calls of ref, source, config and var. Their SQL is known as soon as what they refer to
 * is, so another thread looks at it while tests are drafted and everything is kept for the next command. The SQL of
 * all others is made and looked at afterwards.
 */

export interface EarlySql {
  readonly texts: ReadonlyMap<NodeId, string>
  readonly analysis: Promise<SqlAnalysis>
}

export interface EarlySqlRequest {
  /** All nodes that SQL can refer to. */
  readonly nodes: readonly Node[]
  readonly project: Pick<Project, 'config' | 'patches' | 'seeds'>
  readonly templates: Templates
  readonly resolver: Resolver
}

/** Makes the SQL of plain models and has another thread look at it. */
export async function beginEarlySql(thread: SqlThread, request: EarlySqlRequest): Promise<EarlySql> {
  const { nodes, project } = request
  const manifest = manifestOf(request)
  const texts = await plainTexts(request, manifest)
  const seedColumns = seedHeaders(manifest, project.seeds)
  const described = describedModels(manifest, nodes, project)
  const isHere = (node: Node): boolean =>
    node.resourceType !== 'model' || isPythonModel(node) || texts.has(node.id)
  const analysis = thread.analyse({
    texts,
    asked: [
      ...described.map(({ model }) => model.id),
      ...nodes.flatMap(({ resourceType, dependsOn }) => (resourceType === 'job' ? dependsOn : [])),
      ...nodes.flatMap((node) => (inheritsDescriptions(node) || inheritsTests(node) ? [node.id] : [])),
    ],
    relations: indexRelations(manifest),
    outputs: new Map(
      nodes.filter(isHere).map((node) => [node.id, outputWithoutSql(node, manifest, seedColumns)] as const),
    ),
  })
  // Something else may fail before anybody waits for it.
  analysis.catch(() => {})
  return { texts, analysis }
}

async function plainTexts(
  { nodes, templates, resolver }: EarlySqlRequest,
  manifest: Manifest,
): Promise<ReadonlyMap<NodeId, string>> {
  const renderer = makeRenderer(manifest, templates, resolver)
  const isEphemeral = (id: NodeId): boolean => {
    const node = manifest.nodes[id]
    return node?.resourceType === 'model' && node.materialized === 'ephemeral'
  }
  const texts = new Map<NodeId, string>()
  for (const node of nodes) {
    if (node.resourceType !== 'model' || isPythonModel(node)) continue
    if (!templates.isPlain(node.place.file) || node.dependsOn.some(isEphemeral)) continue
    try {
      texts.set(node.id, (await renderer.compile(node.id, publishedRendering)).text)
    } catch (error) {
      // It is told when all nodes are there.
      if (!(error instanceof ProblemError)) throw error
    }
  }
  return texts
}

/** The nodes as plain templates need them. */
function manifestOf({ nodes, project }: EarlySqlRequest): Manifest {
  return {
    project: project.config.name,
    nodes: Object.fromEntries(nodes.map((node) => [node.id, node])),
    macros: {},
    hooks: [],
    vars: {},
    groups: {},
    ...(project.config.quoting && { quoting: project.config.quoting }),
    docs: {},
    selectors: {},
    disabled: [],
    warnings: [],
  }
}
