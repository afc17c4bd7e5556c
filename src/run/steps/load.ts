import type { GeneratorSpec, StreamSpec } from '../../core/load-spec.ts'
import type { LoadNode } from '../../core/node.ts'
import { ensureStreamTables } from '../../stream/ensure-tables.ts'
import type { PublishAction } from '../../warehouse/index.ts'
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
  const rows = await runGenerator(node, spec, loadParams(spec, context.params), tables, context)
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
