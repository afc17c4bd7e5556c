import { open, rename, rm, stat } from 'node:fs/promises'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { type ExportFile, unfinishedPath } from './export-file.ts'
import { type ExportColumn, exportProblem } from './export-query.ts'
import { parquetColumn } from './parquet-columns.ts'

/*
 * A Parquet file that is being written from what COPY sends as text: rows are gathered until they make a group.
 */

/** A group is written when it has so many rows, or so many bytes of text. */
const groupRows = 100_000
const groupBytes = 32 * 1024 * 1024

/** Begins a file. */
export async function openParquetFile(
  path: string,
  { columns, commandId }: { columns: readonly ExportColumn[]; commandId: string },
): Promise<ExportFile> {
  const unfinished = await unfinishedPath(path, commandId)
  const file = await open(unfinished, 'wx')
  const fields = columns.map(parquetColumn)
  const writer = new ByteWriter(1024 * 1024)
  const parquet = new ParquetWriter({
    writer,
    schema: [{ name: 'root', num_children: fields.length }, ...fields.map(({ element }) => element)],
    createdBy: 'estimand',
  })
  let group: unknown[][] = fields.map(() => [])
  let bytes = 0
  let rest: Buffer = Buffer.alloc(0)
  let isOpen = true
  const close = async () => {
    if (isOpen) await file.close()
    isOpen = false
  }
  /** Puts on the disk what has been made. */
  const drain = async () => {
    await file.appendFile(writer.getBytes())
    writer.index = 0
  }
  const writeGroup = async () => {
    const size = group[0]!.length
    if (size === 0) return
    const columnData = fields.map(({ element: { name } }, at) => ({ name, data: group[at]! }))
    parquet.write({ columnData, rowGroupSize: size })
    group = fields.map(() => [])
    bytes = 0
    await drain()
  }
  const add = (line: string) => {
    const values = line.split('\t')
    for (const [at, { read, element }] of fields.entries())
      group[at]!.push(values[at] === '\\N' ? null : readValue(values[at]!, read, element.name))
  }
  return {
    async write(records) {
      const all = rest.length > 0 ? Buffer.concat([rest, records]) : records
      const end = all.lastIndexOf(10) + 1
      rest = Buffer.from(all.subarray(end))
      if (end === 0) return
      for (const line of all.toString('utf8', 0, end - 1).split('\n')) {
        add(line)
        if (group[0]!.length >= groupRows) await writeGroup()
      }
      bytes += end
      if (bytes >= groupBytes) await writeGroup()
    },
    async finish() {
      await writeGroup()
      parquet.finish()
      await drain()
      // The file waits for its name, with others maybe: it is not to hold what it was made in until then.
      writer.buffer = new ArrayBuffer(0)
      writer.view = new DataView(writer.buffer)
      await file.sync()
      await close()
    },
    async publish() {
      await rename(unfinished, path)
      return (await stat(path)).size
    },
    async discard() {
      await close()
      await rm(unfinished, { force: true })
    },
  }
}

function readValue(text: string, read: (text: string) => unknown, column: string): unknown {
  try {
    return read(text.includes('\\') ? unescaped(text) : text)
  } catch (error) {
    throw exportProblem(
      `'${column}' cannot be written: ${(error as Error).message}`,
      `make a text of it in a query: --inline "select …, ${column}::text from …"`,
    )
  }
}

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** As COPY writes special characters in its text format. */
function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_all, letter: string) => escapes[letter] ?? letter)
}
