import { type Counts, fisherExactTest, isRefused, proportionTest } from '../../../stats/index.ts'
import type { ExperimentCell } from '../cell.ts'
import { outcomeKind } from '../data/outcome-variables.ts'
import { armDiagnostics, resultOf } from './means.ts'
import type { MethodEntry } from './method.ts'

/*
 * Tests of yes/no outcomes by their counts.
 */

/** How many units of an arm have the outcome. */
export function countsOf({ outcomeMoments: { n, means } }: ExperimentCell): Counts {
  return { successes: n === 0 ? 0 : Math.round(means[0]! * n), n }
}

/** What all tests by counts have in common. */
const byCounts: Omit<MethodEntry, 'compute'> = {
  scales: () => ['absolute'],
  ciKind: 'fixed_horizon',
  needs: 'cells',
  applies: (outcome) => outcomeKind(outcome) === 'proportion',
}

export const proportionMethods = {
  proportion_z_test: {
    ...byCounts,
    compute: (input) => {
      const { treatment, control, ciLevel } = input
      return resultOf(proportionTest(countsOf(treatment), countsOf(control), { ciLevel }), input)
    },
  },
  // The p-value is exact; the interval that goes with it is Newcombe's, which holds near 0 and 1 too.
  fisher_exact: {
    ...byCounts,
    compute: (input) => {
      const { treatment, control, ciLevel } = input
      const [t, c] = [countsOf(treatment), countsOf(control)]
      const exact = fisherExactTest(t, c)
      if (isRefused(exact)) return exact
      const interval = proportionTest(t, c, { ciLevel, interval: 'newcombe' })
      if (isRefused(interval)) return interval
      const { estimate, stdError, ciLower, ciUpper } = interval
      return {
        estimate,
        stdError,
        ciLower,
        ciUpper,
        pValue: exact.pValue,
        diagnostics: {
          ...armDiagnostics(treatment, control),
          odds_ratio: Number.isFinite(exact.oddsRatio) ? exact.oddsRatio : null,
          interval: 'newcombe',
        },
      }
    },
  },
} as const satisfies Record<string, MethodEntry>
