import type { Manifest } from '../../core/manifest.ts'
import type { Node, NodeId } from '../../core/node.ts'
import type { Package, PatchSpec, Project } from '../../core/project.ts'
import { pathsIn, startsWith } from '../check-config-trees.ts'
import type { Findings, ProblemsByNode, SqlFindings } from '../findings.ts'
import { inheritsDescriptions } from '../lineage/inherit-descriptions.ts'
import { inheritsTests } from '../lineage/inherit-tests.ts'
import { indexRelations } from '../lineage/node-lineage.ts'
import type { Referable } from '../resolve.ts'
import type {
  CacheIndex,
  FileEntry,
  FileRole,
  Keep,
  KeptIndex,
  NumberedProblems,
  Span,
  SqlIndex,
} from './cache-index.ts'
import { describedKeys } from './described-keys.ts'
import { keptText } from './kept-text.ts'
import { propertiesByFile } from './properties-by-file.ts'
import type { Sightings } from './sightings.ts'

export interface CompiledProject {
  readonly project: Project
  readonly manifest: Manifest
  readonly findings: Findings
  /** What templates looked at that is not in the project. */
  readonly sightings: Sightings
  readonly modules: readonly string[]
  /** The time at which it was compiled. */
  readonly now: Date
}

/**
 * Keeps a compiled project; null for one that cannot be kept, since everything in it depends on the time. Throws
 * Unkeepable for what cannot be written.
 */
export function makeCacheIndex(compiled: CompiledProject, keep: Keep): KeptIndex | null {
  const { project, manifest, findings, sightings, modules } = compiled
  const { nodes, warnings: _, ...rest } = manifest
  const all = Object.values(nodes)
  if (sightings.timedValues) return null
  const numbers = new Map(all.map(({ id }, number) => [id, number]))
  const kept = keepNodes(all, keep)
  const properties = propertiesByFile(project)
  const { byRelation, ephemeral } = indexRelations(manifest)
  return {
    root: project.root,
    projectName: project.config.name,
    configPath: project.configPath,
    packages: keep(keptText(project.packages.map(withoutTargets))),
    files: filesOf(project),
    seeds: project.seeds,
    modules,
    loadParams: project.loads.flatMap(({ spec }) => Object.keys(spec.params)),
    properties: [...properties].map(([path, { origin, said }]) => [path, origin, keep(keptText(said))]),
    described: describedIn([...properties.values()].map(({ said }) => said.patches)),
    ids: all.map(({ id }) => id),
    types: all.map(({ resourceType }) => resourceType),
    ...kept,
    parents: all.map(({ dependsOn }) => numbersOf(dependsOn, numbers)),
    definedIn: definedIn(all),
    switchedOffIn: [...new Set(manifest.disabled.map(({ place }) => place.file))],
    rest: keep(keptText(rest)),
    referables: all.flatMap(referable),
    disabledReferables: manifest.disabled.flatMap(referable),
    groups: groupsOf(all),
    relations: [...byRelation].map(([key, id]) => [key, numbers.get(id)!]),
    ephemeral: [...ephemeral].map(([cte, id]) => [cte, numbers.get(id)!]),
    reading: project.warnings,
    drafting: findings.drafting,
    sql: findings.sql && sqlIndex(findings.sql, all, numbers, sightings, keep),
    timed: [...sightings.timedFiles],
    until: nextDeprecation(all, compiled.now),
    configuredTests: configuredTests(project, [...all, ...manifest.disabled]),
  }
}

/** The nodes as the members of one JSON object, so that all of them can be read at once. */
function keepNodes(nodes: readonly Node[], keep: Keep): { readonly nodes: Span[]; readonly allNodes: Span } {
  const [start] = keep('{')
  const spans = nodes.map((node, index): Span => {
    keep(`${index === 0 ? '' : ',\n'}${JSON.stringify(node.id)}:`)
    return keep(keptText(node))
  })
  const [, end] = keep('}\n')
  return { nodes: spans, allNodes: [start, end] }
}

function withoutTargets(part: Package): Package {
  return { ...part, config: { ...part.config, targets: {} } }
}

