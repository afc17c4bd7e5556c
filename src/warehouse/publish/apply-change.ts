import type { Session } from '../session.ts'
import { changesOfDelta, columnChanges } from './apply-delta.ts'
import { changesOfVersions } from './apply-versions.ts'
import { canKeepRows, copyTable, keepRows } from './keep-rows.ts'
import type { ApplyDelta, ApplyVersions, PublishAction } from './publish-action.ts'
import { type KeepIn, nothingKept, type ReplacedRelation } from './replaced-relation.ts'

/*
 * Changes of a published table's rows: the delta of an increment, the versions of a snapshot.
 */

/** An action by which a table that stays gets other rows. */
export type GrowTable = ApplyDelta | ApplyVersions

/** Whether a table stays and gets other rows, or may get them. */
export function isGrowing(action: PublishAction): action is GrowTable {
  return action.kind === 'apply-delta' || action.kind === 'apply-versions'
}

/** Whether something in the table changes. */
export function growsRows(action: PublishAction): action is GrowTable {
  return isGrowing(action) && !action.isEmpty
}

/**
 * Applies what an action changes in a table that stays; nothing for the others. Where what it replaces is to be kept
 * and can be, tells where it is.
 */
export async function applyChange(
  session: Session,
  action: PublishAction,
  keepIn?: KeepIn,
): Promise<ReplacedRelation | null> {
  if (!isGrowing(action)) return null
  for (const statement of columnChanges(action)) await session.query(statement)
  const changes =
    action.kind === 'apply-delta' ? await changesOfDelta(session, action) : changesOfVersions(action)
  const { published } = action
  if (keepIn && !action.isEmpty && (await canKeepRows(session, published))) {
    const keptAs = keepIn(published)
    const written = await keepRows(session, published, keptAs, changes)
    return { ...nothingKept, relation: published, kind: 'rows', keptAs, written }
  }
  for (const { statement } of changes) await session.query(statement)
  return null
}

/** Copies a table whose columns an action is about to change, where it is to be kept. */
export async function keepCopy(
  session: Session,
  { published }: PublishAction,
  keepIn: KeepIn | undefined,
): Promise<ReplacedRelation | null> {
  if (!keepIn || !(await canKeepRows(session, published))) return null
  const keptAs = keepIn(published)
  await copyTable(session, published, keptAs)
  return { ...nothingKept, relation: published, kind: 'table', keptAs }
}

/** Whether columns of the table change, for which nobody may be reading it, and views on them have to go. */
export function changesColumns(action: PublishAction): boolean {
  if (!isGrowing(action)) return false
  const dropped = action.kind === 'apply-delta' ? (action.dropColumns ?? []) : []
  return dropped.length + (action.addColumns ?? []).length + (action.alterColumns ?? []).length > 0
}
