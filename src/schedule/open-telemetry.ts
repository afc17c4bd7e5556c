import { createHash, randomBytes } from 'node:crypto'
import { ROOT_CONTEXT, type SpanContext, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import { reasonOf } from './notify/send-notice.ts'
import type { StepNode } from './step-nodes.ts'
import type { WorkerEvent } from './worker.ts'

/*
 * Spans for OpenTelemetry: one for each run of a DAG, in it one for each try of a step, in that one for each node. A run
 * is one trace, whose ids come from those of the run and its tries, so that what several workers tell of it fits
 * together. A span is told when it is over: a worker that dies tells nothing of the step that another takes over.
 */

export interface Tracing {
  /** Tells of a step that has ended, and of its run where that has ended with it. */
  readonly stepEnded: (ended: EndedStep) => void
  /** Sends what is left, and ends. */
  readonly close: () => Promise<void>
}

export interface EndedStep {
  readonly event: Extract<WorkerEvent, { readonly type: 'step_ended' }>
  readonly startedAt: Date
  readonly endedAt: Date
  readonly nodes: readonly StepNode[]
}

type Environment = Readonly<Record<string, string | undefined>>

/** Whether the standard variables ask for spans. */
export function wantsSpans(environment: Environment): boolean {
  const { OTEL_SDK_DISABLED, OTEL_TRACES_EXPORTER } = environment
  const endpoint =
    environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || environment['OTEL_EXPORTER_OTLP_ENDPOINT']
  return Boolean(endpoint) && OTEL_SDK_DISABLED?.toLowerCase() !== 'true' && OTEL_TRACES_EXPORTER !== 'none'
}

/** Which way of sending is asked for; null for one that is not spoken here. */
export function otlpProtocol(environment: Environment): 'http/json' | 'http/protobuf' | null {
  const asked =
    environment['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] ||
    environment['OTEL_EXPORTER_OTLP_PROTOCOL'] ||
    'http/protobuf'
  return asked === 'http/json' || asked === 'http/protobuf' ? asked : null
}

/** Loads what sends spans; where to it reads from the environment of the process. */
export async function makeExporter(protocol: 'http/json' | 'http/protobuf'): Promise<SpanExporter> {
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto')
  return new OTLPTraceExporter()
}

/**
 * The spans of a step are told all at once when it has ended, and what finds no room is lost: a project of ten thousand
 * models with a test each has to fit. An exporter sends at most 30 batches at the same time when it is to end.
 */
const room = { maxQueueSize: 20_480, maxExportBatchSize: 1024 }

/** Makes what tells spans to an exporter; `onLost` is told why some could not be sent, without address and headers. */
export function makeTracing(
  exporter: SpanExporter,
  version: string,
  onLost: (reason: string) => void = () => {},
): Tracing {
  const ids = { traceId: '', spanId: null as string | null }
  const provider = new TracerProvider({
    // What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say goes over it.
    resource: resourceFromAttributes({ 'service.name': 'estimand', 'service.version': version }).merge(
      detectResources({ detectors: [envDetector] }),
    ),
    spanProcessors: [new BatchSpanProcessor({ exporter: watched(exporter, onLost), ...room })],
    idGenerator: {
      generateTraceId: () => ids.traceId,
      generateSpanId: () => ids.spanId ?? randomBytes(8).toString('hex'),
    },
  })
  const tracer = provider.getTracer('estimand', version)
  const tell = (span: ToldSpan): void => {
    Object.assign(ids, { traceId: span.traceId, spanId: span.spanId })
    const parent = span.parent ? trace.setSpanContext(ROOT_CONTEXT, span.parent) : ROOT_CONTEXT
    const { startTime, attributes } = span
    const told = tracer.startSpan(span.name, { startTime, attributes }, parent)
    if (span.error !== null) told.setStatus({ code: SpanStatusCode.ERROR, message: span.error })
    told.end(span.endTime)
  }
  return {
    stepEnded: (ended) => {
      for (const span of spansOf(ended)) tell(span)
    },
    close: () => provider.shutdown(),
  }
}

/** What goes wrong while sending is otherwise known to nobody. */
function watched(exporter: SpanExporter, onLost: (reason: string) => void): SpanExporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.error) onLost(`${spans.length} spans lost: ${lossReason(result.error)}`)
        done(result)
      }),
    shutdown: () => exporter.shutdown(),
  }
}

function lossReason(error: Error): string {
  const { code } = error as { code?: unknown }
  return typeof code === 'number' ? `it answered ${code}` : reasonOf(error)
}

interface ToldSpan {
  readonly traceId: string
  /** Null for any. */
  readonly spanId: string | null
  readonly parent: SpanContext | null
  readonly name: string
  readonly startTime: Date
  readonly endTime: Date
  readonly attributes: Readonly<Record<string, string | number>>
  readonly error: string | null
}

function spansOf({ event, startedAt, endedAt, nodes }: EndedStep): ToldSpan[] {
  const { step: claimed, outcome, after } = event
  const { dag, step, dagRunId, run, runId } = claimed
  const traceId = dagRunId.replaceAll('-', '')
  const contextOf = (spanId: string): SpanContext => ({ traceId, spanId, traceFlags: TraceFlags.SAMPLED })
  const runSpanId = spanIdOf(`${dagRunId} ${run.retryCount}`)
  const stepSpanId = spanIdOf(runId)
  const ofRun = {
    'estimand.dag': dag.name,
    'estimand.dag_run_id': dagRunId,
    'estimand.cause': run.cause,
    'estimand.interval_start': run.intervalStart,
    'estimand.interval_end': run.intervalEnd,
  }
  const ofStep: ToldSpan = {
    ...{ traceId, spanId: stepSpanId, parent: contextOf(runSpanId), name: `${dag.name}.${step}` },
    ...{ startTime: startedAt, endTime: endedAt },
    attributes: {
      ...ofRun,
      'estimand.step': step,
      'estimand.run_id': runId,
      'estimand.try': claimed.try,
      'estimand.status': outcome.status,
      ...(outcome.exitCode !== null && { 'estimand.exit_code': outcome.exitCode }),
    },
    error: outcome.status === 'success' ? null : outcome.message,
  }
  const ofNodes = nodes.flatMap((node): ToldSpan[] => {
    const { nodeId, status } = node
    const hasFailed = status === 'error' || status === 'fail'
    // One that failed before it began has a span as well, for that is what people look for.
    const from = node.startedAt ?? (hasFailed ? endedAt : null)
    if (from === null) return []
    return [
      {
        ...{ traceId, spanId: null, parent: contextOf(stepSpanId), name: nodeId },
        ...{ startTime: new Date(from), endTime: new Date(node.finishedAt ?? endedAt) },
        attributes: { 'estimand.node': nodeId, 'estimand.status': status },
        error: hasFailed ? node.message : null,
      },
    ]
  })
  // What a run comes down to first, and failures before the rest: if there is no room for all, it is the rest that is lost.
  const failed = ofNodes.filter(({ error }) => error !== null)
  const told = [ofStep, ...failed, ...ofNodes.filter(({ error }) => error === null)]
  if (!after.ended) return told
  const ofWholeRun: ToldSpan = {
    ...{ traceId, spanId: runSpanId, parent: null, name: dag.name },
    ...{ startTime: new Date(run.queuedAt), endTime: endedAt },
    attributes: { ...ofRun, 'estimand.status': after.ended },
    error: after.ended === 'success' ? null : after.ended,
  }
  return [ofWholeRun, ...told]
}

function spanIdOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
