import { type CausalGraph, makeCausalGraph } from '../core/causal-graph/causal-graph.ts'
import { parseDot } from '../core/causal-graph/parse-dot.ts'
import { commonCauseOf, type ParsedGraph, parseEdges } from '../core/causal-graph/parse-edges.ts'
import { faultText } from '../core/causal-graph/plan-identification.ts'
import type { CausalGraphSpec } from '../core/causal-spec.ts'
import { didYouMean } from '../core/did-you-mean.ts'
import type { CausalYaml } from './causal-schema.ts'
import { listed, type Refuse } from './job-parts.ts'
import type { YamlPath } from './yaml-document.ts'

/*
 * The graph of a causal question: drawn as edges or in DOT, or the one that a list of covariates stands for.
 */

export interface ReadGraph {
  readonly spec: CausalGraphSpec
  readonly graph: CausalGraph
  /** Where a node is first named. */
  readonly pathOf: (node: string) => YamlPath
}

interface Drawn {
  readonly parts: readonly { readonly path: YamlPath; readonly parsed: ParsedGraph }[]
  readonly nodes: readonly string[]
  readonly unobserved: readonly string[]
  readonly isAssumed: boolean
}

/** The graph, or null where what is wrong with it has been told. */
export function readCausalGraph(
  yaml: CausalYaml,
  treatment: string,
  outcomes: readonly string[],
  refuse: Refuse,
): ReadGraph | null {
  const drawn = yaml.graph === undefined ? assumed(yaml, treatment, outcomes, refuse) : draw(yaml, refuse)
  if (!drawn) return null
  const { parts } = drawn
  const edges = parts.flatMap(({ parsed }) => parsed.edges)
  const named = parts.flatMap(({ parsed }) => parsed.nodes)
  const nodes = [...new Set([...named, ...drawn.nodes])]
  const unobserved = [...new Set([...parts.flatMap(({ parsed }) => parsed.unobserved), ...drawn.unobserved])]
  const pathOf = (node: string): YamlPath =>
    parts.find(({ parsed }) => parsed.nodes.includes(node))?.path ?? ['graph']
  const made = makeCausalGraph(edges, { nodes, unobserved })
  if ('faults' in made) {
    for (const fault of made.faults) {
      const [node] = fault.nodes
      const hint =
        fault.kind === 'unknown_node'
          ? (didYouMean(node!, nodes) ?? `nodes: ${nodes.join(', ')}`)
          : fault.kind === 'cycle'
            ? 'causes come before their effects: a variable that is measured twice is two variables'
            : undefined
      refuse(fault.kind === 'unknown_node' ? ['graph', 'unobserved'] : pathOf(node!), faultText(fault), hint)
    }
    return null
  }
  if (!hasEnds(made, treatment, outcomes, unobserved, refuse)) return null
  return { spec: { nodes: made.nodes, edges, unobserved, isAssumed: drawn.isAssumed }, graph: made, pathOf }
}

function hasEnds(
  { nodes }: CausalGraph,
  treatment: string,
  outcomes: readonly string[],
  unobserved: readonly string[],
  refuse: Refuse,
): boolean {
  let isWell = true
  const check = (role: string, node: string): void => {
    if (nodes.includes(node) && !unobserved.includes(node)) return
    isWell = false
    if (unobserved.includes(node)) refuse(['graph'], `the ${role} '${node}' is said to be unobserved`)
    else
      refuse(
        ['graph'],
        `the graph does not have the ${role} '${node}'`,
        didYouMean(node, nodes) ?? `nodes: ${listed(nodes)}`,
      )
  }
  check('treatment', treatment)
  for (const outcome of outcomes) check('outcome', outcome)
  return isWell
}

