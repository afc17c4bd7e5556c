import {
  backdoorGraph,
  forbiddenNodes,
  isCause,
  minimalAdjustmentSets,
  optimalAdjustmentSet,
} from './adjustment.ts'
import { ancestorsOf, type CausalGraph } from './causal-graph.ts'
import { openPath } from './d-separation.ts'
import { frontdoorSets } from './frontdoor.ts'
import { findInstruments, type Instrument } from './instruments.ts'

export interface Identification {
  /** The ways in which the effect can be had from data that follow the graph, the strongest first. */
  readonly ways: readonly ('backdoor' | 'frontdoor' | 'instrument')[]
  readonly adjustmentSets: readonly (readonly string[])[]
  /** Whether there are more sets than listed. */
  readonly areSetsCut: boolean
  /** The set of smallest asymptotic variance, where it is known to be that. */
  readonly optimalSet: readonly string[] | null
  readonly frontdoorSets: readonly (readonly string[])[]
  /** They give the effect on those whom they move, or under a linear model. */
  readonly instruments: readonly Instrument[]
  /** Why the effect cannot be had, in words with the path that stays open; null where it can. */
  readonly refusal: string | null
}

/** How the effect of the treatment on the outcome can be told from data that follow the graph, if it can. */
export function identifyEffect(graph: CausalGraph, treatment: string, outcome: string): Identification {
  const hasEffect = isCause(graph, treatment, outcome)
  const { sets, isCut } = minimalAdjustmentSets(graph, treatment, outcome)
  const frontdoor = hasEffect ? frontdoorSets(graph, treatment, outcome) : []
  const instruments = hasEffect ? findInstruments(graph, treatment, outcome) : []
  const ways = [
    ...(hasEffect && sets.length > 0 ? (['backdoor'] as const) : []),
    ...(frontdoor.length > 0 ? (['frontdoor'] as const) : []),
    ...(instruments.length > 0 ? (['instrument'] as const) : []),
  ]
  return {
    ways,
    adjustmentSets: hasEffect ? sets : [],
    areSetsCut: isCut,
    optimalSet: optimalAdjustmentSet(graph, treatment, outcome) ?? null,
    frontdoorSets: frontdoor,
    instruments,
    refusal: ways.length > 0 ? null : whyNot(graph, treatment, outcome, hasEffect),
  }
}

function whyNot(graph: CausalGraph, treatment: string, outcome: string, hasEffect: boolean): string {
  if (!hasEffect)
    return `the graph has no directed path from '${treatment}' to '${outcome}': it says that there is no effect`
  const forbidden = forbiddenNodes(graph, treatment, outcome)
  const before = ancestorsOf(graph, [treatment, outcome])
  // Adjusting for all that may be adjusted for blocks as much as any set does.
  const widest = [...before].filter(
    (node) => node !== outcome && !forbidden.has(node) && !graph.unobserved.has(node),
  )
  const path = openPath(backdoorGraph(graph, treatment, outcome), treatment, outcome, widest)
  const hidden = (path?.nodes ?? []).filter((node) => graph.unobserved.has(node))
  const because = hidden.length > 0 ? ` (${hidden.join(', ')} not observed)` : ''
  return `not identifiable: the path ${path?.text ?? ''} stays open whatever observed variables are adjusted for${because}, no mediators meet the frontdoor criterion, and nothing serves as an instrument`
}
