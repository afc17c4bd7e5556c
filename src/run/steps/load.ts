import type { LoadSpec } from '../../core/load-spec.ts'
import type { LoadNode } from '../../core/node.ts'
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
  for (const { table, build } of tables) {
    // A key is built faster over a full table than row by row.
    if (table.primaryKey.length > 0) await context.warehouse.query(addPrimaryKey(build, table.primaryKey))
    await context.warehouse.query(analyzeRelation(build))
  }
  for (const { published, build } of tables) context.builds.add(published, build)
  const publish = tables.map(
    ({ published, build }): PublishAction => ({ kind: 'swap-table', build, published }),
  )
  return { rows, message: `${rows} rows`, publish }
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
