import type { Manifest, Target } from '../core/manifest.ts'
import type { Node, NodeId } from '../core/node.ts'
import { makeProblem, type Problem, ProblemError } from '../core/problem.ts'
import type { Project } from '../core/project.ts'
import { checkDbtVersion } from './check-dbt-version.ts'
import { accessProblems, cycleProblems, duplicates, truthProblems } from './check-manifest.ts'
import { readDocs } from './docs.ts'
import { checkColumns } from './lineage/check-columns.ts'
import { inheritDescriptions } from './lineage/inherit-descriptions.ts'
import { inheritTests } from './lineage/inherit-tests.ts'
import { makeNodeLineage } from './lineage/node-lineage.ts'
import { seedHeaders } from './lineage/seed-header.ts'
import { makeRenderer } from './make-renderer.ts'
import { makeNaming } from './naming.ts'
import { draftAnalyses } from './nodes/analysis-drafts.ts'
import { draftExposures, draftJobs, draftLoads, draftSeeds } from './nodes/declared-drafts.ts'
import type { Draft, Drafts } from './nodes/draft.ts'
import { type DraftScope, makeDraftScope } from './nodes/draft-scope.ts'
import { draftModels } from './nodes/model-drafts.ts'
import { draftSemantic } from './nodes/semantic-nodes.ts'
import { draftSnapshots } from './nodes/snapshot-drafts.ts'
import { draftSources } from './nodes/source-drafts.ts'
import { withTemplatedConfig } from './nodes/templated-config.ts'
import { draftTests } from './nodes/test-drafts.ts'
import { buildUnitTests } from './nodes/unit-test-nodes.ts'
import type { Renderer } from './renderer.ts'
import { makeResolver } from './resolve.ts'
import { resolveReads } from './resolve-reads.ts'
import { checkSyntax, renderProject } from './sql/check-syntax.ts'
import { loadSqlParser } from './sql/syntax.ts'
import { makeTemplates, type Templates } from './templates.ts'
import { makeYamlValues } from './yaml-values.ts'

export interface CompileOptions {
  readonly target: Target
  /** Values of --vars; they win over those of the project. */
  readonly vars: Readonly<Record<string, unknown>>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: () => Date
  /**
   * Whether the SQL of every node is looked at: its syntax, the columns that YAML describes, what is inherited along
   * lineage. Who only wants to know which nodes there are saves half of the time without.
   */
  readonly checksSql?: boolean
}

export interface Compilation {
  readonly manifest: Manifest
  readonly renderer: Renderer
  /**
   * The SQL of the models whose text depends on nothing but where relations stand, as if everything were published:
   * who renders them so need not do it again.
   */
  readonly plainTexts: ReadonlyMap<NodeId, string>
}

/**
 * Compiles a project: every node with its configuration and its references resolved. Needs no database.
 * Throws one ProblemError with everything that is wrong.
 */
export async function compile(project: Project, options: CompileOptions): Promise<Compilation> {
  await loadSqlParser()
  const texts = textsOf(project)
  const textOf = (file: string): string | undefined => texts.get(file)
  const templates = makeTemplates(project, { ...options, textOf })
  const { manifest: drafted, problems: problemsSoFar, resolver } = draftManifest(project, templates)
  failOn(problemsSoFar)
  const renderer = makeRenderer(drafted, templates, resolver)
  if (options.checksSql === false)
    return { manifest: { ...drafted, warnings: problemsSoFar }, renderer, plainTexts: new Map() }
  const rendered = await renderProject(drafted, renderer, isOurTest(templates))
  const parsed = new Set<NodeId>()
  const lineageOf = makeNodeLineage(drafted, {
    sqlOf: (id) => rendered.texts.get(id) ?? null,
    seedColumns: seedHeaders(drafted, project.seeds),
    onParsed: (id) => parsed.add(id),
  })
  const columnProblems = checkColumns(drafted, project, lineageOf)
  const syntaxProblems = await checkSyntax(drafted, renderer, rendered.texts, (id) => parsed.has(id))
  problemsSoFar.push(...tellable([...rendered.problems, ...syntaxProblems], project))
  failOn(problemsSoFar)
  problemsSoFar.push(...columnProblems)
  failOn(problemsSoFar)
  const described = inheritDescriptions(drafted.nodes, lineageOf)
  const nodes = inheritTests(described, lineageOf)
  const manifest: Manifest = { ...drafted, nodes, warnings: problemsSoFar }
  return {
    manifest,
    renderer: nodes === described ? renderer : makeRenderer(manifest, templates, resolver),
    plainTexts: plainTextsOf(rendered.texts, drafted, templates),
  }
}

