import type { IdentificationPlan } from '../../core/causal-graph/plan-identification.ts'
import type { IdentificationRow } from '../../core/causal-tables.ts'
import type { TableOrigin } from '../experiment/estimate-row.ts'

const reasons = {
  named: 'named by adjust_for',
  optimal: 'smallest variance of all that the graph allows',
  minimal: 'smallest of those that the graph allows; none is known to be best',
  assumed: 'the covariates, as declared',
} as const

/** What the graph offers for one outcome, and what was chosen of it. */
export function identificationRows(origin: TableOrigin, plan: IdentificationPlan): IdentificationRow[] {
  const { outcome, identification, adjustmentSet, chosenBy, frontdoorSet, instruments, mediation } = plan
  const row = (own: Partial<IdentificationRow> & Pick<IdentificationRow, 'kind'>): IdentificationRow => ({
    ...{ ...origin, outcome, variables: [], given: [], chosen: false, note: '' },
    ...{ statistic: null, pValue: null, verdict: null },
    ...own,
  })
  const same = (a: readonly string[], b: readonly string[] | null): boolean =>
    b !== null && [...a].sort().join('\n') === [...b].sort().join('\n')
  const sets = [
    ...(adjustmentSet && !identification.adjustmentSets.some((set) => same(set, adjustmentSet))
      ? [adjustmentSet]
      : []),
    ...identification.adjustmentSets,
  ]
  return [
    ...sets.map((variables) => {
      const chosen = same(variables, adjustmentSet)
      return row({
        ...{ kind: 'adjustment_set', variables, chosen },
        note: chosen ? reasons[chosenBy!] : 'minimal',
      })
    }),
    ...identification.frontdoorSets.map((variables) =>
      row({ kind: 'frontdoor_set', variables, chosen: same(variables, frontdoorSet) }),
    ),
    ...identification.instruments.map(({ instrument, given }) =>
      row({
        ...{ kind: 'instrument', variables: [instrument], given },
        chosen: instruments?.names.includes(instrument) ?? false,
      }),
    ),
    ...(mediation
      ? [
          mediation.identified
            ? row({ kind: 'mediation', variables: mediation.mediators, given: mediation.given, chosen: true })
            : row({ kind: 'refusal', note: mediation.reason }),
        ]
      : []),
  ]
}
