import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Relation, SeedNode } from '../../core/node.ts'
import { createIndex, createTable, type Session } from '../../warehouse/index.ts'
import { inferCsv } from '../csv/infer-types.ts'
import { copyLines } from '../csv/read-csv.ts'
import { runPostHooks, runPreHooks } from '../hooks.ts'
import { relationDetails } from '../relation-details.ts'
import { buildRelation } from '../relations.ts'
import type { RunContext, StepRunner } from '../run-context.ts'
import { changeLoadedTypes, loadedColumns, seedColumns } from '../seed-types.ts'
import { keepTable } from './keep-relation.ts'
import { isFullRefresh, loadOwnSeed } from './own-seed.ts'

/** Loads a seed in the dark. */
export const runSeed: StepRunner<SeedNode> = async (node, step, context) => {
  if (step.action === 'reuse') return keepTable(node)
  const build = buildRelation(context.plan.buildSchema, node.relation)
  return context.warehouse.withSession(async (session) => {
    const own = context.renderer.ownSeed(node.id)
    if (own) return loadOwnSeed(session, node, own, build, context)
    await runPreHooks(session, node, false, context)
    const rows = await loadSeed(session, node, build, context)
    for (const index of node.indexes) await session.query(createIndex(build, index, node.relation))
    context.builds.add(node.relation, build)
    const isThere = await runPostHooks(session, node, build, context)
    return {
      rows,
      message: `${rows} rows`,
      ...(isFullRefresh(node, context) && { command: 'CREATE' }),
      publish: isThere
        ? [{ kind: 'swap-table', build, published: node.relation, ...relationDetails(node) }]
        : [],
    }
  })
}

/**
 * Makes a table of a seed's rows by COPY and returns their number: the file is read twice, once for the types of its
 * columns, and never held in memory.
 */
export async function loadSeed(
  session: Session,
  node: SeedNode,
  table: Relation,
  context: RunContext,
): Promise<number> {
  // The place is relative to the project, also for a seed of a package.
  const { file: shownPath } = node.place
  const file = join(context.projectRoot, shownPath)
  const inferred = await inferCsv(file, shownPath, node)
  const columns = seedColumns(node, inferred.columns)
  await session.query(createTable(table, loadedColumns(columns)))
  if (context.renderScope.empty) return 0
  const { delimiter } = node
  const names = columns.map(({ name }) => name)
  const sink = session.copyIn(
    table,
    names,
    // An empty field is null, with quotes or without.
    inferred.isPlain ? { format: 'csv', header: true, delimiter, forceNull: names } : { format: 'csv' },
  )
  const source = inferred.isPlain ? createReadStream(file) : Readable.from(copyLines(file, node, columns))
  await pipeline(source, sink.writable, { signal: context.effects.signal, end: false })
  const { rows } = await sink.finish()
  await changeLoadedTypes(session, table, columns)
  return rows
}
