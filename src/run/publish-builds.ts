import type { FingerprintOf } from '../compile/fingerprint.ts'
import type { PublishedDefinition } from '../core/fingerprint.ts'
import { type NodeId, type Relation, relationKey, relationsOf } from '../core/node.ts'
import type { Step } from '../core/plan.ts'
import {
  forgetOldPublications,
  type Publication,
  recordIntervals,
  recordLoadedFiles,
  recordPremises,
  recordPublications,
  recordReplaced,
} from '../store/index.ts'
import { type PublishAction, publish, type Session, viewStates } from '../warehouse/index.ts'
import { makeAskAgain } from './ask-again.ts'
import { dropBuildSchemas } from './build-schemas.ts'
import { runHooksOfPublished } from './hooks.ts'
import { ledgerChanges } from './intervals/ledger-changes.ts'
import { buildRelation, keptSchemaOf } from './relations.ts'
import { publicationGate, retryPublication } from './retry-publication.ts'
import { preparePremises } from './reuse/note-premises.ts'
import type { RunContext } from './run-context.ts'
import { viewFingerprint } from './standing-views.ts'

/*
 * Publishing what nodes have built, with what the store notes of it in the same transaction.
 */

/** Publishes everything at once; returns how long that took. */
export async function publishRun(
  actions: readonly PublishAction[],
  built: readonly NodeId[],
  definitionOf: FingerprintOf,
  context: RunContext,
): Promise<number> {
  const { clock, emit } = context.effects
  const from = clock().getTime()
  emit({ type: 'publish_started', relations: actions.length })
  await publishActions(actions, built, definitionOf, context)
  const durationMs = clock().getTime() - from
  emit({ type: 'publish_finished', relations: actions.length, durationMs })
  return durationMs
}

/** Makes the actions of nodes live and notes which run made what they published. */
export async function publishActions(
  actions: readonly PublishAction[],
  nodeIds: readonly NodeId[],
  definitionOf: FingerprintOf,
  context: RunContext,
): Promise<void> {
  const { warehouse, plan, lease, effects, publishWaitMs } = context
  if (actions.length === 0) return
  const publications = publicationsOf(nodeIds, definitionOf, context)
  const askAgain = makeAskAgain(`${plan.runId} looks at what it publishes`, lease, effects)
  const notePremises = await askAgain(() => preparePremises(actions, publications, context))
  await retryPublication(nodeIds.join(), context, (note) =>
    publish(warehouse, actions, {
      signal: effects.signal,
      buildSchema: plan.buildSchema,
      ...(publishWaitMs !== undefined && { maxWaitMs: publishWaitMs }),
      onWaiting: (holders) =>
        effects.emit({ type: 'log', level: 'warn', message: `publishing waits for ${holders}` }),
      first: publicationGate(actions, context),
      // Node by node there is no moment to go back to.
      ...(context.keepPublications > 0 &&
        plan.publish === 'run' && {
          keepIn: (relation: Relation) => buildRelation(keptSchemaOf(plan.runId), relation),
        }),
      within: async (session, { kept, before }) => {
        await runHooksOfPublished(session, nodeIds, context)
        const stayed = new Set(kept.map(relationKey))
        const views = await publishedViews(session, actions, nodeIds, context)
        const changed = publications.flatMap((publication) => {
          const key = relationKey(publication.relation)
          return stayed.has(key)
            ? []
            : [{ ...publication, fingerprint: views.get(key)?.fingerprint ?? publication.fingerprint }]
        })
        note(changed.map(({ relation }) => relation))
        // One instant for all: what is published with a load was not made before it.
        const at = effects.clock()
        await recordReplaced(session, plan.runId, at, before)
        await recordPublications(session, plan.runId, at, changed)
        await recordPremises(session, await notePremises(session, changed, (key) => views.get(key)?.version))
        await recordIntervals(session, ledgerChanges(actions, context))
        await recordLoadedFiles(
          session,
          plan.runId,
          at,
          actions.flatMap((action) =>
            'loaded' in action && action.loaded
              ? [{ relation: action.published, loaded: action.loaded }]
              : [],
          ),
        )
        for (const runId of await forgetOldPublications(session, context.owner, context.keepPublications))
          await dropBuildSchemas(session, keptSchemaOf(runId))
      },
    }),
  )
}

function publicationsOf(
  nodeIds: readonly NodeId[],
  definitionOf: FingerprintOf,
  { manifest, plan }: RunContext,
): Publication[] {
  const steps = [...(plan.adopted ?? []), ...plan.steps]
  const byNode = new Map(steps.map((step) => [step.nodeId, step]))
  return nodeIds.flatMap((nodeId) =>
    relationsOf(manifest.nodes[nodeId]!).map((relation) => ({
      relation,
      nodeId,
      fingerprint: byNode.get(nodeId)?.fingerprint ?? null,
      definition: { ...definitionOf(nodeId), ...versionsOf(byNode.get(nodeId)) },
    })),
  )
}

function versionsOf(step: Step | undefined): Pick<PublishedDefinition, 'version' | 'older'> {
  if (!step?.history) return {}
  const { version, older } = step.history
  return { version, ...(older.length > 0 && { older }) }
}

/** What is noted of a view, so that the next run knows whether it is still what it was. */
interface PublishedView {
  readonly fingerprint: string
  /** Another when somebody has replaced it. */
  readonly version: string
}

/** The views of models that stand now, by relation key. */
async function publishedViews(
  session: Session,
  actions: readonly PublishAction[],
  nodeIds: readonly NodeId[],
  { manifest }: RunContext,
): Promise<ReadonlyMap<string, PublishedView>> {
  const nodes = nodeIds.map((id) => manifest.nodes[id]!).filter((node) => node.resourceType === 'model')
  const byKey = new Map(nodes.map((node) => [relationKey(node.relation), node]))
  const views = actions.flatMap((action) => {
    const node = byKey.get(relationKey(action.published))
    return node?.materialized === 'view' && action.kind === 'view' ? [{ node, text: action.definition }] : []
  })
  const states = await viewStates(
    session,
    views.map(({ node }) => node.relation),
  )
  return new Map(
    views.flatMap(({ node, text }) => {
      const key = relationKey(node.relation)
      const seen = states.get(key)
      if (!seen) return []
      return [[key, { fingerprint: viewFingerprint(node, text, seen.state), version: seen.version }] as const]
    }),
  )
}
