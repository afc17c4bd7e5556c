import type { EventStream } from '../../core/events/event-stream.ts'
import type { Manifest } from '../../core/manifest.ts'
import type { RunEvent } from '../../core/run-event.ts'
import type { ArtifactOptions } from '../artifacts/artifact-metadata.ts'
import { makeNodeInfo } from './node-info.ts'
import type { RunTeller } from './run-teller.ts'
import { describeNode, tellResult } from './tell-result.ts'
import { tellSummary } from './tell-summary.ts'
import { tellTemplate } from './tell-template.ts'

/*
 * Tells on the stream of the command what a run says of its work, under dbt's names where dbt has them.
 */

/** Makes what is given the events of a run, one after the other. */
export function makeRunTeller(
  stream: EventStream,
  manifest: Pick<Manifest, 'nodes' | 'quoting'>,
  target: ArtifactOptions['target'],
  threads: number,
): (event: RunEvent) => void {
  const teller = {
    stream,
    manifest,
    nodeInfo: makeNodeInfo(manifest, target),
    threads,
    targetName: target.name,
  }
  return (event) => tellRunEvent(event, teller)
}

function tellRunEvent(event: RunEvent, teller: RunTeller): void {
  const { stream, threads, targetName } = teller
  switch (event.type) {
    case 'run_started': {
      const { runId, command, publish, buildSchema, steps } = event.plan
      const data = { run_id: runId, command, publish, build_schema: buildSchema, total: steps.length }
      stream.tell({
        name: 'ConcurrencyLine',
        level: 'info',
        msg: `Concurrency: ${threads} threads (target='${targetName}')`,
        data: { num_threads: threads, target_name: targetName, node_count: steps.length },
      })
      stream.tell({
        name: 'RunStarted',
        level: 'info',
        msg: `${command} of ${steps.length} nodes`,
        data,
      })
      break
    }
    case 'waiting_for_lock': {
      const { holder, holders } = event
      const msg = `Waiting for another run to finish: ${holder}`
      stream.tell({
        name: 'WaitingForLease',
        level: 'info',
        msg,
        data: { holder, holders: holders.map((one) => ({ ...one })) },
      })
      break
    }
    case 'durations_known':
      break
    case 'node_started':
      tellStart(event, teller)
      break
    case 'node_retried':
    case 'node_progress':
      tellWorking(event, teller)
      break
    case 'batch_finished':
      tellBatch(event, teller)
      break
    case 'node_finished':
      tellResult(event, teller)
      break
    case 'publish_started': {
      const { relations } = event
      const msg = `Publishing ${relations} relations`
      stream.tell({ name: 'PublishStarted', level: 'info', msg, data: { relations } })
      break
    }
    case 'publish_finished': {
      const { relations, durationMs } = event
      const msg = `Published ${relations} relations in ${(durationMs / 1000).toFixed(2)}s`
      const data = { relations, duration_ms: durationMs }
      stream.tell({ name: 'PublishFinished', level: 'info', msg, data })
      break
    }
    case 'log': {
      const { level, message, nodeId, voice } = event
      if (voice) tellTemplate(message, voice, stream)
      else
        stream.tell({
          name: 'Note',
          level,
          msg: message,
          data: { msg: message },
          ...(nodeId && { nodeId }),
        })
      break
    }
    case 'run_finished':
      tellSummary(event.result, teller)
      break
  }
}

function tellStart(event: RunEvent & { readonly type: 'node_started' }, teller: RunTeller): void {
  const { nodeId, index, total, at } = event
  const { stream, nodeInfo } = teller
  const node_info = nodeInfo(nodeId, { status: 'started', startedAt: at })
  const description = describeNode(nodeId, teller)
  const id = node_info.unique_id
  stream.tell({
    name: 'LogStartLine',
    level: 'info',
    msg: `${index} of ${total} START ${description}`,
    data: { node_info, index, total, description },
    nodeId,
  })
  stream.tell({
    name: 'NodeStart',
    level: 'debug',
    msg: `Began running node ${id}`,
    data: { node_info },
    nodeId,
  })
}

function tellWorking(
  event: RunEvent & { readonly type: 'node_retried' | 'node_progress' },
  { stream, nodeInfo }: RunTeller,
): void {
  const { nodeId } = event
  const node_info = nodeInfo(nodeId, { status: 'executing' })
  if (event.type === 'node_progress') {
    const { rows, expectedRows } = event
    const data = { node_info, rows, expected_rows: expectedRows }
    const msg = `${node_info.unique_id}: ${rows} rows`
    stream.tell({ name: 'NodeProgress', level: 'debug', msg, data, nodeId })
    return
  }
  const { attempt, pauseMs, reason } = event
  const msg = `${node_info.unique_id} is tried again in ${pauseMs} ms: ${reason}`
  const data = { node_info, attempt, pause_ms: pauseMs, reason }
  stream.tell({ name: 'NodeRetried', level: 'warn', msg, data, nodeId })
}

function tellBatch(event: RunEvent & { readonly type: 'batch_finished' }, teller: RunTeller): void {
  const { nodeId, done, total, batch } = event
  const description = `batch ${batch.id} of ${describeNode(nodeId, teller)}`
  teller.stream.tell({
    name: 'LogBatchResult',
    level: batch.status === 'error' ? 'error' : 'info',
    msg: `Batch ${done} of ${total} ${batch.status} ${description}`,
    data: {
      node_info: teller.nodeInfo(nodeId, { status: 'executing' }),
      ...{ description, status: batch.status, batch_index: done, total_batches: total },
    },
    nodeId,
  })
}
