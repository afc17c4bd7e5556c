import { type DidSpec, needsUnits } from '../../../core/did-spec.ts'
import { momentsFromSums } from '../../../stats/causal/panel/panel-moments.ts'
import { isRefused, type Refusal } from '../../../stats/index.ts'
import type { JobContext } from '../../job.ts'
import type { DidData, DidOutcomeData } from '../did-data.ts'
import { didColumns } from './did-columns.ts'
import { didSource } from './did-source.ts'
import { fetchDidFacts } from './fetch-did-facts.ts'
import { fetchPanelMoments } from './fetch-panel-moments.ts'
import { fetchPanelSums } from './fetch-panel-sums.ts'

/** With more periods the products would be more than the units. */
const mostPeriodsOfProducts = 60

/** Fetches a panel: units where something looks at them one by one, and otherwise sums only, which Postgres makes. */
export async function fetchDidData(
  spec: DidSpec,
  context: Pick<JobContext, 'session' | 'job' | 'relationOf'>,
  withUnits = needsUnits(spec),
): Promise<DidData | Refusal> {
  const { session, relationOf } = context
  const columns = await didColumns(spec, context)
  const source = didSource(spec, columns, relationOf)
  const found = await fetchDidFacts(spec, columns, source, context)
  if (isRefused(found)) return found
  const { facts, rows } = found
  const isWide = facts.periods.length * (facts.isBalanced ? 1 : 2) > mostPeriodsOfProducts
  const outcomes: DidOutcomeData[] = []
  for (const [index, { name: outcome }] of spec.outcomes.entries()) {
    if (!withUnits && !isWide) {
      const moments = await fetchPanelMoments(session, facts, rows, index)
      outcomes.push({ outcome, moments, sums: null, panel: null, keys: [] })
      continue
    }
    const units = await fetchPanelSums(session, facts, rows, index, spec.covariates.length)
    outcomes.push({ outcome, moments: momentsFromSums(units.sums), ...units })
  }
  return { facts, outcomes }
}
