import { findCycle } from '../core/graph.ts'
import type { Manifest, Target } from '../core/manifest.ts'
import { type Node, type NodeId, relationKey, relationsOf } from '../core/node.ts'
import { makeProblem, type Problem, ProblemError } from '../core/problem.ts'
import type { Project } from '../core/project.ts'
import { checkColumns } from './lineage/check-columns.ts'
import { inheritDescriptions } from './lineage/inherit-descriptions.ts'
import { makeNodeLineage } from './lineage/node-lineage.ts'
import { seedHeaders } from './lineage/seed-header.ts'
import { makeRenderer } from './make-renderer.ts'
import { makeNaming } from './naming.ts'
import { draftExposures, draftJobs, draftLoads, draftSeeds, draftSources } from './nodes/declared-drafts.ts'
import type { Draft } from './nodes/draft.ts'
import { draftModels } from './nodes/model-drafts.ts'
import { draftTests } from './nodes/test-drafts.ts'
import type { Renderer } from './renderer.ts'
import { makeResolver, type Resolver } from './resolve.ts'
import { checkSyntax } from './sql/check-syntax.ts'
import { loadSqlParser } from './sql/syntax.ts'
import { makeTemplates, type Templates } from './templates.ts'

export interface CompileOptions {
  readonly target: Target
  /** Values of --vars; they win over those of the project. */
  readonly vars: Readonly<Record<string, unknown>>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: () => Date
}

export interface Compilation {
  readonly manifest: Manifest
  readonly renderer: Renderer
}

/**
 * Compiles a project: every node with its configuration and its references resolved. Needs no database.
 * Throws one ProblemError with everything that is wrong.
 */
export async function compile(project: Project, options: CompileOptions): Promise<Compilation> {
  await loadSqlParser()
  const vars = { ...project.config.vars, ...options.vars }
  const texts = textsOf(project)
  const templates = makeTemplates(project.macros, { ...options, vars, textOf: (file) => texts.get(file) })
  const { drafts, disabled, problems } = draftAll(project, templates)
  const problemsSoFar = [...templates.problems, ...problems, ...duplicates(drafts)]

  const resolver = makeResolver(
    drafts.map(({ node }) => node),
    disabled,
  )
  const resolved = resolveReads(drafts, resolver, templates)
  const manifest: Manifest = {
    project: project.config.name,
    nodes: Object.fromEntries(resolved.nodes.map((node) => [node.id, node])),
    macros: Object.fromEntries(
      templates.macros.all.map((block) => [
        block.name,
        {
          name: block.name,
          package: project.config.name,
          path: block.place.file,
          source: block.template.text.slice(block.start, block.end),
        },
      ]),
    ),
    vars,
    groups: {},
    docs: {},
    selectors: {},
    disabled: [],
    warnings: [],
  }
  problemsSoFar.push(...resolved.problems, ...cycleProblems(manifest), ...truthProblems(manifest, templates))
  failOn(problemsSoFar)
  const renderer = makeRenderer(manifest, templates, resolver)
  const { problems: syntaxProblems, texts: sqlTexts } = await checkSyntax(manifest, renderer)
  failOn(syntaxProblems)
  const lineageOf = makeNodeLineage(manifest, {
    sqlOf: (id) => sqlTexts.get(id) ?? null,
    seedColumns: seedHeaders(manifest, project.seeds),
  })
  problemsSoFar.push(...checkColumns(manifest, project, lineageOf))
  failOn(problemsSoFar)
  const nodes = inheritDescriptions(manifest.nodes, lineageOf)
  return { manifest: { ...manifest, nodes, warnings: problemsSoFar }, renderer }
}

function failOn(problems: readonly Problem[]): void {
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new ProblemError(errors)
}

function draftAll(project: Project, templates: Templates) {
  const patches = (resource: string) =>
    new Map(
      project.patches.filter((patch) => patch.resource === resource).map((patch) => [patch.name, patch]),
    )
  const naming = makeNaming(templates)
  const parts = [
    draftSources(project),
    draftLoads(project),
    draftSeeds(project, naming, patches('seed')),
    draftModels(project, templates, naming, patches('model')),
    draftJobs(project, naming, patches('job')),
    draftTests(project, templates, naming, patches('test')),
    draftExposures(project),
  ]
  const drafts = parts.flatMap((part): readonly Draft[] => part.drafts as readonly Draft[])
  return {
    drafts,
    disabled: new Set(parts.flatMap((part) => part.disabled)),
    problems: [...parts.flatMap((part) => part.problems), ...orphanPatches(project, drafts, parts)],
  }
}

