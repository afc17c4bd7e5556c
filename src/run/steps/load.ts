import type { GeneratorSpec, LoadTable, StreamSpec } from '../../core/load-spec.ts'
import type { LoadNode, Relation } from '../../core/node.ts'
import { ensureStreamTables } from '../../stream/ensure-tables.ts'
import { addPrimaryKey, analyzeRelation, createTable, type PublishAction } from '../../warehouse/index.ts'
import { loadParams } from '../load-fingerprint.ts'
import { buildRelation } from '../relations.ts'
import type { RunContext, StepOutcome, StepRunner } from '../run-context.ts'
import { runRowsLoad } from './files-load.ts'
import { runGenerator } from './generator-load.ts'

/** Fills a load's tables in the dark. */
export const runLoad: StepRunner<LoadNode> = async (node, step, context) => {
  if (step.action === 'reuse') return { rows: null, message: 'unchanged', publish: [] }
  if (node.spec.kind === 'stream') return standUp(node.spec, context)
  if (node.spec.kind === 'generator') return runGeneratorLoad(node, node.spec, context)
  if (node.spec.kind === 'postgres') return runRowsLoad({ ...node, spec: node.spec }, step, context)
  return runRowsLoad({ ...node, spec: node.spec }, step, context)
}

/** Fills the tables of a generator. */
async function runGeneratorLoad(
  node: LoadNode,
  spec: GeneratorSpec,
  context: RunContext,
): Promise<StepOutcome> {
  const tables = spec.tables.map((table) => {
    const published = { schema: table.schema, identifier: table.name }
    return { table, published, build: buildRelation(context.plan.buildSchema, published) }
  })
  // A key added to columns that may hold nulls has the server look through all rows once more.
  for (const { table, build } of tables)
    await context.warehouse.query(createTable(build, table.columns, { notNull: table.primaryKey }))
  const rows = await runGenerator(node, spec, loadParams(spec, context.params), tables, context)
  await Promise.all(tables.map(({ table, build }) => finishTable(table, build, context)))
  for (const { published, build } of tables) context.builds.add(published, build)
  const publish = tables.map(
    ({ published, build }): PublishAction => ({ kind: 'swap-table', build, published }),
  )
  return { rows, message: `${rows} rows`, publish }
}

/** The tables of a stream belong to whoever runs it: a build makes them where they are not there, and no more. */
async function standUp(spec: StreamSpec, { warehouse }: RunContext): Promise<StepOutcome> {
  const made = await warehouse.withSession((session) => ensureStreamTables(session, spec))
  const message = made.length > 0 ? `made ${made.join(' and ')}` : 'its tables are there'
  return { rows: null, message, publish: [] }
}

/** What a table gets when its rows are there: a key is built faster over all of them than row by row. */
async function finishTable(table: LoadTable, build: Relation, { warehouse }: RunContext): Promise<void> {
  if (table.primaryKey.length > 0) await warehouse.query(addPrimaryKey(build, table.primaryKey))
  await warehouse.query(analyzeRelation(build))
}
