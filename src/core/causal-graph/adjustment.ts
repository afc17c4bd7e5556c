import {
  ancestorsOf,
  type CausalGraph,
  descendantsOf,
  onDirectedPaths,
  withoutEdges,
} from './causal-graph.ts'
import { isSeparated } from './d-separation.ts'
import { minimalSeparators, type SeparatorList } from './minimal-separators.ts'

/*
 * Which observed variables may be adjusted for: the criterion is complete, so where no set is found none exists.
 */

/**
 * Nodes that no adjustment set may hold: those on a causal path to the outcome (the treatment apart) and all that these
 * lead to. Source: Shpitser, VanderWeele, Robins (2010), "On the validity of covariate adjustment"; Perković, Textor,
 * Kalisch, Maathuis (2018), definition 4.
 */
export function forbiddenNodes(graph: CausalGraph, treatment: string, outcome: string): Set<string> {
  const causal = onDirectedPaths(graph, treatment, outcome)
  causal.delete(treatment)
  const forbidden = descendantsOf(graph, causal)
  forbidden.add(treatment)
  return forbidden
}

/** The graph without the first edges of the causal paths: what still joins the two is not causal. */
export function backdoorGraph(graph: CausalGraph, treatment: string, outcome: string): CausalGraph {
  const causal = onDirectedPaths(graph, treatment, outcome)
  return withoutEdges(graph, ({ from, to }) => from === treatment && causal.has(to))
}

/** Whether adjusting for these variables gives the effect of the treatment on the outcome. */
export function isAdjustmentSet(
  graph: CausalGraph,
  treatment: string,
  outcome: string,
  set: readonly string[],
): boolean {
  const forbidden = forbiddenNodes(graph, treatment, outcome)
  if (set.some((name) => forbidden.has(name) || graph.unobserved.has(name))) return false
  return isSeparated(backdoorGraph(graph, treatment, outcome), [treatment], [outcome], set)
}

/** All minimal adjustment sets of observed variables; none where the effect is not identified in this way. */
export function minimalAdjustmentSets(graph: CausalGraph, treatment: string, outcome: string): SeparatorList {
  const forbidden = forbiddenNodes(graph, treatment, outcome)
  const allowed = new Set(graph.nodes.filter((node) => !forbidden.has(node) && !graph.unobserved.has(node)))
  return minimalSeparators(backdoorGraph(graph, treatment, outcome), treatment, outcome, allowed)
}

/**
 * The adjustment set with the smallest asymptotic variance among all valid ones: the parents of the causal nodes that
 * are no causal nodes and not forbidden. Undefined where one of them is not observed, since then no set need be best.
 *
 * Source: Henckel, Perković, Maathuis (2022), "Graphical criteria for efficient total effect estimation via adjustment
 * in causal linear models", theorem 3.10; for other than linear models Rotnitzky, Smucler (2020).
 */
export function optimalAdjustmentSet(
  graph: CausalGraph,
  treatment: string,
  outcome: string,
): readonly string[] | undefined {
  const causal = onDirectedPaths(graph, treatment, outcome)
  causal.delete(treatment)
  if (causal.size === 0) return undefined
  const forbidden = forbiddenNodes(graph, treatment, outcome)
  const parents = new Set([...causal].flatMap((node) => graph.parents.get(node)!))
  const set = [...parents].filter((node) => !causal.has(node) && !forbidden.has(node)).toSorted()
  if (set.some((node) => graph.unobserved.has(node))) return undefined
  return isAdjustmentSet(graph, treatment, outcome, set) ? set : undefined
}

/** Whether the treatment can have an effect at all. */
export function isCause(graph: CausalGraph, treatment: string, outcome: string): boolean {
  return ancestorsOf(graph, [outcome]).has(treatment)
}
