import { findCycle } from '../core/graph.ts'
import type { Manifest } from '../core/manifest.ts'
import {
  type ModelNode,
  type Node,
  type NodeId,
  type ResourceType,
  relationKey,
  relationsOf,
} from '../core/node.ts'
import { makeProblem, type Problem } from '../core/problem.ts'
import type { Project, ProjectConfig, ProjectFile } from '../core/project.ts'
import { type Draft, fileName, startOf } from './nodes/draft.ts'

/*
 * What must hold for a manifest as a whole.
 */

/** Two nodes of one name in a package cannot both be referred to; two relations of one name overwrite each other. */
export function duplicates(drafts: readonly Draft[]): Problem[] {
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
    if (['model', 'seed', 'snapshot', 'job', 'job_table'].includes(node.resourceType)) {
      const version = 'version' in node ? `.v${node.version}` : ''
      claim(`ref ${node.package} ${node.name}${version}`, draft, `'${node.name}'`)
    }
    // Their relations are those that a load or a job fills.
    if (node.resourceType === 'source' || node.resourceType === 'job_table') continue
    for (const relation of relationsOf(node as Node))
      claim(`relation ${relationKey(relation)}`, draft, `relation ${relationKey(relation)}`)
  }
  return problems
}

/** Fixtures of unit tests are found by their names alone, whatever their folder and whether they are CSV or SQL. */
export function fixturesTwice(fixtures: readonly ProjectFile[]): Problem[] {
  const first = new Map<string, ProjectFile>()
  return fixtures.flatMap((fixture) => {
    const name = fileName(fixture.packagePath)
    const known = first.get(`${fixture.package} ${name}`)
    first.set(`${fixture.package} ${name}`, known ?? fixture)
    if (!known) return []
    const related = [{ place: startOf(known.path), message: 'the first' }]
    const details = { place: startOf(fixture.path), related }
    return [makeProblem('name-duplicate', `fixture '${name}' is there twice`, details)]
  })
}

/** A space in a name ends it in a selection and in many a shell; dbt refuses it unless a flag says otherwise. */
export function spacedNames(drafts: readonly Draft[], { flags }: Pick<ProjectConfig, 'flags'>): Problem[] {
  const severity = flags['require_resource_names_without_spaces'] === false ? 'warning' : 'error'
  return drafts
    .filter(({ node }) => /\s/.test(node.name) && !nameless.has(node.resourceType))
    .map(({ node }) =>
      makeProblem('config-invalid', `the name of ${node.resourceType} '${node.name}' holds a space`, {
        place: node.place,
        severity,
        hint: 'rename it; an alias in its config may name its table otherwise',
      }),
    )
}

/** Kinds whose names are made from others or looked at by their readers. */
const nameless: ReadonlySet<string> = new Set(['test', 'source', 'semantic_model'])

/** Nodes that depend on each other in a circle. */
export function cycleProblems(manifest: Manifest): Problem[] {
  const cycle = findCycle(manifest)
  if (!cycle) return []
  const names = cycle.map((id) => manifest.nodes[id]!.name)
  const place = manifest.nodes[cycle[0]!]!.place
  return [makeProblem('cycle', `nodes depend on each other in a circle: ${names.join(' → ')}`, { place })]
}

type TextOf = (file: string) => string | undefined

/** The truth of a generated world is for the audit alone: an analysis that could read it would prove nothing. */
export function truthProblems(
  manifest: Manifest,
  textOf: TextOf,
  nodes: readonly Node[] = Object.values(manifest.nodes),
): Problem[] {
  const isTruth = new Map<NodeId, boolean>()
  const standsInTruth = (id: NodeId): boolean => {
    const known = isTruth.get(id) ?? relationsOf(manifest.nodes[id]!).some(({ schema }) => schema === 'truth')
    isTruth.set(id, known)
    return known
  }
  return nodes.flatMap((node) => {
    if (!analysing.has(node.resourceType)) return []
    const truth = node.dependsOn.find(standsInTruth)
    if (truth === undefined) return []
    const message = `${node.name} reads ${manifest.nodes[truth]!.name}, which is in the schema truth`
    return [makeProblem('truth-read', message, at(node, textOf))]
  })
}

const analysing: ReadonlySet<ResourceType> = new Set(['model', 'snapshot', 'job'])

/** Private models are for their group, and where a package says so protected ones for their package. */
export function accessProblems(
  manifest: Manifest,
  project: Pick<Project, 'packages'>,
  textOf: TextOf,
  nodes: readonly Node[] = Object.values(manifest.nodes),
): Problem[] {
  const restricted = new Set(
    project.packages.flatMap(({ name, config }) => (config.restrictAccess ? [name] : [])),
  )
  const groups = new Set(Object.values(manifest.groups).map(({ name }) => name))
  return nodes.flatMap((node) => {
    const group = 'group' in node ? node.group : undefined
    const unknownGroup =
      group !== undefined && !groups.has(group) && node.resourceType !== 'test'
        ? [
            makeProblem('config-invalid', `${node.name} is in the group '${group}', which is not there`, {
              ...at(node, textOf),
              hint: 'declare it under groups: in a YAML file below models/',
            }),
          ]
        : []
    // A unit test is about its model wherever it is declared, and reads rows of its own.
    const readIds = node.resourceType === 'unit_test' ? [] : node.dependsOn
    const refused = readIds.flatMap((id) => {
      const parent = manifest.nodes[id]!
      if (parent.resourceType !== 'model' || !mayNotRead(node, group, parent, restricted)) return []
      const message = `${node.name} may not refer to ${parent.name}, which is ${parent.access}`
      const hint =
        parent.access === 'private'
          ? `only nodes of the group '${parent.group ?? ''}' may`
          : `only nodes of the package '${parent.package}' may`
      return [makeProblem('access-denied', message, { ...at(node, textOf), hint })]
    })
    return [...unknownGroup, ...refused]
  })
}

function mayNotRead(
  node: Node,
  group: string | undefined,
  parent: ModelNode,
  restricted: ReadonlySet<string>,
) {
  const isAbroad = node.package !== parent.package && restricted.has(parent.package)
  if (parent.access === 'private') return group === undefined || group !== parent.group || isAbroad
  return parent.access === 'protected' && isAbroad
}

function at(node: Node, textOf: TextOf) {
  const source = textOf(node.place.file)
  return { place: node.place, ...(source !== undefined && { source }) }
}