const roles: readonly FileRole[] = ['models', 'macros', 'tests', 'snapshots', 'analyses', 'docs', 'fixtures']

function filesOf(project: Project): FileEntry[] {
  return roles.flatMap((role) =>
    project[role].map(({ path, package: packageName, packagePath }) => ({
      path,
      package: packageName,
      packagePath,
      role,
    })),
  )
}

function describedIn(patches: readonly (readonly PatchSpec[])[]): CacheIndex['described'] {
  const described = new Map<string, number[]>()
  for (const [file, list] of patches.entries())
    for (const key of new Set(list.flatMap(describedKeys))) {
      const known = described.get(key)
      if (known) known.push(file)
      else described.set(key, [file])
    }
  return Object.fromEntries(described)
}

function definedIn(nodes: readonly Node[]): CacheIndex['definedIn'] {
  const files = new Map<string, number[]>()
  for (const [number, { place }] of nodes.entries()) {
    const known = files.get(place.file)
    if (known) known.push(number)
    else files.set(place.file, [number])
  }
  return Object.fromEntries(files)
}

/** Nodes that ref(), source() or function() may name. */
function referable(node: Node): Referable[] {
  const { id, name, package: packageName, resourceType } = node
  const base = { id, name, package: packageName, resourceType }
  switch (resourceType) {
    case 'source':
      return [{ ...base, sourceName: node.sourceName }]
    case 'model': {
      const { version, latestVersion } = node
      return [{ ...base, ...(version !== undefined && { version, latestVersion: latestVersion! }) }]
    }
    case 'seed':
    case 'snapshot':
    case 'job':
    case 'job_table':
    case 'load':
    case 'function':
      return [base]
    default:
      return []
  }
}

function groupsOf(nodes: readonly Node[]): CacheIndex['groups'] {
  const entries = nodes.flatMap((node, number) =>
    'group' in node && node.group !== undefined ? [[number, node.group] as const] : [],
  )
  return Object.fromEntries(entries)
}

function numbersOf(ids: readonly NodeId[], numbers: ReadonlyMap<NodeId, number>): number[] {
  return ids.flatMap((id) => numbers.get(id) ?? [])
}

function nextDeprecation(nodes: readonly Node[], now: Date): string | null {
  const dates = nodes.flatMap((node) =>
    node.resourceType === 'model' && node.deprecationDate !== undefined
      ? [new Date(node.deprecationDate)]
      : [],
  )
  const [next] = dates.filter((date) => date >= now).sort((a, b) => a.getTime() - b.getTime())
  return next?.toISOString() ?? null
}

function configuredTests({ config }: Project, nodes: readonly Node[]): CacheIndex['configuredTests'] {
  const fqns = nodes.filter(({ resourceType }) => resourceType === 'test').map(({ fqn }) => fqn)
  return pathsIn(config.configTrees.tests)
    .filter((path) => path.length > 0)
    .map((path) => [path, fqns.filter((fqn) => startsWith(fqn, path)).length])
}

function sqlIndex(
  { rendering, syntax, columns, compared, outputs }: SqlFindings,
  nodes: readonly Node[],
  numbers: ReadonlyMap<NodeId, number>,
  { unsteady }: Sightings,
  keep: Keep,
): SqlIndex {
  const numbered = (problems: ProblemsByNode): NumberedProblems =>
    [...problems].map(([id, own]) => [numbers.get(id)!, own])
  return {
    rendering: numbered(rendering),
    syntax: numbered(syntax),
    columns: numbered(columns),
    compared: numbersOf(compared, numbers),
    outputs: nodes.map(({ id }) => {
      const output = outputs.get(id)
      return output ? keep(`${keptText(output)}\n`) : null
    }),
    parsed: nodes.flatMap(({ id }, number) => (outputs.get(id)?.lineage ? [number] : [])),
    reads: nodes.map(({ id }) => numbersOf(outputs.get(id)?.reads ?? [], numbers)),
    unsteady: numbersOf([...unsteady], numbers),
    heirs: nodes.flatMap((node, number) =>
      inheritsDescriptions(node) || inheritsTests(node) ? [number] : [],
    ),
  }
}
