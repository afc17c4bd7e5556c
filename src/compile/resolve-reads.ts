import { extended } from '../core/extended.ts'
import { type Node, type NodeId, relationKey, relationsOf } from '../core/node.ts'
import type { Problem } from '../core/problem.ts'
import type { Draft } from './nodes/draft.ts'
import { allCalls, writtenCalls } from './nodes/written-calls.ts'
import type { Resolver } from './resolve.ts'

export interface ResolvedReads {
  readonly nodes: readonly Node[]
  /** Tests of what is switched off, or not there in a project made for dbt: they are lost with it. */
  readonly disabled: readonly Node[]
  readonly problems: readonly Problem[]
}

export interface ReadsScope {
  readonly resolver: Resolver
  readonly textOf: (file: string) => string | undefined
  /** dbt lets a test of something that is not there pass with a warning. */
  readonly isLenient: boolean
  /** The group of a node that is not among the drafts. */
  readonly groupOf?: (id: NodeId) => string | undefined
}

/** Turns what drafts read by name into the nodes that they depend on. */
export function resolveReads(drafts: readonly Draft[], scope: ReadsScope): ResolvedReads {
  const problems: Problem[] = []
  const loads = loadsByTable(drafts)
  const disabled: Node[] = []
  const known = new Set(drafts.map(({ node }) => node.id))
  const groups = new Map(drafts.map(({ node }) => [node.id, 'group' in node ? node.group : undefined]))
  const groupOf = (id: NodeId) => (known.has(id) ? groups.get(id) : scope.groupOf?.(id))
  const nodes = drafts.flatMap((draft): Node[] => {
    const { ids, lost } = idsOf(draft, scope)
    const dependsOn = [...new Set([...ids, ...(draft.dependsOn ?? []).filter((id) => known.has(id))])]
    // What a generic test is declared on comes first among what it reads.
    const attached = lost.some(({ isFirst }) => isFirst) ? undefined : ids[0]
    const node = withDependencies(draft, dependsOn, attached, loads, groupOf)
    if (node.resourceType !== 'test' || lost.length === 0) {
      problems.push(...lost.map(({ problem }) => problem))
      return [node]
    }
    const switchedOff: Node = { ...node, calls: allCalls(draft), isLost: true }
    if (lost.every(({ isDisabled }) => isDisabled)) {
      disabled.push(switchedOff)
      return []
    }
    if (scope.isLenient) disabled.push(switchedOff)
    const severity = scope.isLenient ? 'warning' : 'error'
    problems.push(...lost.map(({ problem }) => ({ ...problem, severity }) as const))
    return []
  })
  return { nodes, disabled, problems }
}

function idsOf({ node, reads }: Draft, { resolver, textOf }: ReadsScope) {
  const ids: NodeId[] = []
  const lost: { readonly problem: Problem; readonly isDisabled: boolean; readonly isFirst: boolean }[] = []
  for (const read of reads) {
    const id = resolver.read(read, node.package)
    if (id !== null) ids.push(id)
    else
      lost.push({
        problem: resolver.explain(read, node.package, textOf(read.place.file)),
        isDisabled: resolver.isDisabled(read),
        isFirst: read === reads[0],
      })
  }
  return { ids, lost }
}

function withDependencies(
  draft: Draft,
  dependsOn: readonly NodeId[],
  first: NodeId | undefined,
  loads: ReadonlyMap<string, NodeId>,
  groupOf: (id: NodeId) => string | undefined,
): Node {
  const { node } = draft
  // A source that stands where a load writes is that load's table.
  const load = node.resourceType === 'source' ? loads.get(relationKey(node.relation)) : undefined
  const attachedTo = node.resourceType === 'test' && node.generic ? first : undefined
  // A test belongs to the group of what it is declared on.
  const group = attachedTo === undefined ? undefined : groupOf(attachedTo)
  const calls = writtenCalls(draft)
  return extended(
    { ...node },
    {
      ...(calls && { calls }),
      ...(group !== undefined && { group }),
      dependsOn: load === undefined ? dependsOn : [...dependsOn, load],
      ...(attachedTo !== undefined && { attachedTo }),
    },
  ) as Node
}

function loadsByTable(drafts: readonly Draft[]): ReadonlyMap<string, NodeId> {
  return new Map(
    drafts.flatMap(({ node }) =>
      node.resourceType === 'load'
        ? relationsOf(node as Node).map((relation): [string, NodeId] => [relationKey(relation), node.id])
        : [],
    ),
  )
}
