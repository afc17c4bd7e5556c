import { macroId } from '../../compile/macro-reads.ts'
import { makeGraph } from '../../core/graph.ts'
import type { MacroInfo, Manifest, ProjectHook } from '../../core/manifest.ts'
import type { Node, NodeId, ResourceType } from '../../core/node.ts'
import { type ArtifactOptions, manifestMetadata } from './artifact-metadata.ts'
import { type ArtifactScope, makeArtifactScope, type NodeFindings } from './artifact-scope.ts'
import type { Entry } from './entry-parts.ts'
import { hookEntry } from './hook-entry.ts'
import { nodeEntry } from './node-entry.ts'
import {
  disabledEntries,
  docEntries,
  groupEntries,
  groupMap,
  lostTests,
  selectorEntries,
} from './project-entries.ts'

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
  readonly metrics: Readonly<Record<string, Entry>>
  readonly saved_queries: Readonly<Record<string, Entry>>
  readonly semantic_models: Readonly<Record<string, Entry>>
  readonly unit_tests: Readonly<Record<string, Entry>>
  readonly functions: Readonly<Record<string, Entry>>
  readonly groups: Readonly<Record<string, Entry>>
  /** The members of each group, by its name. */
  readonly group_map: Readonly<Record<string, readonly string[]>>
  readonly selectors: Readonly<Record<string, Entry>>
  /** What is switched off, by the id that it would have. */
  readonly disabled: Readonly<Record<string, readonly Entry[]>>
}

export interface ManifestArtifactOptions extends ArtifactOptions, NodeFindings {}

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
  const scope = makeArtifactScope(manifest, options, options)
  const { parents, children } = makeGraph(manifest)
  const nodes = once(() => bySection(manifest))
  const entries = (section: Section): LazyEntries => entriesOf(section, scope, nodes)
  return {
    metadata: manifestMetadata(manifest, options),
    nodes: nodesAndMore(entries('nodes'), scope),
    sources: entries('sources'),
    macros: macroEntries(scope),
    docs: docEntries(manifest),
    exposures: entries('exposures'),
    metrics: entries('metrics'),
    groups: groupEntries(manifest),
    selectors: selectorEntries(manifest),
    disabled: disabledEntries(scope),
    parent_map: neighboursOf(parents, scope, (hook) => neighbourIds(hook.dependsOn, scope.idOf)),
    child_map: neighboursOf(withMore(children, manifest), scope, () => []),
    group_map: groupMap(scope),
    saved_queries: entries('saved_queries'),
    semantic_models: entries('semantic_models'),
    unit_tests: entries('unit_tests'),
    functions: entries('functions'),
  }
}

type Section =
  | 'nodes'
  | 'sources'
  | 'exposures'
  | 'metrics'
  | 'saved_queries'
  | 'semantic_models'
  | 'unit_tests'
  | 'functions'

const sections: Readonly<Partial<Record<ResourceType, Section>>> = {
  source: 'sources',
  exposure: 'exposures',
  metric: 'metrics',
  saved_query: 'saved_queries',
  semantic_model: 'semantic_models',
  unit_test: 'unit_tests',
  function: 'functions',
}

/** The section in which a kind of node stands. */
export function sectionOf({ resourceType }: Pick<Node, 'resourceType'>): Section {
  return sections[resourceType] ?? 'nodes'
}

function entriesOf(section: Section, scope: ArtifactScope, nodes: () => BySection): LazyEntries {
  return function* () {
    for (const node of nodes().get(section) ?? []) yield [scope.idOf(node.id), nodeEntry(node, scope)]
  }
}

type BySection = ReadonlyMap<Section, readonly Node[]>

function bySection({ nodes }: Pick<Manifest, 'nodes'>): BySection {
  const found = new Map<Section, Node[]>()
  for (const node of Object.values(nodes)) {
    const section = sectionOf(node)
    const known = found.get(section)
    if (known) known.push(node)
    else found.set(section, [node])
  }
  return found
}

/** Tests that are lost and the hooks of the project are nodes too, after the others. */
function nodesAndMore(nodes: LazyEntries, scope: ArtifactScope): LazyEntries {
  return function* () {
    yield* nodes()
    for (const test of lostTests(scope.manifest)) yield [scope.idOf(test.id), nodeEntry(test, scope)]
    for (const hook of scope.manifest.hooks) yield [hook.id, hookEntry(hook, scope)]
  }
}

