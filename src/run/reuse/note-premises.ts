import { callsInSql } from '../../compile/sql/calls-in-sql.ts'
import { loadSqlParser } from '../../compile/sql/syntax.ts'
import { isQualified, tablesInSql } from '../../compile/sql/tables-in-sql.ts'
import { type Relation, relationKey } from '../../core/node.ts'
import type { Premise } from '../../core/premise.ts'
import type { KnownPremise, Publication } from '../../store/index.ts'
import {
  type ObservedRelation,
  observeRelations,
  type PublishAction,
  type Session,
} from '../../warehouse/index.ts'
import type { RunContext } from '../run-context.ts'
import {
  circumstancesOf,
  hasOwnRows,
  type RowNode,
  sessionSettings,
  sqlInThisRun,
  textHash,
  whyAlways,
} from './reuse-terms.ts'

/*
 * Noting what published relations rest on, so that a later run can tell whether to make them again. What is known
 * before the publication is worked out before it, since readers wait while it holds its locks; only the states in
 * which everything is left are read within.
 */

/** Completes the premises within the publishing transaction. */
export type NotePremises = (
  session: Session,
  changed: readonly Publication[],
  versionOf: VersionOf,
) => Promise<readonly KnownPremise[]>

/** What is known already of a view that stands now, by relation key: see `ViewState`. */
export type VersionOf = (key: string) => string | undefined

type Draft = Omit<Premise, 'state' | 'inputs'> & { readonly reads: readonly Relation[] }

/** Works out what of the premises is known before publishing. */
export async function preparePremises(
  actions: readonly PublishAction[],
  publications: readonly Publication[],
  context: RunContext,
): Promise<NotePremises> {
  const { manifest, plan, warehouse } = context
  const drafts = new Map<string, Draft>()
  const adopted = new Set(plan.adopted?.map(({ nodeId }) => nodeId))
  const byKey = new Map(actions.map((action) => [relationKey(action.published), action]))
  const rowNodes: RowNode[] = []
  for (const { nodeId, relation } of publications) {
    const node = manifest.nodes[nodeId]!
    const action = byKey.get(relationKey(relation))
    if (action?.kind === 'view' && !action.materialized)
      drafts.set(relationKey(relation), viewDraft(action.definition))
    else if (hasOwnRows(node) && action && !adopted.has(nodeId)) rowNodes.push(node)
  }
  // With `publish: node` others build while this is published, and the server does not know of all rows yet.
  const isTold = context.isWhole && plan.publish === 'run' && rowNodes.length > 0
  if (isTold && (await warehouse.countRows())) {
    await loadSqlParser()
    const settings = await sessionSettings(warehouse.control)
    for (const node of rowNodes) {
      const key = relationKey(node.relation)
      const draft = await rowDraft(node, byKey.get(key)!, settings, context)
      if (draft) drafts.set(key, draft)
    }
  }
  const disturbed = isTold ? await disturbedTables(actions, context) : new Set<string>()
  const all = actions.map(({ published }) => published)
  return async (session, changed, versionOf) => {
    const isKnown = [...drafts].every(([key, { action }]) => action === 'view' && versionOf(key))
    const observed = await observeRelations(session, isKnown ? [] : all, warehouse.capabilities)
    return changed.map(({ relation }) => {
      const key = relationKey(relation)
      const draft = drafts.get(key)
      if (!draft) return { relation, premise: null }
      const seen = observed.get(key)
      const state = (draft.action === 'view' ? (seen?.views[key] ?? versionOf(key)) : seen?.state) ?? null
      return { relation, premise: completed(draft, state, relation, observed, disturbed, context) }
    })
  }
}

/** Tables that get a delta and that somebody else has changed since the run began: who read them saw other rows. */
async function disturbedTables(
  actions: readonly PublishAction[],
  { inputStates, warehouse }: RunContext,
): Promise<ReadonlySet<string>> {
  const growing = actions
    .filter(({ kind }) => kind === 'apply-delta' || kind === 'apply-versions')
    .map(({ published }) => published)
  const observed = await observeRelations(warehouse.control, growing, warehouse.capabilities)
  const keys = growing.map(relationKey)
  return new Set(keys.filter((key) => observed.get(key)?.state !== inputStates.get(key)))
}

function viewDraft(definition: string): Draft {
  const calls = callsInSql(definition)
  return { action: 'view', text: null, circumstances: '', reads: [], calls, settled: false }
}

async function rowDraft(
  node: RowNode,
  published: PublishAction,
  settings: string,
  { renderer, renderScope, publishedRelation, plan }: RunContext,
): Promise<Draft | null> {
  if (whyAlways(node, renderer) !== null) return null
  const action = plan.steps.find(({ nodeId }) => nodeId === node.id)!.action
  const { ask: _, ...scope } = renderScope
  const inThisRun = { ...scope, relationOf: publishedRelation }
  const text = await sqlInThisRun(node, renderer, inThisRun, action === 'increment')
  const tables = text === null ? null : text === '' ? [] : tablesInSql(text)
  // What stands where the search path says is not known before the server looks.
  if (text === null || !tables?.every(isQualified)) return null
  return {
    action,
    text: textHash(text),
    circumstances: circumstancesOf(node, settings),
    reads: tables.filter(isQualified),
    calls: callsInSql(text),
    settled: 'isEmpty' in published && published.isEmpty === true,
  }
}

function completed(
  { reads, ...draft }: Draft,
  state: string | null,
  relation: Relation,
  observed: ReadonlyMap<string, ObservedRelation>,
  disturbed: ReadonlySet<string>,
  { inputStates }: RunContext,
): Premise {
  const own = relationKey(relation)
  const keys = [...new Set(reads.map(relationKey))].filter((key) => key !== own).sort()
  return {
    ...draft,
    state,
    inputs: Object.fromEntries(
      keys.map((key) => {
        const known = observed.get(key)?.state ?? inputStates.get(key) ?? null
        return [key, disturbed.has(key) ? null : known]
      }),
    ),
  }
}
