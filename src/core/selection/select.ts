import { didYouMean } from '../did-you-mean.ts'
import { makeGraph, type NodeGraph } from '../graph.ts'
import type { Manifest } from '../manifest.ts'
import type { NodeId, ResourceType } from '../node.ts'
import { makeProblem, type Problem, ProblemError } from '../problem.ts'
import { type Chosen, takeInTests, withTestsNowComplete } from './indirect-selection.ts'
import { parseSelections, resolveNamed } from './parse-selection.ts'
import type { PreviousState } from './previous-state.ts'
import type { Criterion, IndirectSelection, SelectionSet, SelectionSpec } from './selection-spec.ts'
import { namedSelections } from './selector-definition.ts'
import type { SelectorContext, SelectorMethod } from './selector-method.ts'
import { selectorMethods } from './selector-methods.ts'

export interface SelectOptions {
  /** Selection expressions, united; everything when there are none. */
  readonly select?: readonly string[]
  readonly exclude?: readonly string[]
  /** The name of a selection of selectors.yml, which takes the place of both. */
  readonly selector?: string
  /** Only nodes of these types, after everything else. */
  readonly resourceTypes?: readonly ResourceType[]
  readonly indirectSelection?: IndirectSelection
  /** The manifest's graph, where it has been made already. */
  readonly graph?: NodeGraph
  /** What was before, for `state:`, `result:` and `source_status:`. */
  readonly state?: PreviousState
}

export interface Selection {
  /** The selected nodes, parents before children. */
  readonly nodeIds: readonly NodeId[]
  /** Expressions that match nothing. */
  readonly warnings: readonly Problem[]
}

/** The nodes that `--select` and `--exclude` mean; throws a ProblemError for what is not understood. */
export function select(manifest: Manifest, options: SelectOptions = {}): Selection {
  const { resourceTypes, state, graph = makeGraph(manifest) } = options
  const spec = specOf(manifest, options)
  const { nodeIds, warnings } = spec
    ? selectSpec(manifest, graph, spec, state)
    : { nodeIds: graph.topologicalOrder(), warnings: [] }
  if (!resourceTypes) return { nodeIds, warnings }
  const wanted = new Set(resourceTypes)
  const isWanted = (id: NodeId): boolean => wanted.has(manifest.nodes[id]!.resourceType)
  // Whoever works on jobs and not on their tables works on the job that writes a table that is named.
  const writers = nodeIds.flatMap((id) => {
    const node = manifest.nodes[id]!
    return node.resourceType === 'job_table' && !isWanted(id) && wanted.has('job') ? [node.job] : []
  })
  const chosen = nodeIds.filter(isWanted)
  return { nodeIds: writers.length === 0 ? chosen : graph.sorted([...chosen, ...writers]), warnings }
}

/**
 * What is meant: a named selection, expressions, or where nothing is said the default of selectors.yml; null for
 * everything, of which nothing need be looked at.
 */
function specOf(
  { selectors }: Manifest,
  { select = [], exclude = [], selector, indirectSelection = 'eager' }: SelectOptions,
): SelectionSpec | null {
  const named = namedSelections(selectors, { indirectSelection })
  const isSilent = select.length === 0 && exclude.length === 0
  const name =
    selector ?? (isSilent ? Object.values(selectors).find(({ isDefault }) => isDefault)?.name : undefined)
  if (name === undefined)
    return isSilent ? null : parseSelections(select, exclude, { indirectSelection, named })
  const problems: Problem[] = []
  const spec = resolveNamed(name, named, problems)
  if (problems.length > 0 || !spec) throw new ProblemError(problems)
  return spec
}

/** Carries out a parsed selection. */
export function selectSpec(
  manifest: Manifest,
  graph: NodeGraph,
  spec: SelectionSpec,
  state?: PreviousState,
  methods: Readonly<Record<string, SelectorMethod>> = selectorMethods,
): Selection {
  const warnings: Problem[] = []
  const warn = (problem: Problem): void => {
    // Two parts of a selection may ask for the same, and find the same.
    if (!warnings.some(({ message }) => message === problem.message)) warnings.push(problem)
  }
  const context: SelectorContext = { manifest, warn, ...(state && { state }) }
  const { direct } = evaluate({ context, graph, methods, warnings }, spec)
  return { nodeIds: graph.sorted(direct), warnings }
}

interface Evaluation {
  readonly context: SelectorContext
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
  const { context, graph, warnings } = evaluation
  const { manifest } = context
  const direct = withTestsNowComplete(manifest, graph, { direct: initial, indirect }, spec.indirectSelection)
  if (spec.expectsMatch && direct.size === 0 && !mayBeEmpty(evaluation, spec))
    warnings.push(nothingSelected(evaluation, spec))
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

function evaluateCriterion({ context, graph, methods }: Evaluation, criterion: Criterion): Chosen {
  const { manifest } = context
  const call = { arguments: criterion.methodArguments, value: criterion.value }
  const matches = methods[criterion.method]!.matcher(call, context)
  const found = Object.values(manifest.nodes).flatMap((node) => (matches(node) ? [node.id] : []))
  const selected = withTablesOfJobs(manifest, graph, withRelatives(graph, found, criterion))
  return takeInTests(manifest, graph, selected, criterion.indirectSelection)
}

/** Whoever names a job means all its tables too, so that the tests of each come along. */
function withTablesOfJobs({ nodes }: Manifest, graph: NodeGraph, selected: Set<NodeId>): Set<NodeId> {
  for (const id of [...selected]) {
    if (nodes[id]?.resourceType !== 'job') continue
    for (const child of graph.children(id))
      if (nodes[child]?.resourceType === 'job_table') selected.add(child)
  }
  return selected
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

/** Whether a part asks for what has changed or failed, which may be nothing. */
function mayBeEmpty({ methods }: Evaluation, spec: SelectionSet): boolean {
  return spec.parts.some((part) => part.kind === 'criterion' && methods[part.method]!.mayBeEmpty === true)
}

function nothingSelected({ context, methods }: Evaluation, spec: SelectionSet): Problem {
  const nodes = Object.values(context.manifest.nodes)
  const hints = spec.parts.flatMap((part) => {
    if (part.kind !== 'criterion') return []
    const { values, advice } = methods[part.method]!
    return advice?.(part.value) ?? didYouMean(part.value, nodes.flatMap(values)) ?? []
  })
  return makeProblem('selection-empty', `selection '${spec.raw}' matches no node`, {
    severity: 'warning',
    hint: hints[0],
  })
}
