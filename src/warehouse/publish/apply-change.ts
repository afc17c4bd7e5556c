import type { Session } from '../session.ts'
import { applyDelta } from './apply-delta.ts'
import { applyVersions } from './apply-versions.ts'
import type { PublishAction } from './publish-action.ts'

/*
 * Changes of a published table's rows: the delta of an increment, the versions of a snapshot.
 */

/** Applies what an action changes in a table that stays; nothing for the others. */
export async function applyChange(session: Session, action: PublishAction): Promise<void> {
  if (action.kind === 'apply-delta') await applyDelta(session, action)
  if (action.kind === 'apply-versions') await applyVersions(session, action)
}

/** Whether columns of the table change, for which nobody may be reading it, and views on them have to go. */
export function changesColumns(action: PublishAction): boolean {
  if (action.kind !== 'apply-delta' && action.kind !== 'apply-versions') return false
  const dropped = action.kind === 'apply-delta' ? (action.dropColumns ?? []) : []
  return dropped.length + (action.addColumns ?? []).length + (action.alterColumns ?? []).length > 0
}
