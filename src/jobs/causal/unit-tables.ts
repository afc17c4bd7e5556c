import type { Relation } from '../../core/node.ts'
import { createTable, type Session } from '../../warehouse/index.ts'
import type { JobColumn, JobTable } from '../job.ts'

/*
 * Tables with a row for each unit or pair: they go to the server as one stream, with the units' own keys.
 */

/** Column by column, values by row; null where there is none. */
export interface UnitColumn extends JobColumn {
  readonly at: (row: number) => string | number | boolean | null
}

const chunkBytes = 256 * 1024

/** Writes the rows into the relation, in the dark. */
export async function writeUnitTable(
  session: Session,
  relation: Relation,
  suffix: string,
  rows: number,
  columns: readonly UnitColumn[],
): Promise<JobTable> {
  await session.query(createTable(relation, columns))
  const names = columns.map(({ name }) => name)
  const sink = session.copyIn(relation, names, { format: 'text' })
  try {
    let lines = ''
    for (let row = 0; row < rows; row++) {
      lines += `${columns.map(({ at }) => fieldOf(at(row))).join('\t')}\n`
      if (lines.length < chunkBytes) continue
      await sink.write(Buffer.from(lines))
      lines = ''
    }
    if (lines !== '') await sink.write(Buffer.from(lines))
    await sink.finish()
  } catch (error) {
    await sink.abort(error as Error)
    throw error
  }
  return { kind: 'built', suffix, rows }
}

function fieldOf(value: string | number | boolean | null): string {
  if (value === null) return '\\N'
  if (typeof value !== 'string') return String(value)
  return value.replace(/[\\\t\n\r]/g, (character) => escapes[character]!)
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }
