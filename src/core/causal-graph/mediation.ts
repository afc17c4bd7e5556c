import {
  ancestorsOf,
  type CausalGraph,
  descendantsOf,
  onDirectedPaths,
  withoutEdges,
} from './causal-graph.ts'
import { isSeparated, openPath } from './d-separation.ts'

export type MediationIdentification =
  | { readonly identified: true; readonly mediators: readonly string[]; readonly given: readonly string[] }
  | { readonly identified: false; readonly reason: string }

/**
 * Whether the direct and indirect natural effects through the mediators can be told from data, and given what.
 *
 * There has to be a set that no treatment changes and that blocks what joins treatment and outcome, treatment and
 * mediators, and, beside the treatment, mediators and outcome. Source: Pearl (2014), "Interpretation and identification
 * of causal mediation", conditions A; Imai, Keele, Tingley (2010).
 */
export function identifyMediation(
  graph: CausalGraph,
  treatment: string,
  outcome: string,
  mediators: readonly string[],
): MediationIdentification {
  const causal = onDirectedPaths(graph, treatment, outcome)
  for (const mediator of mediators) {
    if (graph.unobserved.has(mediator)) return refuse(`the mediator '${mediator}' is not observed`)
    if (!causal.has(mediator) || mediator === treatment || mediator === outcome)
      return refuse(`'${mediator}' is on no causal path from '${treatment}' to '${outcome}'`)
  }
  if (mediators.length === 0) return refuse('no mediator is named')
  const conditions = conditionsOf(graph, treatment, outcome, mediators)
  // Among sets of allowed ancestors the whole of them separates if any does (van der Zander et al. 2019, lemma 2).
  const after = descendantsOf(graph, [treatment])
  const before = ancestorsOf(graph, [treatment, outcome, ...mediators])
  let given = [...before].filter((node) => !after.has(node) && !graph.unobserved.has(node)).toSorted()
  for (const condition of conditions) {
    const path = condition.open(given)
    if (path !== undefined) return refuse(`${condition.what} stays open: ${path}`)
  }
  for (const name of given) {
    const fewer = given.filter((other) => other !== name)
    if (conditions.every(({ open }) => open(fewer) === undefined)) given = fewer
  }
  return { identified: true, mediators, given }
}

interface Condition {
  readonly what: string
  /** A path that these variables leave open, or undefined. */
  readonly open: (given: readonly string[]) => string | undefined
}

function conditionsOf(
  graph: CausalGraph,
  treatment: string,
  outcome: string,
  mediators: readonly string[],
): Condition[] {
  const fromTreatment = withoutEdges(graph, ({ from }) => from === treatment)
  const fromMediators = withoutEdges(graph, ({ from }) => mediators.includes(from) || from === treatment)
  const between =
    (in_: CausalGraph, from: readonly string[], to: readonly string[]) =>
    (given: readonly string[]): string | undefined => {
      if (isSeparated(in_, from, to, given)) return undefined
      for (const a of from)
        for (const b of to) {
          const path = openPath(in_, a, b, given)
          if (path) return path.text
        }
      return undefined
    }
  const ofMediators = between(fromMediators, mediators, [outcome])
  return [
    {
      what: `a path between '${treatment}' and '${outcome}'`,
      open: between(fromTreatment, [treatment], [outcome]),
    },
    {
      what: `a path between '${treatment}' and the mediators`,
      open: between(fromTreatment, [treatment], mediators),
    },
    {
      what: `a path between the mediators and '${outcome}'`,
      open: (given) => ofMediators([...given, treatment]),
    },
  ]
}

function refuse(reason: string): MediationIdentification {
  return { identified: false, reason }
}
