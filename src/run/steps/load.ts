import type { LoadSpec, LoadTable } from '../../core/load-spec.ts'
import type { LoadNode, Relation } from '../../core/node.ts'
import { addPrimaryKey, analyzeRelation, createTable, type PublishAction } from '../../warehouse/index.ts'
import { loadParams } from '../load-fingerprint.ts'
import { buildRelation } from '../relations.ts'
import type { RunContext, StepRunner } from '../run-context.ts'
import { loadCsv } from './csv-load.ts'
import { runGenerator } from './generator-load.ts'

/** Fills a load's tables in the dark. */
export const runLoad: StepRunner<LoadNode> = async (node, step, context) => {
  if (step.action === 'reuse') return { rows: null, message: 'unchanged', publish: [] }
  const tables = node.spec.tables.map((table) => {
    const published = { schema: table.schema, identifier: table.name }
    return { table, published, build: buildRelation(context.plan.buildSchema, published) }
  })
  for (const { table, build } of tables) await context.warehouse.query(createTable(build, table.columns))
  const rows = await fill(node, node.spec, tables, context)
  await Promise.all(tables.map(({ table, build }) => finishTable(table, build, context)))
  for (const { published, build } of tables) context.builds.add(published, build)
  const publish = tables.map(
    ({ published, build }): PublishAction => ({ kind: 'swap-table', build, published }),
  )
  return { rows, message: `${rows} rows`, publish }
}

/** What a table gets when its rows are there: a key is built faster over all of them than row by row. */
async function finishTable(table: LoadTable, build: Relation, { warehouse }: RunContext): Promise<void> {
  if (table.primaryKey.length > 0) await warehouse.query(addPrimaryKey(build, table.primaryKey))
  await warehouse.query(analyzeRelation(build))
}

function fill(
  node: LoadNode,
  spec: LoadSpec,
  tables: Parameters<typeof runGenerator>[3],
  context: RunContext,
): Promise<number> {
  switch (spec.kind) {
    case 'generator':
      return runGenerator(node, spec, loadParams(spec, context.params), tables, context)
    case 'csv':
      return loadCsv(node, spec, String(context.renderer.renderValue(spec.file)), tables[0]!, context)
  }
}
