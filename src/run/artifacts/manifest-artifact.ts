import type { MacroInfo, Manifest } from '../../core/manifest.ts'
import type { Node, NodeId } from '../../core/node.ts'
import { type ArtifactOptions, manifestMetadata } from './artifact-metadata.ts'
import { type ArtifactScope, macroId, makeArtifactScope } from './artifact-scope.ts'
import type { Entry } from './entry-parts.ts'
import {
  exposureEntry,
  jobEntry,
  loadEntry,
  modelEntry,
  seedEntry,
  sourceEntry,
  testEntry,
} from './node-entries.ts'

/** dbt's manifest, version 12. */
export interface ManifestArtifact {
  readonly metadata: Entry
  /** Models, seeds and tests, and our jobs and loads as models, by id. */
  readonly nodes: Readonly<Record<string, Entry>>
  readonly sources: Readonly<Record<string, Entry>>
  readonly macros: Readonly<Record<string, Entry>>
  readonly docs: Readonly<Record<string, Entry>>
  readonly exposures: Readonly<Record<string, Entry>>
  readonly parent_map: Readonly<Record<string, readonly string[]>>
  readonly child_map: Readonly<Record<string, readonly string[]>>
  /** What dbt has and we have not. */
  readonly metrics: Entry
  readonly groups: Entry
  readonly group_map: Entry
  readonly selectors: Entry
  readonly disabled: Entry
  readonly saved_queries: Entry
  readonly semantic_models: Entry
  readonly unit_tests: Entry
}

export interface ManifestArtifactOptions extends ArtifactOptions {
  /** The SQL of the models and tests that have been compiled, as it reads from what is published. */
  readonly compiledCode?: ReadonlyMap<NodeId, string>
}

/** Entries by id, made one by one as they are asked for. */
export type LazyEntries = () => Iterable<readonly [string, unknown]>

/** A manifest whose large sections are made while they are written, so that they never stand in memory. */
export type ManifestSections = {
  readonly [Key in keyof ManifestArtifact]: ManifestArtifact[Key] | LazyEntries
}

/** The manifest as dbt's tools read it. */
export function manifestArtifact(manifest: Manifest, options: ManifestArtifactOptions): ManifestArtifact {
  const sections = Object.entries(manifestSections(manifest, options))
  return Object.fromEntries(
    sections.map(([key, section]) => [
      key,
      typeof section === 'function' ? Object.fromEntries(section()) : section,
    ]),
  ) as unknown as ManifestArtifact
}

/** The manifest as dbt's tools read it, for writing it to a file. */
export function manifestSections(manifest: Manifest, options: ManifestArtifactOptions): ManifestSections {
  const scope = makeArtifactScope(manifest, options, options.compiledCode)
  const { parents, children } = scope.graph
  return {
    metadata: manifestMetadata(manifest.project, options),
    nodes: entriesOf('nodes', scope),
    sources: entriesOf('sources', scope),
    macros: Object.fromEntries(
      Object.values(manifest.macros).map((macro) => [macroId(macro), macroEntry(macro, scope)]),
    ),
    docs: { [`doc.${manifest.project}.__overview__`]: overviewEntry(manifest) },
    exposures: entriesOf('exposures', scope),
    metrics: {},
    groups: {},
    selectors: {},
    disabled: {},
    parent_map: neighboursOf(parents, scope),
    child_map: neighboursOf(children, scope),
    group_map: {},
    saved_queries: {},
    semantic_models: {},
    unit_tests: {},
  }
}

type Section = 'nodes' | 'sources' | 'exposures'

function sectionOf({ resourceType }: Node): Section {
  if (resourceType === 'source') return 'sources'
  return resourceType === 'exposure' ? 'exposures' : 'nodes'
}

function entriesOf(section: Section, scope: ArtifactScope): LazyEntries {
  return function* () {
    for (const node of Object.values(scope.manifest.nodes)) {
      if (sectionOf(node) !== section) continue
      const entry = entryOf(node, scope)
      if (entry) yield [scope.idOf(node.id), entry]
    }
  }
}

/** Null for the kinds that compile does not make yet. */
function entryOf(node: Node, scope: ArtifactScope): Entry | null {
  switch (node.resourceType) {
    case 'source':
      return sourceEntry(node, scope)
    case 'load':
      return loadEntry(node, scope)
    case 'seed':
      return seedEntry(node, scope)
    case 'model':
      return modelEntry(node, scope)
    case 'test':
      return testEntry(node, scope)
    case 'job':
      return jobEntry(node, scope)
    case 'exposure':
      return exposureEntry(node, scope)
    case 'snapshot':
    case 'unit_test':
    case 'analysis':
    case 'metric':
    case 'semantic_model':
    case 'saved_query':
      return null
  }
}

function macroEntry(macro: MacroInfo, { options }: ArtifactScope): Entry {
  return {
    name: macro.name,
    resource_type: 'macro',
    package_name: macro.package,
    path: macro.path,
    original_file_path: macro.path,
    unique_id: macroId(macro),
    macro_sql: macro.source,
    depends_on: { macros: [] },
    description: '',
    meta: {},
    docs: { show: true, node_color: null },
    patch_path: null,
    arguments: [],
    created_at: options.generatedAt.getTime() / 1000,
    supported_languages: null,
  }
}

/** dbt's documentation site opens on this page, and shows nothing at all without one. */
function overviewEntry({ project }: Manifest): Entry {
  return {
    name: '__overview__',
    resource_type: 'doc',
    package_name: project,
    path: 'overview.md',
    original_file_path: 'docs/overview.md',
    unique_id: `doc.${project}.__overview__`,
    block_contents: overview(project),
  }
}

const overview = (project: string): string => `# ${project}

Built with Estimand: SQL models and causal estimates in one graph.

dbt has no analyses that write estimates, and none that load data; both stand here as models. An **analysis** is
a table, with the question it answers under \`meta.estimand.spec\`. A **load** is an ephemeral model named
\`load__…\`, followed by the sources that it fills.
`

/** Who stands next to each node, by id, in the order of ids. */
function neighboursOf(
  neighbours: (id: NodeId) => readonly NodeId[],
  { manifest, idOf }: ArtifactScope,
): LazyEntries {
  return function* () {
    for (const id of Object.keys(manifest.nodes)) yield [idOf(id), neighbours(id).map(idOf).sort()]
  }
}
