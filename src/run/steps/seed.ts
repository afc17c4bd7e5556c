import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { SeedNode } from '../../core/node.ts'
import { createTable } from '../../warehouse/index.ts'
import { inferCsvTypes } from '../csv/infer-types.ts'
import { runPostHooks, runPreHooks } from '../hooks.ts'
import { buildRelation } from '../relations.ts'
import type { StepRunner } from '../run-context.ts'

/** Loads a seed by COPY: the file is read twice, once for the types of its columns, and never held in memory. */
export const runSeed: StepRunner<SeedNode> = async (node, _step, context) => {
  const file = join(context.projectRoot, node.path)
  const inferred = await inferCsvTypes(file, node.path, node.delimiter)
  const columns = inferred.map(({ name, type }) => ({ name, type: node.columnTypes[name] ?? type }))
  const build = buildRelation(context.plan.buildSchema, node.relation)
  const names = columns.map(({ name }) => name)
  return context.warehouse.withSession(async (session) => {
    await runPreHooks(session, node, false, build, context)
    await session.query(createTable(build, columns))
    const sink = session.copyIn(build, names, {
      format: 'csv',
      header: true,
      delimiter: node.delimiter,
      // An empty field is null, with quotes or without.
      forceNull: names,
    })
    await pipeline(createReadStream(file), sink.writable, { signal: context.effects.signal, end: false })
    const { rows } = await sink.finish()
    context.builds.add(node.relation, build)
    await runPostHooks(session, node, build, context)
    return {
      rows,
      message: `${rows} rows`,
      publish: [{ kind: 'swap-table', build, published: node.relation }],
    }
  })
}
