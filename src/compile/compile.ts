import type { Manifest, Target } from '../core/manifest.ts'
import type { Node, NodeId, ResourceType } from '../core/node.ts'
import { makeProblem, type Problem, ProblemError } from '../core/problem.ts'
import type { Project } from '../core/project.ts'
import { withPlainNumbers } from '../core/whole-float.ts'
import { unusedConfig } from './check-config-trees.ts'
import { checkDbtVersion } from './check-dbt-version.ts'
import { cycleProblems, duplicates, fixturesTwice, spacedNames } from './check-manifest.ts'
import { draftProblems, nodeProblems } from './check-nodes.ts'
import { checkSql } from './check-sql.ts'
import { describeMacros } from './describe-macros.ts'
import { type Docs, readDocs } from './docs.ts'
import { type Findings, problemsOf } from './findings.ts'
import { inheritDescriptions } from './lineage/inherit-descriptions.ts'
import { inheritTests } from './lineage/inherit-tests.ts'
import { seedHeaders } from './lineage/seed-header.ts'
import { makeRenderer } from './make-renderer.ts'
import { makeNaming } from './naming.ts'
import { draftAnalyses } from './nodes/analysis-drafts.ts'
import { draftExposures, draftLoads, draftSeeds } from './nodes/declared-drafts.ts'
import type { Draft, Drafts } from './nodes/draft.ts'
import { type DraftScope, makeDraftScope } from './nodes/draft-scope.ts'
import { draftFunctions } from './nodes/function-drafts.ts'
import { draftJobs } from './nodes/job-drafts.ts'
import { draftModels } from './nodes/model-drafts.ts'
import { draftSemantic } from './nodes/semantic-nodes.ts'
import { draftSnapshots } from './nodes/snapshot-drafts.ts'
import { draftSources } from './nodes/source-drafts.ts'
import { draftTests } from './nodes/test-drafts.ts'
import { buildUnitTests } from './nodes/unit-test-nodes.ts'
import { withWrittenConfig } from './nodes/written-config.ts'
import { readProjectHooks } from './project-hooks.ts'
import type { Renderer } from './renderer.ts'
import { makeResolver, searchesOwnFirst } from './resolve.ts'
import { resolveReads } from './resolve-reads.ts'
import { loadSqlParser } from './sql/syntax.ts'
import { makeTemplates, type Templates } from './templates.ts'
import { uncalledMacros } from './uncalled-macros.ts'
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
  /** Whether it is told which versions of dbt the project and its packages ask for. */
  readonly checksVersion?: boolean
  /** Told what templates look at that is not in the project: names of their context, and `now` for the time. */
  readonly onlooker?: Onlooker
}

export interface Onlooker {
  /** While the project is drafted; `file` is the template, null for values of YAML. */
  readonly drafting: (name: string, file: string | null) => void
  /** While SQL is looked at. */
  readonly checking: (name: string, nodeId: NodeId) => void
}

