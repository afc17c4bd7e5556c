import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { GeneratorDefinition, GeneratorPartition } from '../../core/generator.ts'
import type { GeneratorSpec, LoadTable, ParamValue } from '../../core/load-spec.ts'
import type { LoadNode, Relation } from '../../core/node.ts'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import { compiledModule, loadDefaultExport } from '../load-module.ts'
import type { RunContext } from '../run-context.ts'
import { withFilling } from './fill-tables.ts'
import type { FromWorker, GeneratorWorkerData, ToWorker } from './generator-protocol.ts'

/*
 * A generator is spread over worker threads, which make the rows; they go to the server in one COPY for each table.
 */

/** Makes the tables of a generator, with all rows and keys; returns the number of rows written. */
export async function runGenerator(
  node: LoadNode,
  spec: GeneratorSpec,
  params: Readonly<Record<string, ParamValue>>,
  tables: readonly { readonly table: LoadTable; readonly build: Relation }[],
  context: RunContext,
): Promise<number> {
  const definition = await loadDefaultExport<GeneratorDefinition<unknown, GeneratorPartition>>(
    context.projectRoot,
    spec.module,
  )
  const partitions = definition.partitions(params).length
  const expectedRows = definition.expectedRows(params)
  const { projectRoot } = context
  const data = { projectRoot, module: spec.module, params, tables: tables.map(({ table }) => table) }
  let rows = 0
  let next = 0
  const takeNext = (): ToWorker =>
    next < partitions ? { type: 'partition', index: next++ } : { type: 'finish' }
  const count = Math.max(1, Math.min(context.threads, availableParallelism(), partitions))
  const stop = new AbortController()
  const signal = AbortSignal.any([context.effects.signal, stop.signal])
  await withFilling(node, tables, context, async (send) => {
    const desk: Desk = {
      takeNext,
      send,
      onRows: (more) => {
        rows += more
        context.effects.emit({ type: 'node_progress', nodeId: node.id, rows, expectedRows })
      },
    }
    const workers = Array.from({ length: count }, () => runWorker(data, desk, signal))
    try {
      await Promise.all(workers)
    } catch (error) {
      // One worker's failure is the load's: the others are stopped before their tables are gone.
      stop.abort()
      await Promise.allSettled(workers)
      throw error
    }
  })
  return rows
}

/** What a worker is given and where its rows go. */
interface Desk {
  readonly takeNext: () => ToWorker
  readonly send: (table: number, bytes: Uint8Array) => Promise<void>
  readonly onRows: (rows: number) => void
}

/**
 * A chunk of more bytes than any stream on its way holds back has left all of them when more may come. Its memory goes
 * back to the worker then: made anew for each chunk, it would have both threads collect garbage all the time.
 */
const longEnough = 128 * 1024

/** Runs one worker to its end; rejects when it fails or the signal stops it. */
function runWorker(
  data: GeneratorWorkerData,
  { takeNext, send, onRows }: Desk,
  signal: AbortSignal,
): Promise<void> {
  // What a worker makes lives briefly, in chunks outside of its heap; a small heap keeps all workers small.
  const resourceLimits = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 512 }
  const worker = new Worker(compiledModule('run/steps/generator-worker.js'), {
    workerData: data,
    resourceLimits,
  })
  return new Promise<void>((resolve, reject) => {
    const say = (message: ToWorker): void => worker.postMessage(message)
    const giveBack = (bytes: Uint8Array): void => {
      const memory = bytes.length < longEnough ? [] : [bytes.buffer as ArrayBuffer]
      worker.postMessage({ type: 'taken', memory } satisfies ToWorker, memory)
    }
    const sending = new Set<Promise<void>>()
    let isFinished = false
    let failure: { readonly reason: unknown } | undefined
    // The first reason counts: ending the thread makes it exit, which would look like another.
    const fail = (reason: unknown): void => {
      failure ??= { reason }
      void worker.terminate().then(() => reject(failure!.reason))
    }
    const passOn = (table: number, bytes: Uint8Array): void => {
      const sent = send(table, bytes).then(() => {
        sending.delete(sent)
        giveBack(bytes)
      }, fail)
      sending.add(sent)
    }
    const onAbort = (): void => fail(new ProblemError(makeProblem('cancelled', 'the load was cancelled')))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    worker.on('message', (message: FromWorker) => {
      switch (message.type) {
        case 'next':
          return say(takeNext())
        case 'chunk':
          return passOn(message.table, message.bytes)
        case 'rows':
          return onRows(message.rows)
        case 'finished':
          // It ends before the server has all that it made.
          isFinished = true
          return void Promise.all(sending).then(() => failure ?? resolve())
        case 'failed':
          return fail(new ProblemError(message.problems))
      }
    })
    worker.on('error', fail)
    worker.on('exit', (code) => {
      if (!isFinished) fail(new Error(`the generator's worker ended with code ${code}`))
    })
  })
}
