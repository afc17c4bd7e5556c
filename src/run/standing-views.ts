import { createHash } from 'node:crypto'
import { withoutSemicolon } from '../compile/compiled-sql.ts'
import { renderOrNull } from '../compile/published-sql.ts'
import { type ModelNode, type NodeId, relationKey } from '../core/node.ts'
import type { Published } from '../store/index.ts'
import { viewStates } from '../warehouse/index.ts'
import { hasHooks } from './hooks.ts'
import type { PlanRequest } from './run-request.ts'
import { publishedRelation, runScope } from './run-scope.ts'

/*
 * A view has no rows of its own, so to make it again from the same text over the same relations gives the same view.
 * What a view was made from is noted when it is published: its text, and the state in which it then was. While both
 * are still so, it need not be made again.
 */

/** What is noted of a published view: hashes of its text and of its state in the catalogue. */
export function viewFingerprint(view: ModelNode, text: string, state: string): string {
  return `${textHash(view, text)} ${state}`
}

/** A contract is a part of it: it holds as long as text and state are the same. */
function textHash({ contractEnforced, columns }: ModelNode, text: string): string {
  const promised = contractEnforced ? columns.map(({ name, dataType }) => [name, dataType]) : []
  return createHash('sha256')
    .update(JSON.stringify([text, promised]))
    .digest('hex')
    .slice(0, 32)
}

/** Why views that stand cannot stay as they are, by node; null for those that can. */
export type ViewChanges = ReadonlyMap<NodeId, string | null>

/** Compares views with what was noted when they were published. */
export async function compareViews(
  request: PlanRequest,
  views: readonly ModelNode[],
  published: ReadonlyMap<string, Published>,
  startedAt: Date,
): Promise<ViewChanges> {
  const changes = new Map<NodeId, string | null>()
  const noted = (view: ModelNode) => published.get(relationKey(view.relation))?.fingerprint?.split(' ')
  const comparable = views.filter((view) => {
    const why = whyNever(view, request, noted(view))
    if (why !== null) changes.set(view.id, why)
    return why === null
  })
  const states = await viewStates(
    request.warehouse.control,
    comparable.map(({ relation }) => relation),
  )
  const scope = {
    ...runScope(request, startedAt, () => {}),
    relationOf: publishedRelation(request),
    isIncremental: false,
  }
  for (const view of comparable) {
    const [textBefore, stateBefore] = noted(view)!
    const sql = await renderOrNull(request.renderer, view.id, scope)
    const sameText = sql && textHash(view, withoutSemicolon(sql).text) === textBefore
    const sameState = states.get(relationKey(view.relation))?.state === stateBefore
    changes.set(view.id, whyChanged(sameText, sameState))
  }
  return changes
}

function whyNever(
  view: ModelNode,
  { fullRefresh }: Pick<PlanRequest, 'fullRefresh'>,
  noted: readonly string[] | undefined,
): string | null {
  if (view.fullRefresh ?? fullRefresh) return 'full refresh'
  if (view.config['reuse'] === false) return 'its config says reuse: false'
  if (hasHooks(view)) return 'its hooks run each time'
  if (view.ownBuild) return 'macros of the project make it'
  return noted?.length === 2 ? null : 'what it was made from is not recorded'
}

function whyChanged(sameText: boolean | null, sameState: boolean): string | null {
  if (sameText === null) return 'its template asks the database'
  if (!sameText) return 'its SQL is another in this run'
  return sameState ? null : 'it was changed since, or what it reads was'
}