/** The texts that are the same whenever relations stand where they are published. */
function plainTextsOf(
  texts: ReadonlyMap<NodeId, string>,
  { nodes }: Pick<Manifest, 'nodes'>,
  templates: Templates,
): ReadonlyMap<NodeId, string> {
  const isEphemeral = (id: NodeId): boolean => {
    const node = nodes[id]
    return node?.resourceType === 'model' && node.materialized === 'ephemeral'
  }
  return new Map(
    [...texts].filter(([id]) => {
      const { resourceType, place, dependsOn } = nodes[id]!
      return resourceType === 'model' && templates.isPlain(place.file) && !dependsOn.some(isEphemeral)
    }),
  )
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
function tellable(problems: readonly Problem[], { configPath }: Project): readonly Problem[] {
  const known = problems.filter(({ code }) => code !== 'database-needed')
  return configPath === 'dbt_project.yml'
    ? known.map((problem) => ({ ...problem, severity: 'warning' }))
    : known
}

function failOn(problems: readonly Problem[]): void {
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new ProblemError(errors)
}

/** The manifest as far as templates need not be rendered for it. */
function draftManifest(project: Project, templates: Templates) {
  const { textOf } = templates.options
  const problems: Problem[] = [...templates.problems, ...checkDbtVersion(project.packages)]
  const docs = readDocs(project, problems)
  const isDbt = project.configPath === 'dbt_project.yml'
  // dbt_project.yml knows the vars of the command line and of vars.yml; our own file knows those that it sets.
  const knowsOwn = !isDbt || project.config.varsInFile === true
  const treeVars = knowsOwn ? templates.varsOf(project.config.name) : templates.options.vars
  const yaml = makeYamlValues(templates, docs, treeVars)
  const scope = makeDraftScope(project, templates, makeNaming(templates), yaml, problems)
  const { drafts, disabled, problems: draftProblems } = draftAll(scope)
  problems.push(...draftProblems, ...duplicates(drafts))

  const resolver = makeResolver(
    drafts.map(({ node }) => node),
    disabled.map(({ node }) => node),
    project.config.name,
  )
  const resolved = resolveReads(drafts, { resolver, textOf, isLenient: isDbt })
  const resolvedNodes = Object.fromEntries(resolved.nodes.map((node) => [node.id, node]))
  const unitTests = buildUnitTests(scope, resolvedNodes, resolver)
  const manifest: Manifest = {
    project: project.config.name,
    nodes: Object.fromEntries(
      [...resolved.nodes, ...unitTests.nodes].map((node) => [node.id, withTemplatedConfig(node, scope)]),
    ),
    macros: templates.macros.describe(),
    vars: templates.varsOf(project.config.name),
    groups: groupsOf(project),
    ...(project.config.quoting && { quoting: project.config.quoting }),
    docs: docs.all,
    selectors: Object.fromEntries(project.selectors.map((selector) => [selector.name, selector])),
    disabled: [
      ...disabled.map(({ node }) => ({ ...node, dependsOn: [] }) as Node),
      ...resolved.disabled,
      ...unitTests.disabled,
    ],
    warnings: [],
  }
  problems.push(
    ...resolved.problems,
    ...unitTests.problems,
    ...cycleProblems(manifest),
    ...accessProblems(manifest, project, textOf),
    ...truthProblems(manifest, textOf),
  )
  return { manifest, problems, resolver }
}

function draftAll(scope: DraftScope) {
  const parts: readonly Drafts[] = [
    draftSources(scope),
    draftLoads(scope),
    draftSeeds(scope),
    draftModels(scope),
    draftSnapshots(scope),
    draftJobs(scope),
    draftTests(scope),
    draftAnalyses(scope),
    draftExposures(scope),
    draftSemantic(scope),
  ]
  const drafts = parts.flatMap((part) => part.drafts)
  const disabled = parts.flatMap((part) => part.disabled)
  const problems = [
    ...parts.flatMap((part) => part.problems),
    ...orphanPatches(scope, [...drafts, ...disabled]),
  ]
  return { drafts, disabled, problems }
}

/** YAML that describes a node that is not there. dbt warns of it, so in a project made for dbt it is a warning. */
function orphanPatches({ project, sourceAt, misspelled }: DraftScope, drafts: readonly Draft[]): Problem[] {
  const known = new Set(drafts.map(({ node }) => `${node.resourceType}.${node.name}`))
  return project.patches
    .filter(({ resource, name, package: packageName }) => {
      const isOwn = packageName === project.config.name
      return isOwn && !known.has(`${resource}.${name}`)
    })
    .map(({ resource, name, place }) =>
      makeProblem('ref-unknown', `there is no ${resource} '${name}' to describe`, {
        ...sourceAt(place),
        severity: misspelled,
        hint: 'the name has to be that of its file',
      }),
    )
}

function groupsOf(project: Project): Manifest['groups'] {
  return Object.fromEntries(
    project.groups.map(({ name, package: packageName, packagePath, description, owner, config }) => {
      const id = `group.${packageName}.${name}`
      return [id, { id, name, package: packageName, path: packagePath, description, owner, config }]
    }),
  )
}

function textsOf(project: Project): ReadonlyMap<string, string> {
  const { models, macros, tests, snapshots, analyses, docs, yamlFiles } = project
  const files = [models, macros, tests, snapshots, analyses, docs, yamlFiles].flat()
  return new Map(files.map(({ path, text }) => [path, text]))
}
