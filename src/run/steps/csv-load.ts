import { createReadStream, existsSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { CsvSpec, LoadTable } from '../../core/load-spec.ts'
import type { LoadNode, Relation } from '../../core/node.ts'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import type { RunContext } from '../run-context.ts'

/** The file of a CSV load: relative to the project unless absolute. Throws a problem when it is not there. */
export function csvFile(node: LoadNode, file: string, projectRoot: string): string {
  const path = isAbsolute(file) ? file : join(projectRoot, file)
  if (existsSync(path)) return path
  throw new ProblemError(
    makeProblem('load-failed', `there is no file ${file}`, {
      place: node.place,
      hint: 'the path is relative to the project unless it is absolute',
    }),
  )
}

/** Streams a CSV, gzipped or not, into a built table as it is: the server reads the values. */
export async function loadCsv(
  node: LoadNode,
  spec: CsvSpec,
  file: string,
  { table, build }: { readonly table: LoadTable; readonly build: Relation },
  context: RunContext,
): Promise<number> {
  const path = csvFile(node, file, context.projectRoot)
  const { signal, emit } = context.effects
  let lines = 0
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
      emit({ type: 'node_progress', nodeId: node.id, rows: lines, expectedRows: null })
      done(null, chunk)
    },
  })
  return context.warehouse.withSession(async (session) => {
    const sink = session.copyIn(
      build,
      table.columns.map(({ name }) => name),
      {
        format: 'csv',
        header: spec.header,
        delimiter: spec.delimiter,
        nullText: spec.nullText,
      },
    )
    const source = createReadStream(path)
    const stages = path.endsWith('.gz') ? [source, createGunzip(), count] : [source, count]
    await pipeline([...stages, sink.writable], { signal, end: false })
    return (await sink.finish()).rows
  })
}
