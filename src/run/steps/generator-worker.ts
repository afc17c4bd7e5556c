import { parentPort, workerData } from 'node:worker_threads'
import type { GeneratorDefinition, GeneratorPartition } from '../../core/generator.ts'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import { makeRowsWriter } from '../../warehouse/copy/binary-writer.ts'
import { loadDefaultExport } from '../load-module.ts'
import type { FromWorker, GeneratorWorkerData, ToWorker } from './generator-protocol.ts'

/*
 * A worker thread that makes partitions of a generator: rows in chunks of 256 KiB, which are handed to the runner
 * without being copied, and come back to be filled again. When the server is slower the generator waits, so memory stays flat however many rows
 * there are.
 */

interface MadeChunk {
  readonly table: number
  readonly bytes: Uint8Array
}

const data = workerData as GeneratorWorkerData
const port = parentPort!
const say = (message: FromWorker): void => port.postMessage(message)

/** How many chunks may be on their way. */
const mostUnderWay = 4
let underWay = 0
/** Memory of chunks that have gone, to be filled again. */
const spare: ArrayBuffer[] = []
/** Who waits for a chunk to be taken, or for work. */
let onTaken: (() => void) | undefined
let onWork: ((message: ToWorker) => void) | undefined

port.on('message', (message: ToWorker) => {
  if (message.type !== 'taken') return onWork?.(message)
  spare.push(...message.memory)
  underWay--
  onTaken?.()
})

async function sendChunks(chunks: MadeChunk[]): Promise<void> {
  for (const { table, bytes } of chunks.splice(0)) {
    while (underWay >= mostUnderWay) await new Promise<void>((resolve) => (onTaken = resolve))
    underWay++
    const message: FromWorker = { type: 'chunk', table, bytes }
    port.postMessage(message, [bytes.buffer as ArrayBuffer])
  }
}

async function makePartitions(definition: GeneratorDefinition<unknown, GeneratorPartition>): Promise<void> {
  const partitions = definition.partitions(data.params)
  const chunks: MadeChunk[] = []
  const made = data.tables.map(({ schema, name, columns }, table) => {
    const key = `${schema}.${name}`
    return {
      key,
      writer: makeRowsWriter(
        key,
        columns,
        (bytes) => chunks.push({ table, bytes }),
        () => spare.pop(),
      ),
    }
  })
  const tables = Object.fromEntries(made.map(({ key, writer }) => [key, writer]))
  let reported = 0
  const report = (): void => {
    const rows = made.reduce((sum, { writer }) => sum + writer.rows, 0)
    if (rows > reported) say({ type: 'rows', rows: rows - reported })
    reported = rows
  }
  for (let message = await nextMessage(); message.type === 'partition'; message = await nextMessage()) {
    for (const _ of definition.generate(partitions[message.index]!, { params: data.params, tables }))
      if (chunks.length > 0) await sendChunks(chunks)
    report()
  }
  for (const { writer } of made) writer.finish()
  await sendChunks(chunks)
  report()
}

/** Asks for work and waits for the answer. */
function nextMessage(): Promise<ToWorker> {
  return new Promise((resolve) => {
    onWork = resolve
    say({ type: 'next' })
  })
}

async function main(): Promise<void> {
  const { projectRoot, module } = data
  await makePartitions(
    await loadDefaultExport<GeneratorDefinition<unknown, GeneratorPartition>>(projectRoot, module),
  )
}

/** The last word: whoever listens on would keep the thread, and with it the command, from ending. */
function end(message: FromWorker): void {
  say(message)
  port.close()
}

main().then(
  () => end({ type: 'finished' }),
  (error: unknown) => {
    const problems =
      error instanceof ProblemError
        ? error.problems
        : [
            makeProblem(
              'load-failed',
              `${data.module}: ${error instanceof Error ? error.message : String(error)}`,
            ),
          ]
    end({ type: 'failed', problems })
  },
)