export interface Compilation {
  readonly manifest: Manifest
  readonly findings: Findings
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
  const { onlooker } = options
  const templates = makeTemplates(project, {
    ...options,
    textOf,
    ...(onlooker && { seen: onlooker.drafting }),
  })
  const { manifest: drafted, problems: drafting, resolver } = draftManifest(project, templates, options)
  failOn(drafting)
  const renderer = makeRenderer(drafted, templates, resolver)
  if (options.checksSql === false) {
    const findings: Findings = { drafting, sql: null }
    return { manifest: { ...drafted, warnings: drafting }, findings, renderer, plainTexts: new Map() }
  }
  const nodesToCheck = Object.values(drafted.nodes)
  const lineage = { seedColumns: seedHeaders(drafted, project.seeds) }
  const request = { nodes: nodesToCheck, manifest: drafted, project, templates, renderer, lineage }
  const checked = await checkSql({ ...request, ...(onlooker && { seen: onlooker.checking }) })
  const findings: Findings = { drafting, sql: checked.findings }
  const described = inheritDescriptions(drafted.nodes, checked.lineageOf)
  const nodes = inheritTests(described, checked.lineageOf)
  const manifest: Manifest = { ...drafted, nodes, warnings: problemsOf(findings) }
  return {
    manifest,
    findings,
    renderer: nodes === described ? renderer : makeRenderer(manifest, templates, resolver),
    plainTexts: plainTextsOf(checked.texts, drafted, templates),
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

function failOn(problems: readonly Problem[]): void {
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new ProblemError(errors)
}

/** What drafting the nodes of a project needs; what is wrong goes to `problems`. */
export function openDrafting(
  project: Project,
  templates: Templates,
  problems: Problem[],
): { readonly scope: DraftScope; readonly docs: Docs } {
  const docs = readDocs(project, problems)
  const isDbt = project.configPath === 'dbt_project.yml'
  // dbt_project.yml knows the vars of the command line and of vars.yml; our own file knows those that it sets.
  const knowsOwn = !isDbt || project.config.varsInFile === true
  const treeVars = knowsOwn ? templates.varsOf(project.config.name) : templates.options.vars
  const yaml = makeYamlValues(templates, docs, treeVars)
  return { scope: makeDraftScope(project, templates, makeNaming(templates), yaml, problems), docs }
}

/** The manifest as far as templates need not be rendered for it. */
function draftManifest(
  project: Project,
  templates: Templates,
  options: Pick<CompileOptions, 'checksVersion'>,
) {
  const { textOf } = templates.options
  const isDbt = project.configPath === 'dbt_project.yml'
  const problems: Problem[] = [
    ...templates.problems,
    ...uncalledMacros(templates),
    ...(options.checksVersion === false ? [] : checkDbtVersion(project.packages)),
  ]
  const { scope, docs } = openDrafting(project, templates, problems)
  const { drafts, disabled, problems: found } = draftAll(scope)
  problems.push(
    ...found,
    ...duplicates(drafts),
    ...fixturesTwice(project.fixtures),
    ...spacedNames(drafts, project.config),
  )

  const resolver = makeResolver(
    drafts.map(({ node }) => node),
    disabled.map(({ node }) => node),
    project.config.name,
    searchesOwnFirst(project.config),
  )
  const resolved = resolveReads(drafts, { resolver, textOf, isLenient: isDbt })
  const resolvedNodes = Object.fromEntries(resolved.nodes.map((node) => [node.id, node]))
  const unitTests = buildUnitTests(scope, resolvedNodes, resolver)
  const manifest: Manifest = {
    project: project.config.name,
    nodes: Object.fromEntries(
      [...resolved.nodes, ...unitTests.nodes].map((node) => [node.id, withWrittenConfig(node, scope)]),
    ),
    macros: describeMacros(scope, templates.macros.describe(), problems),
    hooks: readProjectHooks(project, templates, resolver),
    vars: withPlainNumbers(templates.varsOf(project.config.name), () => false) as Manifest['vars'],
    groups: groupsOf(project),
    ...(project.config.quoting && { quoting: project.config.quoting }),
    docs: docs.all,
    selectors: Object.fromEntries(project.selectors.map((selector) => [selector.name, selector])),
    disabled: [
      ...disabled.map(({ node }) => withWrittenConfig({ ...node, dependsOn: [] } as Node, scope)),
      ...resolved.disabled.map((node) => withWrittenConfig(node, scope)),
      ...unitTests.disabled,
    ],
    warnings: [],
  }
  problems.push(
    ...resolved.problems,
    ...unitTests.problems,
    ...cycleProblems(manifest),
    ...nodeProblems({ manifest, project, textOf, now: templates.options.clock() }),
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
    draftFunctions(scope),
    draftExposures(scope),
    draftSemantic(scope),
  ]
  const drafts = parts.flatMap((part) => part.drafts)
  const disabled = parts.flatMap((part) => part.disabled)
  const problems = [
    ...parts.flatMap((part) => part.problems),
    ...orphanPatches(scope, [...drafts, ...disabled]),
    ...drafts.flatMap((draft) => draftProblems(draft, scope)),
    ...unusedConfig(scope.project, [...drafts, ...disabled], scope.templates.options.textOf),
  ]
  return { drafts, disabled, problems }
}

/** YAML that describes a node that is not there. dbt warns of it, so in a project made for dbt it is a warning. */
function orphanPatches({ project, sourceAt, misspelled }: DraftScope, drafts: readonly Draft[]): Problem[] {
  const known = new Set(
    drafts.flatMap(({ node }) => describedAs(node.resourceType).map((as) => `${as}.${node.name}`)),
  )
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

/** Under which headings a node may be described. */
function describedAs(type: ResourceType): readonly ResourceType[] {
  return type === 'job' || type === 'job_table' ? ['job', 'model'] : [type]
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
  const { models, macros, tests, snapshots, analyses, functions, docs, yamlFiles } = project
  const files = [models, macros, tests, snapshots, analyses, functions, docs, yamlFiles].flat()
  return new Map(files.map(({ path, text }) => [path, text]))
}
