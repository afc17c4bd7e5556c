import { type Node, type Relation, relationKey, relationsOf, type UnitTestNode } from '../core/node.ts'
import { dropRelation, existingRelations } from '../warehouse/index.ts'
import { quarantineOf } from './load-files/bad-rows.ts'
import { buildRelation, fixtureRelation, partRelations } from './relations.ts'
import type { RunContext } from './run-context.ts'

/** Clears away what a try of a node has left, so that another finds everything as the first one did. */
export async function clearBuilds(
  node: Node,
  { warehouse, plan, builds, standing }: RunContext,
): Promise<void> {
  const own = relationsOf(node)
  for (const published of own) builds.remove(published)
  const left = [
    ...[...own, ...besides(node)].flatMap((published) => {
      const build = buildRelation(plan.buildSchema, published)
      return [build, ...partRelations(build)]
    }),
    ...(node.resourceType === 'unit_test' ? fixturesOf(node, plan.buildSchema) : []),
  ]
  const keys = new Set(left.map(relationKey))
  for (let at = standing.length - 1; at >= 0; at--)
    if (keys.has(relationKey(standing[at]!))) standing.splice(at, 1)
  await warehouse.withSession(async (session) => {
    const there = await existingRelations(session, left)
    // Views come first: previews read the deltas.
    for (const kind of ['view', 'materialized_view', 'table'] as const)
      for (const relation of there.filter((one) => one.kind === kind))
        await session.query(dropRelation(relation, kind))
  })
}

/** What a load of rows publishes besides its table. */
function besides(node: Node): Relation[] {
  if (node.resourceType !== 'load' || (node.spec.kind !== 'files' && node.spec.kind !== 'postgres')) return []
  return relationsOf(node).map(quarantineOf)
}

function fixturesOf({ id, given }: UnitTestNode, buildSchema: string): Relation[] {
  const parts = [...given.map(({ nodeId }) => nodeId), 'actual', 'expected']
  return parts.map((part) => fixtureRelation(buildSchema, id, part))
}