/** Covariates stand for the graph in which each is a common cause of treatment and outcomes. */
function assumed(
  { covariates, instruments, mediators }: CausalYaml,
  treatment: string,
  outcomes: readonly string[],
  refuse: Refuse,
): Drawn | null {
  if (covariates.length === 0 && instruments.length === 0) {
    refuse(
      [],
      "'graph' is missing: what causes what is not said",
      'write graph: [age -> treatment, age -> outcome, treatment -> outcome], or covariates: [age] if all of them are common causes',
    )
    return null
  }
  const part = (
    key: string,
    index: number,
    names: readonly string[],
    pairs: readonly [string, string][],
  ) => ({
    path: [key, index],
    parsed: { nodes: names, edges: pairs.map(([from, to]) => ({ from, to })), unobserved: [] },
  })
  const throughMediators = mediators.flatMap((name, index) => [
    part(
      'mediators',
      index,
      [name],
      [
        [treatment, name],
        ...outcomes.map((outcome): [string, string] => [name, outcome]),
        ...covariates.map((covariate): [string, string] => [covariate, name]),
      ],
    ),
  ])
  // Nobody needs an instrument but for what is not observed.
  const hidden = covariates.length === 0 ? outcomes.map((outcome) => commonCauseOf(treatment, outcome)) : []
  return {
    parts: [
      {
        path: ['treatment'],
        parsed: {
          nodes: [treatment, ...outcomes, ...hidden],
          edges: [
            ...outcomes.map((to) => ({ from: treatment, to })),
            ...hidden.flatMap((from, index) => [treatment, outcomes[index]!].map((to) => ({ from, to }))),
          ],
          unobserved: hidden,
        },
      },
      ...covariates.map((name, index) =>
        part(
          'covariates',
          index,
          [name],
          [[name, treatment], ...outcomes.map((outcome): [string, string] => [name, outcome])],
        ),
      ),
      ...instruments.map((name, index) =>
        part(
          'instruments',
          index,
          [name],
          [
            [name, treatment],
            // Held fixed with it, they may well lead to it too.
            ...covariates.map((covariate): [string, string] => [covariate, name]),
          ],
        ),
      ),
      ...throughMediators,
    ],
    nodes: [],
    unobserved: [],
    isAssumed: true,
  }
}

function draw({ graph, covariates }: CausalYaml, refuse: Refuse): Drawn | null {
  if (covariates.length > 0) {
    refuse(
      ['covariates'],
      "'covariates' and 'graph' say the same in two ways",
      'what is adjusted for follows from the graph; adjust_for: [age] chooses a set',
    )
    return null
  }
  const whole =
    typeof graph === 'object' && !Array.isArray(graph) ? graph : { edges: graph, nodes: [], unobserved: [] }
  const parts: { path: YamlPath; parsed: ParsedGraph }[] = []
  let isWell = true
  const add = (path: YamlPath, text: string, parsed: ParsedGraph | { readonly fault: string }): void => {
    if (!('fault' in parsed)) {
      parts.push({ path, parsed })
      return
    }
    isWell = false
    refuse(
      path,
      `'${text.trim().split('\n')[0]}' is no edge: ${parsed.fault}`,
      "write 'age -> spend'; 'a <-> b' for a common cause that nobody observes",
    )
  }
  const below = whole === graph ? ['graph', 'edges'] : ['graph']
  const { edges } = whole
  const dot = 'dot' in whole ? whole.dot : undefined
  if (typeof edges === 'string') {
    if (edges.includes('{')) add(below, edges, parseDot(edges))
    else for (const line of edges.split(/[\n;]/)) if (line.trim() !== '') add(below, line, parseEdges(line))
  } else for (const [index, line] of (edges ?? []).entries()) add([...below, index], line, parseEdges(line))
  if (dot !== undefined) add(['graph', 'dot'], dot, parseDot(dot))
  if (isWell && parts.length === 0) {
    refuse(
      ['graph'],
      "'graph' has no edges",
      'write graph: [age -> treatment, age -> outcome, treatment -> outcome]',
    )
    return null
  }
  return isWell ? { parts, nodes: whole.nodes, unobserved: whole.unobserved, isAssumed: false } : null
}
