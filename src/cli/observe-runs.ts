import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLineageEvent } from '../schedule/open-lineage.ts'
import type { Tracing } from '../schedule/open-telemetry.ts'
import { type StepNode, stepNodes } from '../schedule/step-nodes.ts'
import type { WorkerEvent } from '../schedule/worker.ts'
import type { ClaimedStep } from '../store/dags/index.ts'
import type { Warehouse } from '../warehouse/index.ts'
import type { CommandContext } from './command-context.ts'
import { artifactFolder } from './dag-step.ts'
import type { OpenTarget } from './open-target.ts'
import { packageVersion } from './version.ts'

/*
 * Tells those who watch from outside what becomes of steps: OpenLineage events go to OPENLINEAGE_URL, spans of
 * OpenTelemetry to where the standard variables say. Neither delays a step, and who does not take it misses it.
 */

export interface RunObserver {
  readonly emit: (event: WorkerEvent) => void
  /** Waits a moment for what is being sent. */
  readonly close: () => Promise<void>
}

const timeoutMs = 5_000

/** Makes what tells of steps; it tells nobody where nobody is named. */
export async function observeRuns(
  context: CommandContext,
  opened: OpenTarget,
  { target }: Pick<Warehouse, 'target'>,
): Promise<RunObserver> {
  const { environment, clock, log } = context
  const url = environment['OPENLINEAGE_URL']
  const tracing = await openTracing(context)
  if (!url && !tracing) return { emit: () => {}, close: async () => {} }
  const begun = new Map<string, Date>()
  const sending = new Set<Promise<unknown>>()
  const names = {
    namespace: environment['OPENLINEAGE_NAMESPACE'] ?? opened.config.name,
    datasets: `postgres://${target.host}:${target.port}`,
  }
  const send = (event: WorkerEvent, at: Date, nodes: readonly StepNode[]): void => {
    const body = url ? openLineageEvent(event, { ...names, at, nodes }) : null
    if (!url || !body) return
    const sent = post(url, environment, body).catch((error: unknown) =>
      log.write('debug', `OpenLineage: ${String(error)}`),
    )
    sending.add(sent)
    void sent.finally(() => sending.delete(sent))
  }
  return {
    emit(event) {
      if (event.type !== 'step_started' && event.type !== 'step_ended') return
      const at = clock()
      if (event.type === 'step_started') begun.set(event.step.runId, at)
      const nodes = event.type === 'step_ended' ? nodesOf(opened.targetPath, event.step) : []
      send(event, at, nodes)
      if (event.type !== 'step_ended') return
      tracing?.stepEnded({ event, startedAt: begun.get(event.step.runId) ?? at, endedAt: at, nodes })
      begun.delete(event.step.runId)
    },
    async close() {
      const all = Promise.allSettled([...sending, tracing?.close()])
      const over = new AbortController()
      await Promise.race([all, sleep(timeoutMs, undefined, { signal: over.signal }).catch(() => {})])
      over.abort()
    },
  }
}

/** Loaded only where it is asked for. */
async function openTracing({ environment, narrator }: CommandContext): Promise<Tracing | null> {
  // The same as wantsSpans, whose file loads what is large.
  if (!environment['OTEL_EXPORTER_OTLP_ENDPOINT'] && !environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'])
    return null
  const { makeExporter, makeTracing, otlpProtocol, wantsSpans } = await import(
    '../schedule/open-telemetry.ts'
  )
  if (!wantsSpans(environment)) return null
  const protocol = otlpProtocol(environment)
  if (protocol !== null) return makeTracing(await makeExporter(protocol), packageVersion())
  narrator.note('OpenTelemetry: spans are sent by http/protobuf or http/json only, so none are')
  return null
}

/** The nodes of a step that has ended, from its artifacts on this machine. */
function nodesOf(targetPath: string, { dagRunId, step, try: number }: ClaimedStep): StepNode[] {
  const folder = artifactFolder(targetPath, dagRunId, step, number)
  const [results, manifest] = [
    readJson(join(folder, 'run_results.json')),
    readJson(join(folder, 'manifest.json')),
  ]
  // A program, or a step that ended before it knew its nodes.
  if (!results || !manifest) return []
  return stepNodes({ results, manifest, compiled: readJson(join(targetPath, 'manifest.json')) })
}

function readJson(path: string) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
}

async function post(
  url: string,
  environment: CommandContext['environment'],
  body: Readonly<Record<string, unknown>>,
): Promise<void> {
  const key = environment['OPENLINEAGE_API_KEY']
  const path = environment['OPENLINEAGE_ENDPOINT'] ?? 'api/v1/lineage'
  const response = await fetch(new URL(path, url.endsWith('/') ? url : `${url}/`), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`it answered ${response.status}`)
}
