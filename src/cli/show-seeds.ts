import type { Manifest } from '../core/manifest.ts'
import type { RunResult } from '../core/run-result.ts'
import { sql, type Warehouse } from '../warehouse/index.ts'
import type { CommandContext } from './command-context.ts'
import { formatRows } from './display/rows.ts'

const rowsShown = 10

/** Prints rows of the seeds that were loaded, as `seed --show` asks for. */
export async function showSeeds(
  { terminal }: Pick<CommandContext, 'terminal'>,
  manifest: Manifest,
  result: RunResult,
  warehouse: Pick<Warehouse, 'query'>,
): Promise<void> {
  if (!result.published) return
  for (const { nodeId, status } of result.results) {
    const node = manifest.nodes[nodeId]
    if (node?.resourceType !== 'seed' || status !== 'success') continue
    const { schema, identifier } = node.relation
    const { rows } = await warehouse.query<Record<string, unknown>>(
      sql`select * from ${sql.ident(schema, identifier)} limit ${rowsShown}`,
    )
    terminal.out.write(`${schema}.${identifier}\n${formatRows(rows, 'table', terminal.out)}\n`)
  }
}
