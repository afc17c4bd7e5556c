import type { RenderScope } from '../compile/renderer.ts'
import type { Statement } from '../compile/sql/statements.ts'
import type { ModelNode, Node, NodeId, Relation, SeedNode, SnapshotNode } from '../core/node.ts'
import { commentedSession, existingRelations, type Session } from '../warehouse/index.ts'
import { askOn } from './ask.ts'
import type { RunContext } from './run-context.ts'

/*
 * Hooks of nodes. Before a node is built they run at once. After it, what concerns the built rows runs on the
 * build, so that whoever reads it within the run sees it; what concerns the relation that readers get (who may
 * read it, what is said of it) runs when that is published, and is rolled back with it. A view and an increment
 * become what readers get only then, so all of their hooks do.
 */

type HookedNode = ModelNode | SeedNode | SnapshotNode

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
  build: Relation,
  context: RunContext,
): Promise<void> {
  if (!hasHooks(node, 'pre_hook')) return
  // An increment's table is there already, and is what the hook means.
  const thisRelation = isIncremental ? node.relation : build
  await context.renderer.runHooks(node.id, 'pre_hook', {
    ...scopeOn(session, context),
    isIncremental,
    thisRelation,
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
    ask,
    thisRelation: build,
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
    const ask = askOn(
      commentedSession(session, context.commentOf(id)),
      isTable(node, context) ? isLeftOver : undefined,
    )
    await context.renderer.runHooks(node.id, 'post_hook', {
      ...context.renderScope,
      relationOf: (relation) => relation,
      thisRelation: node.relation,
      ask,
    })
  }
}

/** What has not run on the build; questions are asked again, since what follows may need their answers. */
function isLeftOver({ kind }: Statement): boolean {
  return aboutTheRelation.has(kind) || kind === 'SelectStmt'
}

function scopeOn(session: Session, { renderScope }: RunContext): RenderScope {
  return { ...renderScope, ask: askOn(session) }
}

function isHooked(node: Node): node is HookedNode {
  return ['model', 'seed', 'snapshot'].includes(node.resourceType)
}

/** Whether a node was built as a table of its own, on which its hooks have run. */
function isTable(node: HookedNode, { plan }: RunContext): boolean {
  const step = plan.steps.find(({ nodeId }) => nodeId === node.id)
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