/** The macros by their ids. */
export function macroEntries(scope: ArtifactScope): Readonly<Record<string, Entry>> {
  return Object.fromEntries(
    Object.values(scope.manifest.macros).map((macro) => [macroId(macro), macroEntry(macro, scope)]),
  )
}

function macroEntry(macro: MacroInfo, { options, macrosIn }: ArtifactScope): Entry {
  const id = macroId(macro)
  const meta = macro.meta ?? {}
  const docs = { show: true, node_color: null, ...macro.docs }
  return {
    name: macro.name,
    resource_type: 'macro',
    package_name: macro.package,
    path: macro.path,
    original_file_path: macro.path,
    unique_id: id,
    macro_sql: macro.source,
    depends_on: { macros: macrosIn(macro.source, macro.package, macro.name) },
    description: macro.description ?? '',
    meta,
    docs,
    config: { meta, docs },
    patch_path: macro.patchPath === undefined ? null : `${macro.package}://${macro.patchPath}`,
    arguments: (macro.arguments ?? []).map(({ name, type, description }) => ({
      name,
      type: type ?? null,
      description,
    })),
    created_at: options.generatedAt.getTime() / 1000,
    supported_languages: macro.languages ?? null,
  }
}

/** Who stands next to each node, by id, in the order of ids. */
function neighboursOf(
  neighbours: (id: NodeId) => readonly NodeId[],
  { manifest, idOf }: ArtifactScope,
  ofOther: (other: Pick<ProjectHook, 'dependsOn'>) => readonly string[],
): LazyEntries {
  return function* () {
    for (const id of Object.keys(manifest.nodes)) yield [idOf(id), neighbourIds(neighbours(id), idOf)]
    for (const test of lostTests(manifest)) yield [idOf(test.id), ofOther(test)]
    for (const hook of manifest.hooks) yield [hook.id, ofOther(hook)]
  }
}

/** Children of nodes, and the hooks and lost tests that refer to them. */
function withMore(
  childrenOf: (id: NodeId) => readonly NodeId[],
  manifest: Pick<Manifest, 'hooks' | 'disabled'>,
): (id: NodeId) => readonly NodeId[] {
  const others = [...manifest.hooks, ...lostTests(manifest)]
  const reading = others.filter(({ dependsOn }) => dependsOn.length > 0)
  if (reading.length === 0) return childrenOf
  return (id) => [
    ...childrenOf(id),
    ...reading.filter(({ dependsOn }) => dependsOn.includes(id)).map((one) => one.id as NodeId),
  ]
}

function neighbourIds(ids: readonly NodeId[], idOf: ArtifactScope['idOf']): string[] {
  const neighbours = ids.map(idOf)
  return neighbours.length > 1 ? neighbours.sort() : neighbours
}

/** What of a manifest's nodes is another than when it was last written. */
export interface ChangedNodes {
  /** Nodes whose entries are others. */
  readonly nodes: readonly Node[]
  /** Nodes that have other parents or children. */
  readonly relinked: Iterable<NodeId>
  readonly parentsOf: (id: NodeId) => readonly NodeId[]
  readonly childrenOf: (id: NodeId) => readonly NodeId[]
}

/** The entries of a manifest that are others, by their sections and keys. */
export function changedEntries(
  { nodes, relinked, parentsOf, childrenOf }: ChangedNodes,
  scope: ArtifactScope,
): ReadonlyMap<string, ReadonlyMap<string, unknown>> {
  const { idOf } = scope
  const entries = new Map<string, Map<string, unknown>>()
  const add = (section: keyof ManifestArtifact, key: string, entry: unknown): void => {
    const known = entries.get(section) ?? new Map<string, unknown>()
    entries.set(section, known.set(key, entry))
  }
  const children = withMore(childrenOf, scope.manifest)
  for (const node of nodes) add(sectionOf(node), idOf(node.id), nodeEntry(node, scope))
  for (const id of relinked) {
    add('parent_map', idOf(id), neighbourIds(parentsOf(id), idOf))
    add('child_map', idOf(id), neighbourIds(children(id), idOf))
  }
  return entries
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
