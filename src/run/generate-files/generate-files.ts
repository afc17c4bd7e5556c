import { createWriteStream, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { GeneratorDefinition, GeneratorPartition, RowWriter } from '../../core/generator.ts'
import type { LoadTable, ParamValue } from '../../core/load-spec.ts'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import { loadDefaultExport } from '../load-module.ts'
import { makeFolder } from '../make-folder.ts'
import { type CsvWriter, makeCsvWriter } from './csv-writer.ts'

/*
 * Writes what a generator makes to files instead of a warehouse, or a part of it: each of several hosts may make
 * every n-th partition, and as partitions depend on the parameters alone, together they are the whole.
 */

export interface GenerateRequest {
  readonly projectRoot: string
  readonly module: string
  /** What the module's code and declaration amount to: parts made from another one do not fit together. */
  readonly checksum: string
  readonly tables: readonly LoadTable[]
  readonly params: Readonly<Record<string, ParamValue>>
  readonly folder: string
  /** Partition i is made when i mod `of` is `place` - 1. */
  readonly part: { readonly place: number; readonly of: number }
}

export interface GeneratedFiles {
  readonly partitions: number
  /** Partitions of this part that were there already. */
  readonly kept: number
  readonly rows: number
}

interface Effects {
  readonly signal: AbortSignal
  readonly onPartition: (done: number, of: number, rows: number) => void
}

const manifestName = 'generated.json'

/** Writes `<folder>/<schema>.<table>/part-<number>.csv.gz` for each partition of the part and each table. */
export async function generateFiles(request: GenerateRequest, effects: Effects): Promise<GeneratedFiles> {
  const { projectRoot, module, params, folder, part, tables } = request
  const definition = await loadDefaultExport<GeneratorDefinition<unknown, GeneratorPartition>>(
    projectRoot,
    module,
  )
  const partitions = planned(definition, params)
  makeFolder(folder)
  holdToEarlier(request, partitions.length)
  for (const table of tables) makeFolder(join(folder, nameOf(table)))
  const mine = [...partitions.keys()].filter((index) => index % part.of === part.place - 1)
  const digits = String(partitions.length).length
  let rows = 0
  let kept = 0
  for (const [done, index] of mine.entries()) {
    const files = tables.map((table) =>
      join(folder, nameOf(table), `part-${String(index + 1).padStart(digits, '0')}.csv.gz`),
    )
    if (files.every((file) => existsSync(file))) kept++
    else
      rows += await writePartition(definition, partitions[index]!, { files, tables, params }, effects.signal)
    effects.onPartition(done + 1, mine.length, rows)
  }
  return { partitions: mine.length, kept, rows }
}

function planned(
  definition: GeneratorDefinition<unknown, GeneratorPartition>,
  params: unknown,
): readonly GeneratorPartition[] {
  try {
    return definition.partitions(params)
  } catch (error) {
    throw new ProblemError(makeProblem('load-failed', (error as Error).message))
  }
}

/** Refuses to put parts of two worlds into one folder. */
function holdToEarlier({ folder, checksum, params, module }: GenerateRequest, partitions: number): void {
  const file = join(folder, manifestName)
  const now = { module, checksum, params, partitions }
  if (!existsSync(file)) {
    writeFileSync(file, `${JSON.stringify(now, null, 2)}\n`)
    return
  }
  if (JSON.stringify(JSON.parse(readFileSync(file, 'utf8'))) === JSON.stringify(now)) return
  throw new ProblemError(
    makeProblem('load-failed', `${file} is of another world: other parameters, or other code`, {
      hint: 'generate into a folder of its own, or with the parameters that stand there',
    }),
  )
}

/** Writes the files of one partition under other names first, so that a file that is there is whole. */
async function writePartition(
  definition: GeneratorDefinition<unknown, GeneratorPartition>,
  partition: GeneratorPartition,
  { files, tables, params }: { files: readonly string[]; tables: readonly LoadTable[]; params: unknown },
  signal: AbortSignal,
): Promise<number> {
  const open = tables.map((table, index) => openFile(table, `${files[index]!}.part`, signal))
  try {
    const writers: Record<string, RowWriter> = Object.fromEntries(
      tables.map((table, index) => [nameOf(table), open[index]!.writer]),
    )
    for (const _ of definition.generate(partition, { params, tables: writers })) {
      signal.throwIfAborted()
      for (const file of open) if (file.waits()) await file.drain()
    }
    await Promise.all(open.map((file) => file.close()))
  } catch (error) {
    for (const [index, file] of open.entries()) {
      file.abandon()
      rmSync(`${files[index]!}.part`, { force: true })
    }
    throw error
  }
  for (const file of files) renameSync(`${file}.part`, file)
  return open.reduce((sum, { writer }) => sum + writer.rows, 0)
}

interface OpenFile {
  readonly writer: CsvWriter
  readonly waits: () => boolean
  readonly drain: () => Promise<void>
  readonly close: () => Promise<void>
  readonly abandon: () => void
}

function openFile(table: LoadTable, path: string, signal: AbortSignal): OpenFile {
  const gzip = createGzip({ level: 6 })
  const written = pipeline(gzip, createWriteStream(path), { signal })
  // Whoever closes the file is told; until then nobody waits for it.
  written.catch(() => {})
  const writer = makeCsvWriter(nameOf(table), table.columns, (chunk) => gzip.write(chunk))
  return {
    writer,
    waits: () => gzip.writableNeedDrain,
    drain: () => Promise.race([new Promise<void>((resolve) => gzip.once('drain', () => resolve())), written]),
    close: () => {
      writer.finish()
      gzip.end()
      return written
    },
    abandon: () => gzip.destroy(),
  }
}

function nameOf({ schema, name }: LoadTable): string {
  return `${schema}.${name}`
}
