import { relationKey, relationsOf } from '../../core/node.ts'
import type { LedgerChange } from '../../store/index.ts'
import type { PublishAction } from '../../warehouse/index.ts'
import type { RunContext } from '../run-context.ts'

/**
 * What a publication changes in ledgers. What is published without a word of its times loses the ledger that it has;
 * what stays as it is keeps its own.
 */
export function ledgerChanges(
  actions: readonly PublishAction[],
  { plan, manifest }: Pick<RunContext, 'plan' | 'manifest'>,
): LedgerChange[] {
  const steps = [...(plan.adopted ?? []), ...plan.steps].filter(({ hasLedger }) => hasLedger)
  const withLedger = new Set(
    steps.flatMap(({ nodeId }) => relationsOf(manifest.nodes[nodeId]!).map(relationKey)),
  )
  return actions.flatMap((action): LedgerChange[] => {
    const { published: relation } = action
    if ('intervals' in action && action.intervals) return [{ relation, change: action.intervals }]
    if (action.kind === 'keep' || action.kind === 'function') return []
    return withLedger.has(relationKey(relation)) ? [{ relation, change: null }] : []
  })
}
