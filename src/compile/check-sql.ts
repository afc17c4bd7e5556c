import type { Manifest } from '../core/manifest.ts'
import type { Node, NodeId } from '../core/node.ts'
import { type Problem, ProblemError } from '../core/problem.ts'
import type { Project } from '../core/project.ts'
import type { AnalysedNode, ProblemsByNode, SqlFindings } from './findings.ts'
import { checkColumns } from './lineage/check-columns.ts'
import { checkJobColumns } from './lineage/check-job-columns.ts'
import { type LineageOf, type LineageSurroundings, makeNodeLineage } from './lineage/node-lineage.ts'
import type { Renderer } from './renderer.ts'
import { checkSyntax, renderNodes } from './sql/check-syntax.ts'
import type { Templates } from './templates.ts'

/*
 * Looking at the SQL of nodes: every template rendered as if everything were published, its syntax, and the columns
 * that YAML describes.
 */

export interface SqlCheckRequest {
  /** The nodes to look at, in the order of the manifest. */
  readonly nodes: readonly Node[]
  /** Models whose columns are compared with YAML, where those are others. */
  readonly described?: readonly Node[]
  readonly manifest: Manifest
  readonly project: Pick<Project, 'configPath' | 'patches' | 'yamlFiles'>
  readonly templates: Templates
  readonly renderer: Renderer
  /** What lineage needs to know besides the SQL. */
  readonly lineage: Pick<LineageSurroundings, 'seedColumns' | 'relations' | 'outputOf'>
  /** Told of each name that a template looks up, as RenderScope has it. */
  readonly seen?: (name: string, nodeId: NodeId) => void
}

export interface SqlCheck {
  readonly findings: SqlFindings
  readonly texts: ReadonlyMap<NodeId, string>
  readonly lineageOf: LineageOf
}

/** Looks at the SQL of nodes; throws a ProblemError where it is wrong. */
export async function checkSql(request: SqlCheckRequest): Promise<SqlCheck> {
  const { nodes, manifest, project, templates, renderer, lineage } = request
  const { problems, texts } = await renderNodes(nodes, renderer, isOurTest(templates), request.seen)
  const parsed = new Set<NodeId>()
  const outputs = new Map<NodeId, AnalysedNode>()
  const lineageOf = makeNodeLineage(manifest, {
    ...lineage,
    sqlOf: (id) => texts.get(id) ?? null,
    onParsed: (id) => parsed.add(id),
    onAnalysed: ({ nodeId, columns, isComplete, influences }, reads) =>
      outputs.set(nodeId, {
        columns: columns.map(({ name }) => name),
        isComplete,
        reads,
        ...(parsed.has(nodeId) && { lineage: { columns, isComplete, influences } }),
      }),
  })
  const { problems: columns, compared } = checkColumns(
    manifest,
    request.described ?? nodes,
    project,
    lineageOf,
  )
  const jobColumns = checkJobColumns(manifest, nodes, project, lineageOf)
  const syntax = await checkSyntax(manifest, renderer, texts, (id) => parsed.has(id))
  const findings = {
    rendering: tellable(problems, project),
    syntax: tellable(syntax, project),
    columns: new Map([...columns, ...jobColumns]),
    compared,
    outputs,
  }
  failOn([findings.rendering, findings.syntax])
  failOn([findings.columns])
  return { findings, texts, lineageOf }
}

/** A generic test of ours on a whole relation: there are many of them, and they differ in names alone. */
function isOurTest({ macros }: Templates): (node: Node) => boolean {
  return (node) => {
    if (node.resourceType !== 'test' || !node.generic || node.where !== undefined) return false
    const block = macros.findTest(node.generic.macro, node.package)
    return block !== undefined && macros.packageOf(block) === undefined
  }
}

/**
 * What rendering everything showed. A template that asks the database cannot be rendered without one, which is no
 * fault; and in a project made for dbt a model that fails is for those to know who run it.
 */
function tellable(problems: ProblemsByNode, { configPath }: Pick<Project, 'configPath'>): ProblemsByNode {
  const isDbt = configPath === 'dbt_project.yml'
  const tell = (problem: Problem): Problem => (isDbt ? { ...problem, severity: 'warning' } : problem)
  return new Map(
    [...problems].flatMap(([id, own]) => {
      const told = own.filter(({ code }) => code !== 'database-needed').map(tell)
      return told.length > 0 ? [[id, told] as const] : []
    }),
  )
}

function failOn(lists: readonly ProblemsByNode[]): void {
  const problems = lists.flatMap((list) => [...list.values()].flat())
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new ProblemError(errors)
}