/** YAML that describes a model, seed or job that is not there. */
function orphanPatches(
  project: Project,
  drafts: readonly Draft[],
  parts: readonly { readonly disabled: readonly string[] }[],
): Problem[] {
  const known = new Set([...drafts.map(({ node }) => `${node.resourceType}.${node.name}`)])
  const disabled = new Set(parts.flatMap((part) => part.disabled))
  return project.patches
    .filter(({ resource, name }) => !known.has(`${resource}.${name}`) && !disabled.has(name))
    .map(({ resource, name, place }) =>
      makeProblem('ref-unknown', `there is no ${resource} '${name}' to describe`, {
        place,
        source: project.yamlFiles.find(({ path }) => path === place.file)?.text ?? '',
        hint: `the name has to be that of its file`,
      }),
    )
}

/** Two nodes of one name cannot both be referred to; two relations of one name overwrite each other. */
function duplicates(drafts: readonly Draft[]): Problem[] {
  const problems: Problem[] = []
  const seen = new Map<string, Draft>()
  const claim = (key: string, draft: Draft, what: string): void => {
    const first = seen.get(key)
    seen.set(key, first ?? draft)
    if (!first || first === draft) return
    const related = [{ place: first.node.place, message: 'the first' }]
    problems.push(
      makeProblem('name-duplicate', `${what} is defined twice`, { place: draft.node.place, related }),
    )
  }
  for (const draft of drafts) {
    const { node } = draft
    claim(`id ${node.id}`, draft, `${node.resourceType} '${node.name}'`)
    if (['model', 'seed', 'job'].includes(node.resourceType))
      claim(`ref ${node.name}`, draft, `'${node.name}'`)
    if (node.resourceType === 'source') continue
    for (const relation of relationsOf(node as Node))
      claim(`relation ${relationKey(relation)}`, draft, `relation ${relationKey(relation)}`)
  }
  return problems
}

function resolveReads(
  drafts: readonly Draft[],
  resolver: Resolver,
  templates: Templates,
): { readonly nodes: readonly Node[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  const loads = new Map<string, NodeId>()
  for (const { node } of drafts)
    if (node.resourceType === 'load')
      for (const relation of relationsOf(node as Node)) loads.set(relationKey(relation), node.id)
  const nodes = drafts.map(({ node, reads }): Node => {
    const ids = reads.map((read) => {
      const id = read.kind === 'ref' ? resolver.ref(read) : resolver.source(read)
      if (id === null) problems.push(resolver.explain(read, templates.options.textOf(read.place.file)))
      return id
    })
    const dependsOn = [...new Set(ids.filter((id) => id !== null))]
    // A source that stands where a load writes is that load's table.
    const load = node.resourceType === 'source' ? loads.get(relationKey(node.relation)) : undefined
    if (load !== undefined) dependsOn.push(load)
    const attachedTo = node.resourceType === 'test' && node.generic ? (ids[0] ?? undefined) : undefined
    return { ...node, dependsOn, ...(attachedTo !== undefined && { attachedTo }) } as Node
  })
  return { nodes, problems }
}

function cycleProblems(manifest: Manifest): Problem[] {
  const cycle = findCycle(manifest)
  if (!cycle) return []
  const names = cycle.map((id) => manifest.nodes[id]!.name)
  const place = manifest.nodes[cycle[0]!]!.place
  return [makeProblem('cycle', `nodes depend on each other in a circle: ${names.join(' → ')}`, { place })]
}

/** The truth of a generated world is for the audit alone: an analysis that could read it would prove nothing. */
function truthProblems(manifest: Manifest, templates: Templates): Problem[] {
  return Object.values(manifest.nodes)
    .filter(({ resourceType }) => resourceType === 'model' || resourceType === 'job')
    .flatMap((node) => {
      const truth = node.dependsOn
        .map((id) => manifest.nodes[id]!)
        .find((parent) => relationsOf(parent).some(({ schema }) => schema === 'truth'))
      if (!truth) return []
      const source = templates.options.textOf(node.place.file) ?? ''
      return [
        makeProblem('truth-read', `${node.name} reads ${truth.name}, which is in the schema truth`, {
          place: node.place,
          source,
        }),
      ]
    })
}

function textsOf(project: Project): ReadonlyMap<string, string> {
  const files = [...project.models, ...project.macros, ...project.tests, ...project.yamlFiles]
  return new Map(files.map(({ path, text }) => [path, text]))
}
