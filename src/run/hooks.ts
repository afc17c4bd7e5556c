import type { Ask } from '../compile/renderer.ts'
import { renameRelations } from '../compile/sql/relation-names.ts'
import type { Statement } from '../compile/sql/statements.ts'
import {
  type FunctionNode,
  type ModelNode,
  type Node,
  type NodeId,
  type Relation,
  relationKey,
  type SeedNode,
  type SnapshotNode,
} from '../core/node.ts'
import { commentedSession, existingRelations, type Session } from '../warehouse/index.ts'
import { askOn } from './ask.ts'
import type { RunContext } from './run-context.ts'

/*
 * Hooks of nodes. Before a node is built they run at once. After it, what concerns the built rows runs on the
 * build, so that whoever reads it within the run sees it; what concerns the relation that readers get (who may
 * read it, what is said of it) runs when that is published, and is rolled back with it. A view and an increment
 * become what readers get only then, so all of their hooks do.
 *
 * A hook is written with the names that readers know: `{{ this.schema }}.audit` stands beside `{{ this }}` there, and
 * not where the run builds. So it is rendered with them, and a statement is sent with those names replaced that stand
 * for something the run has built.
 */

type HookedNode = ModelNode | SeedNode | SnapshotNode | FunctionNode

/** Statements that are about the relation under its name, and not about its rows. */
const aboutTheRelation = new Set([
  'GrantStmt',
  'GrantRoleStmt',
  'CommentStmt',
  'AlterOwnerStmt',
  'SecLabelStmt',
])

/** Runs the hooks that come before a node is built. */
export async function runPreHooks(
  session: Session,
  node: HookedNode,
  isIncremental: boolean,
  context: RunContext,
): Promise<void> {
  if (!hasHooks(node, 'pre_hook')) return
  await context.renderer.runHooks(node.id, 'pre_hook', {
    ...context.renderScope,
    ask: onBuilds(askOn(session), context),
    isIncremental,
    thisRelation: node.relation,
  })
}

/** Runs what of the hooks after a table was built concerns its rows. Tells whether the table is still there. */
export async function runPostHooks(
  session: Session,
  node: HookedNode,
  build: Relation,
  context: RunContext,
): Promise<boolean> {
  if (!hasHooks(node, 'post_hook')) return true
  const ask = askOn(session, ({ kind }) => !aboutTheRelation.has(kind))
  await context.renderer.runHooks(node.id, 'post_hook', {
    ...context.renderScope,
    ask: onBuilds(ask, context),
    thisRelation: node.relation,
  })
  return (await existingRelations(session, [build])).length > 0
}

/** Runs, within the publication, the hooks of published nodes that had to wait for it. */
export async function runHooksOfPublished(
  session: Session,
  nodeIds: readonly NodeId[],
  context: RunContext,
): Promise<void> {
  for (const id of nodeIds) {
    const node = context.manifest.nodes[id]!
    if (!isHooked(node) || !hasHooks(node, 'post_hook')) continue
    if (node.resourceType === 'model' && node.ownBuild?.hooks) continue
    if (node.resourceType === 'seed' && context.renderer.ownSeed(id)) continue
    const ask = askOn(
      commentedSession(session, context.commentOf(id)),
      isTable(node, context) ? isLeftOver : undefined,
    )
    await context.renderer.runHooks(node.id, 'post_hook', {
      ...context.renderScope,
      relationOf: context.publishedRelation,
      functionOf: context.publishedFunction,
      thisRelation: node.relation,
      ask,
    })
  }
}

/** What has not run on the build; questions are asked again, since what follows may need their answers. */
function isLeftOver({ kind }: Statement): boolean {
  return aboutTheRelation.has(kind) || kind === 'SelectStmt'
}

/** Sends statements about what the run has built instead of what is published under the same name. */
function onBuilds(ask: Ask, { builds, warehouse }: RunContext): Ask {
  return (text) => {
    const standing = new Map(builds.all().map(({ published, build }) => [relationKey(published), build]))
    const { database } = warehouse.target
    return ask(renameRelations(text, database, (relation) => standing.get(relationKey(relation)) ?? null))
  }
}

function isHooked(node: Node): node is HookedNode {
  return ['model', 'seed', 'snapshot', 'function'].includes(node.resourceType)
}

/** Whether a node was built as a table of its own, on which its hooks have run. */
function isTable(node: HookedNode, { plan, renderer }: RunContext): boolean {
  // What macros of the project make of a snapshot is a table of its own each time.
  if (node.resourceType === 'snapshot' && renderer.isOwnSnapshot(node.id)) return true
  if (node.resourceType === 'function') return false
  if (node.resourceType === 'model' && node.materialized === 'incremental' && node.ownBuild) return true
  const step = [...(plan.adopted ?? []), ...plan.steps].find(({ nodeId }) => nodeId === node.id)
  if (step?.action === 'increment') return false
  return (
    node.resourceType !== 'model' ||
    (node.materialized !== 'view' && node.materialized !== 'materialized_view')
  )
}

/** Whether anything is to run before or after a node. */
export function hasHooks({ config }: Node, ...moments: readonly ('pre_hook' | 'post_hook')[]): boolean {
  const asked = moments.length === 0 ? (['pre_hook', 'post_hook'] as const) : moments
  return asked.some((moment) => {
    const hooks = config[moment]
    return Array.isArray(hooks) ? hooks.length > 0 : hooks !== undefined && hooks !== null
  })
}
