import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { GeneratorDefinition, GeneratorPartition } from '../../core/generator.ts'
import type { GeneratorSpec, LoadTable, ParamValue } from '../../core/load-spec.ts'
import type { LoadNode, Relation } from '../../core/node.ts'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import { compiledModule, loadDefaultExport } from '../load-module.ts'
import type { RunContext } from '../run-context.ts'
import type { FromWorker, GeneratorWorkerData, ToWorker } from './generator-protocol.ts'

/*
 * A generator is spread over worker threads, each with its own connections, so that making rows and storing
 * them go on at once on all cores.
 */

/** Fills the built tables of a generator; returns the number of rows written. */
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
  const { password, ...connection } = context.connection
  const data: GeneratorWorkerData = {
    projectRoot: context.projectRoot,
    module: spec.module,
    params,
    tables,
    connection,
    password: password?.(),
    leaseToken: context.lease.token,
    statementTimeoutMs: context.configOf(node.id).timeoutMs,
  }
  let rows = 0
  const onRows = (more: number): void => {
    rows += more
    context.effects.emit({ type: 'node_progress', nodeId: node.id, rows, expectedRows })
  }
  let next = 0
  const takeNext = (): ToWorker =>
    next < partitions ? { type: 'partition', index: next++ } : { type: 'finish' }
  const count = Math.max(1, Math.min(context.threads, availableParallelism(), partitions))
  const stop = new AbortController()
  const signal = AbortSignal.any([context.effects.signal, stop.signal])
  const workers = Array.from({ length: count }, () => runWorker(data, takeNext, onRows, signal))
  try {
    await Promise.all(workers)
  } catch (error) {
    // One worker's failure is the load's: the others are stopped before their tables are dropped.
    stop.abort()
    await Promise.allSettled(workers)
    throw error
  }
  return rows
}

/** Runs one worker to its end; rejects when it fails or the signal stops it. */
function runWorker(
  data: GeneratorWorkerData,
  takeNext: () => ToWorker,
  onRows: (rows: number) => void,
  signal: AbortSignal,
): Promise<void> {
  // What a worker makes lives briefly, in chunks outside of its heap; a small heap keeps all workers small.
  const resourceLimits = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 512 }
  const worker = new Worker(compiledModule('run/steps/generator-worker.js'), {
    workerData: data,
    resourceLimits,
  })
  return new Promise<void>((resolve, reject) => {
    let failure: { readonly reason: unknown } | undefined
    // The first reason counts: ending the thread makes it exit, which would look like another.
    const fail = (reason: unknown): void => {
      failure ??= { reason }
      void worker.terminate().then(() => reject(failure!.reason))
    }
    const onAbort = (): void => fail(new ProblemError(makeProblem('cancelled', 'the load was cancelled')))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    worker.on('message', (message: FromWorker) => {
      switch (message.type) {
        case 'next':
          return worker.postMessage(takeNext())
        case 'rows':
          return onRows(message.rows)
        case 'finished':
          return resolve()
        case 'failed':
          return fail(new ProblemError(message.problems))
      }
    })
    worker.on('error', fail)
    worker.on('exit', (code) => fail(new Error(`the generator's worker ended with code ${code}`)))
  })
}
