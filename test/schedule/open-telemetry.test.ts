import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  makeExporter,
  makeTracing,
  otlpProtocol,
  type Tracing,
  wantsSpans,
} from '../../src/schedule/open-telemetry.ts'
import type { StepNode } from '../../src/schedule/step-nodes.ts'
import { makeDag } from './make-dag.ts'

type Ended = Parameters<Tracing['stepEnded']>[0]

const node = (nodeId: string, status: string): StepNode => ({
  ...{ nodeId, status, message: status === 'error' ? 'no such table' : '' },
  ...{ startedAt: '2026-02-02T00:00:02.000Z', finishedAt: '2026-02-02T00:00:03.000Z' },
  ...{ wrote: null, read: [], columns: [] },
})
const ended = (number: number, isLast: boolean): Ended => ({
  event: {
    type: 'step_ended',
    step: {
      ...{ dagRunId: '0d9f2c1e-0000-4000-8000-000000000001', step: 'work', claim: number, try: number },
      ...{ cause: 'first', runId: `0d9f2c1e-0000-4000-8000-00000000010${number}`, previousRunId: null },
      ...{ attempts: 0, dag: makeDag('nightly') },
      run: {
        ...{
          cause: 'schedule',
          instant: null,
          queuedAt: '2026-02-02T00:00:00.000Z',
          vars: {},
          retryCount: 0,
        },
        ...{ intervalStart: '2026-02-01T00:00:00.000Z', intervalEnd: '2026-02-02T00:00:00.000Z' },
      },
    },
    outcome: { status: isLast ? 'success' : 'failed', exitCode: isLast ? 0 : 1, message: 'broken', log: '' },
    ...{ after: { taken: false, ended: isLast ? 'success' : null }, retryAt: null },
  },
  ...{ startedAt: new Date('2026-02-02T00:00:01Z'), endedAt: new Date('2026-02-02T00:00:04Z') },
  nodes: [node('model.shop.days', isLast ? 'success' : 'error')],
})

interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly startTimeUnixNano: string
  readonly status: { readonly code: number; readonly message?: string }
}

/** A collector that keeps what it is sent. */
async function collect(protocol: 'http/json' | 'http/protobuf') {
  const got: { path: string; type: string; token: string; body: Buffer }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { headers, url } = request
      got.push({
        ...{ path: url!, type: headers['content-type']!, token: String(headers['x-token']) },
        body: Buffer.concat(chunks),
      })
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-token=secret')
  vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'service.name=shop,deployment.environment=test')
  const tracing = makeTracing(await makeExporter(protocol), '1.2.3')
  tracing.stepEnded(ended(1, false))
  tracing.stepEnded(ended(2, true))
  await tracing.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  return got
}

afterEach(() => vi.unstubAllEnvs())

describe('spans', () => {
  it('of a run, its steps and their nodes make one trace, sent where the standard variables say', async () => {
    const [sent, ...others] = await collect('http/json')
    expect(others).toEqual([])
    expect(sent).toMatchObject({ path: '/v1/traces', type: 'application/json', token: 'secret' })
    const [{ resource, scopeSpans }] = JSON.parse(sent!.body.toString()).resourceSpans
    expect(resource.attributes).toEqual(
      expect.arrayContaining([
        { key: 'service.name', value: { stringValue: 'shop' } },
        { key: 'service.version', value: { stringValue: '1.2.3' } },
      ]),
    )
    const spans = scopeSpans[0].spans as Span[]
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(
      new Set(['0d9f2c1e000040008000000000000001']),
    )
    const run = spans.find(({ name }) => name === 'nightly')!
    const steps = spans.filter(({ name }) => name === 'nightly.work')
    expect(run.parentSpanId ?? '').toBe('')
    expect(steps.map(({ parentSpanId }) => parentSpanId)).toEqual([run.spanId, run.spanId])
    expect(steps.map(({ status }) => status)).toEqual([{ code: 2, message: 'broken' }, { code: 0 }])
    const nodes = spans.filter(({ name }) => name === 'model.shop.days')
    expect(nodes.map(({ parentSpanId }) => parentSpanId)).toEqual(steps.map(({ spanId }) => spanId))
    expect(nodes.map(({ status }) => status)).toEqual([{ code: 2, message: 'no such table' }, { code: 0 }])
    expect(run.startTimeUnixNano).toBe(`${Date.parse('2026-02-02T00:00:00Z')}000000`)
  })

  it('of a project of thousands of models all arrive, run and failures first', async () => {
    const names: string[] = []
    const tracing = makeTracing(
      {
        export: (spans, done) => {
          names.push(...spans.map(({ name }) => name))
          setTimeout(done, 1, { code: 0 })
        },
        shutdown: async () => {},
      },
      '1.2.3',
    )
    const models = Array.from({ length: 10_000 }, (_, number) => node(`model.shop.m${number}`, 'success'))
    const last = ended(2, true)
    // Failed before it began.
    const broken = { ...node('model.shop.broken', 'error'), startedAt: null, finishedAt: null }
    tracing.stepEnded({ ...last, nodes: [...models, broken, { ...broken, status: 'skipped' }] })
    await tracing.close()
    expect(names).toHaveLength(10_003)
    expect(names.slice(0, 3)).toEqual(['nightly', 'nightly.work', 'model.shop.broken'])
  })

  it('that could not be sent are told of, without address and headers', async () => {
    const lost: string[] = []
    const away = Object.assign(new Error('http://ann:secret@collector:4318 x-token=secret'), { code: 503 })
    const tracing = makeTracing(
      { export: (_, done) => done({ code: 1, error: away }), shutdown: async () => {} },
      '1.2.3',
      (reason) => lost.push(reason),
    )
    tracing.stepEnded(ended(1, false))
    await tracing.close().catch(() => {})
    expect(lost).toEqual(['2 spans lost: it answered 503'])
  })

  it('are sent as protobuf where nothing else is asked for', async () => {
    const [sent] = await collect('http/protobuf')
    expect(sent).toMatchObject({ path: '/v1/traces', type: 'application/x-protobuf' })
    expect(sent!.body.includes('nightly.work')).toBe(true)
  })

  it('are wanted where an address is set, unless they are turned off', () => {
    const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector:4318'
    expect(wantsSpans({})).toBe(false)
    expect(wantsSpans({ OTEL_EXPORTER_OTLP_ENDPOINT })).toBe(true)
    expect(wantsSpans({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: OTEL_EXPORTER_OTLP_ENDPOINT })).toBe(true)
    expect(wantsSpans({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: 'true' })).toBe(false)
    expect(wantsSpans({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_EXPORTER: 'none' })).toBe(false)
    expect(otlpProtocol({})).toBe('http/protobuf')
    expect(otlpProtocol({ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' })).toBe('http/json')
    expect(otlpProtocol({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toBeNull()
  })
})
