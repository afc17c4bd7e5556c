import { type CausalGraph, onDirectedPaths, withoutEdges } from './causal-graph.ts'
import { isSeparated } from './d-separation.ts'
import { bySizeThenNames } from './minimal-separators.ts'

/** Mediators beyond so many at once are not looked for: their estimate needs a model of them together. */
const mostMediators = 3

/**
 * Whether the variables meet the frontdoor criterion: all causal paths go through them, nothing unblocked leads back
 * from the treatment to them, and the treatment blocks what leads back from them to the outcome.
 *
 * Source: Pearl (1995), "Causal diagrams for empirical research", definition 3.
 */
export function isFrontdoorSet(
  graph: CausalGraph,
  treatment: string,
  outcome: string,
  set: readonly string[],
): boolean {
  if (set.length === 0 || set.some((name) => graph.unobserved.has(name))) return false
  if (set.includes(treatment) || set.includes(outcome)) return false
  const around = withoutEdges(graph, ({ from, to }) => set.includes(from) || set.includes(to))
  if (onDirectedPaths(around, treatment, outcome).size > 0) return false
  const fromTreatment = withoutEdges(graph, ({ from }) => from === treatment)
  if (!isSeparated(fromTreatment, [treatment], set, [])) return false
  const fromSet = withoutEdges(graph, ({ from }) => set.includes(from))
  return isSeparated(fromSet, set, [outcome], [treatment])
}

/** The minimal frontdoor sets of up to three mediators, smallest first. */
export function frontdoorSets(
  graph: CausalGraph,
  treatment: string,
  outcome: string,
): readonly (readonly string[])[] {
  const candidates = [...onDirectedPaths(graph, treatment, outcome)]
    .filter((node) => node !== treatment && node !== outcome && !graph.unobserved.has(node))
    .toSorted()
  const found: string[][] = []
  for (let size = 1; size <= mostMediators; size++)
    for (const set of combinations(candidates, size)) {
      if (found.some((smaller) => smaller.every((name) => set.includes(name)))) continue
      if (isFrontdoorSet(graph, treatment, outcome, set)) found.push(set)
    }
  return found.toSorted(bySizeThenNames)
}

function* combinations(names: readonly string[], size: number, from = 0): Generator<string[]> {
  if (size === 0) yield []
  else
    for (let index = from; index <= names.length - size; index++)
      for (const rest of combinations(names, size - 1, index + 1)) yield [names[index]!, ...rest]
}
