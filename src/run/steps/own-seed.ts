import { join } from 'node:path'
import type { OwnSeed } from '../../compile/own-macros.ts'
import type { Relation, SeedNode } from '../../core/node.ts'
import { createTableAs, existingRelations, relationIdent, type Session, sql } from '../../warehouse/index.ts'
import { askOn } from '../ask.ts'
import { readSeedRows } from '../csv/read-seed-rows.ts'
import { relationDetails } from '../relation-details.ts'
import type { RunContext, StepOutcome } from '../run-context.ts'

/*
 * A seed that macros of the project have a part in loading: `load_csv_rows`, say, or a materialization of seeds. They
 * get the file's rows as a table, and make a table where the run builds, which then takes the place of the published
 * one.
 */

/** Loads the seed by macros, the hooks among what they run; returns how to publish it. */
export async function loadOwnSeed(
  session: Session,
  node: SeedNode,
  own: OwnSeed,
  build: Relation,
  context: RunContext,
): Promise<StepOutcome> {
  const { renderer, renderScope } = context
  const { file: shownPath } = node.place
  const asText = new Set(Object.keys(node.columnTypes))
  const seed = await readSeedRows(join(context.projectRoot, shownPath), shownPath, node, asText)
  if (own.resets) await copyPublished(session, node, build)
  const rows = renderScope.empty ? [] : seed.rows
  const scope = { ...renderScope, thisRelation: build, ask: askOn(session) }
  await renderer.materialize(node.id, '', scope, { seed: { ...seed, rows } })
  context.builds.add(node.relation, build)
  const [there] = await existingRelations(session, [build])
  if (there?.kind !== 'table') return { rows: null, message: there?.kind ?? 'nothing', publish: [] }
  const count = await countOf(session, build)
  // Grants and comments are the project's affair where it makes them itself.
  const details = own.details ? {} : relationDetails(node)
  return {
    rows: count,
    message: `${count} rows`,
    ...(isFullRefresh(node, context) && { command: 'CREATE' }),
    publish: [{ kind: 'swap-table', build, published: node.relation, ...details }],
  }
}

/** Whether dbt would make the table anew; here every load does. */
export function isFullRefresh({ config }: SeedNode, { fullRefresh }: RunContext): boolean {
  return (config['full_refresh'] ?? fullRefresh) === true
}

/** What is published, for macros that empty it and fill it again. */
async function copyPublished(session: Session, node: SeedNode, build: Relation): Promise<void> {
  const [published] = await existingRelations(session, [node.relation])
  if (published?.kind !== 'table') return
  await session.query(createTableAs(build, sql`select * from ${relationIdent(node.relation)}`))
}

async function countOf(session: Session, table: Relation): Promise<number> {
  const { rows } = await session.query<{ readonly n: string }>(
    sql`select count(*)::text as n from ${relationIdent(table)}`,
  )
  return Number(rows[0]!.n)
}
