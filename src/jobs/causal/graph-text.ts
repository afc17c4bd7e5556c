import { testableImplications } from '../../core/causal-graph/implications.ts'
import { graphOf, planIdentification } from '../../core/causal-graph/plan-identification.ts'
import type { CausalSpec } from '../../core/causal-spec.ts'
import { graphSvg } from './graph-svg.ts'

/** The graph of a question as a drawing, in DOT, or as data with what follows from it. */
export function causalGraphText(spec: CausalSpec, format: 'svg' | 'dot' | 'json'): string {
  const graph = graphOf(spec)
  const plans = spec.outcomes.map(({ name }) => planIdentification(graph, spec, name))
  if (format === 'svg')
    return graphSvg(graph, {
      treatment: spec.treatment.node,
      outcomes: spec.outcomes.map(({ name }) => name),
      adjusted: plans.flatMap(({ adjustmentSet }) => adjustmentSet ?? []),
      instruments: plans.flatMap(({ instruments }) => instruments?.names ?? []),
    })
  if (format === 'dot') {
    const quoted = (name: string): string => `"${name.replaceAll('"', '\\"')}"`
    return [
      'digraph {',
      ...graph.nodes
        .filter((node) => graph.unobserved.has(node))
        .map((node) => `  ${quoted(node)} [latent];`),
      ...graph.edges.map(({ from, to }) => `  ${quoted(from)} -> ${quoted(to)};`),
      '}',
    ].join('\n')
  }
  return JSON.stringify(
    {
      treatment: spec.treatment.node,
      nodes: graph.nodes,
      unobserved: [...graph.unobserved],
      edges: graph.edges,
      outcomes: plans.map(({ outcome, identification, adjustmentSet, chosenBy, instruments }) => ({
        outcome,
        ways: identification.ways,
        adjustment_sets: identification.adjustmentSets,
        optimal_set: identification.optimalSet,
        frontdoor_sets: identification.frontdoorSets,
        instruments: identification.instruments,
        chosen: { adjustment_set: adjustmentSet, by: chosenBy, instruments: instruments?.names ?? [] },
      })),
      implications: testableImplications(graph),
    },
    null,
    2,
  )
}
