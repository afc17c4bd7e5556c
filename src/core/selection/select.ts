import { didYouMean } from '../did-you-mean.ts'
import { makeGraph, type NodeGraph } from '../graph.ts'
import type { Manifest } from '../manifest.ts'
import type { NodeId, ResourceType } from '../node.ts'
import { makeProblem, type Problem } from '../problem.ts'
import { type Chosen, takeInTests, withTestsNowComplete } from './indirect-selection.ts'
import { parseSelections } from './parse-selection.ts'
import type { Criterion, IndirectSelection, SelectionSet, SelectionSpec } from './selection-spec.ts'
import { type SelectorMethod, selectorMethods } from './selector-methods.ts'

export interface SelectOptions {
  /** Selection expressions, united; everything when there are none. */
  readonly select?: readonly string[]
  readonly exclude?: readonly string[]
  /** Only nodes of these types, after everything else. */
  readonly resourceTypes?: readonly ResourceType[]
  readonly indirectSelection?: IndirectSelection
  /** The manifest's graph, where it has been made already. */
  readonly graph?: NodeGraph
}

export interface Selection {
  /** The selected nodes, parents before children. */
  readonly nodeIds: readonly NodeId[]
  /** Expressions that match nothing. */
  readonly warnings: readonly Problem[]
}

/** The nodes that `--select` and `--exclude` mean; throws a ProblemError for what is not understood. */
export function select(manifest: Manifest, options: SelectOptions = {}): Selection {
  const { indirectSelection = 'eager', resourceTypes, graph = makeGraph(manifest) } = options
  const spec = parseSelections(options.select ?? [], options.exclude ?? [], { indirectSelection })
  const { nodeIds, warnings } = selectSpec(manifest, graph, spec)
  if (!resourceTypes) return { nodeIds, warnings }
  const wanted = new Set(resourceTypes)
  return { nodeIds: nodeIds.filter((id) => wanted.has(manifest.nodes[id]!.resourceType)), warnings }
}

/** Carries out a parsed selection. */
export function selectSpec(
  manifest: Manifest,
  graph: NodeGraph,
  spec: SelectionSpec,
  methods: Readonly<Record<string, SelectorMethod>> = selectorMethods,
): Selection {
  const warnings: Problem[] = []
  const { direct } = evaluate({ manifest, graph, methods, warnings }, spec)
  return { nodeIds: graph.sorted(direct), warnings }
}

interface Evaluation {
  readonly manifest: Manifest
  readonly graph: NodeGraph
  readonly methods: Readonly<Record<string, SelectorMethod>>
  readonly warnings: Problem[]
}

function evaluate(evaluation: Evaluation, spec: SelectionSpec): Chosen {
  return spec.kind === 'criterion' ? evaluateCriterion(evaluation, spec) : evaluateSet(evaluation, spec)
}

/** Combines the parts twice: what they select, and what they select or might, so that tests can complete later. */
function evaluateSet(evaluation: Evaluation, spec: SelectionSet): Chosen {
  const parts = spec.parts.map((part) => evaluate(evaluation, part))
  const combine = combinations[spec.kind]
  const initial = combine(parts.map(({ direct }) => direct))
  const indirect = combine(parts.map((part) => new Set([...part.direct, ...part.indirect])))
  const { manifest, graph, warnings } = evaluation
  const direct = withTestsNowComplete(manifest, graph, { direct: initial, indirect }, spec.indirectSelection)
  if (spec.expectsMatch && direct.size === 0) warnings.push(nothingSelected(evaluation, spec))
  return { direct, indirect }
}

type Ids = ReadonlySet<NodeId>

const combinations: Readonly<Record<SelectionSet['kind'], (sets: readonly Ids[]) => Set<NodeId>>> = {
  union: (sets) => new Set(sets.flatMap((set) => [...set])),
  intersection: ([first = new Set(), ...others]) =>
    new Set([...first].filter((id) => others.every((other) => other.has(id)))),
  difference: ([first = new Set(), ...others]) =>
    new Set([...first].filter((id) => !others.some((other) => other.has(id)))),
}

function evaluateCriterion({ manifest, graph, methods }: Evaluation, criterion: Criterion): Chosen {
  const call = { arguments: criterion.methodArguments, value: criterion.value }
  const matches = methods[criterion.method]!.matcher(call, { manifest })
  const found = Object.values(manifest.nodes).flatMap((node) => (matches(node) ? [node.id] : []))
  return takeInTests(manifest, graph, withRelatives(graph, found, criterion), criterion.indirectSelection)
}

function withRelatives(graph: NodeGraph, found: readonly NodeId[], criterion: Criterion): Set<NodeId> {
  const selected = new Set(found)
  const add = (ids: Iterable<NodeId>) => {
    for (const id of ids) selected.add(id)
  }
  if (criterion.childrensParents) {
    const family = [...found, ...graph.descendants(found)]
    add(family)
    add(graph.ancestors(family))
  }
  add(graph.ancestors(found, criterion.parentsDepth))
  add(graph.descendants(found, criterion.childrenDepth))
  return selected
}

function nothingSelected({ manifest, methods }: Evaluation, spec: SelectionSet): Problem {
  const hints = spec.parts.flatMap((part) => {
    if (part.kind !== 'criterion') return []
    const { values, advice } = methods[part.method]!
    return advice?.(part.value) ?? didYouMean(part.value, Object.values(manifest.nodes).flatMap(values)) ?? []
  })
  return makeProblem('selection-empty', `selection '${spec.raw}' matches no node`, {
    severity: 'warning',
    hint: hints[0],
  })
}
