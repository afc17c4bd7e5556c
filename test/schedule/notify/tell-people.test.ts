import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Dag, NotificationTarget } from '../../../src/core/dag.ts'
import { noticeOf } from '../../../src/schedule/notify/notice.ts'
import { sendMail } from '../../../src/schedule/notify/send-mail.ts'
import { makeTeller, type TellerEffects, type TellerEvent } from '../../../src/schedule/notify/tell-people.ts'
import type { EndedRun } from '../../../src/store/dags/index.ts'

const closing: (() => unknown)[] = []
afterEach(() => Promise.all(closing.splice(0).map((close) => close())))

interface Received {
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

/** A server that keeps what it gets; `answer` says with which status, or null never to answer. */
async function listen(answer: () => number | null) {
  const received: Received[] = []
  const server: Server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => {
      text += chunk
    })
    request.on('end', () => {
      received.push({ headers: request.headers, body: JSON.parse(text) })
      const status = answer()
      if (status !== null) response.writeHead(status).end('secret-of-the-answer')
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received }
}

/** As much of a mail server as a message needs; `greets` is whether it says anything at all. */
async function listenMail(greets = true) {
  const messages: string[] = []
  const server = createSocketServer((socket) => {
    let data: string | null = null
    const say = (line: string) => socket.write(`${line}\r\n`)
    if (greets) say('220 here')
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      const text = chunk.toString()
      if (data !== null) {
        data += text
        if (!data.endsWith('\r\n.\r\n')) return
        messages.push(data)
        data = null
        say('250 kept')
      } else if (/^EHLO/.test(text)) socket.write('250-here\r\n250 AUTH PLAIN\r\n')
      else if (/^AUTH/.test(text)) say('235 fine')
      else if (/^DATA/.test(text)) {
        data = ''
        say('354 go on')
      } else if (/^QUIT/.test(text)) socket.end('221 bye\r\n')
      else say('250 fine')
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  closing.push(() => server.close())
  return { port: (server.address() as AddressInfo).port, messages }
}

const run = {
  dagRunId: '0b2f0000-0000-4000-8000-000000000001',
  dag: 'nightly',
  cause: 'schedule',
  instant: '2026-03-29T01:00:00.000Z',
  intervalStart: '2026-03-28T01:30:00.000Z',
  intervalEnd: '2026-03-29T01:00:00.000Z',
  status: 'failed',
  stopReason: null,
  queuedAt: '2026-03-29T01:00:00.000Z',
  startedAt: '2026-03-29T01:00:01.000Z',
  finishedAt: '2026-03-29T01:02:03.000Z',
  steps: [
    { step: 'load', status: 'success', attempts: 1, runId: 'r1', message: '' },
    { step: 'build', status: 'failed', attempts: 3, runId: 'r2', message: 'a < b & c' },
  ],
} as unknown as EndedRun['run']

function due(...targets: NotificationTarget[]): EndedRun {
  const dag = {
    name: 'nightly',
    owners: ['data@example.org'],
    tags: ['core'],
    schedule: { cron: '30 2 * * *', timezone: 'Europe/Berlin' },
    slaSeconds: null,
    notifications: { on_failure: targets, on_success: [], on_sla_miss: [] },
  } as unknown as Dag
  return { run, dag, occasion: 'on_failure' }
}

function teller(runs: EndedRun[], effects: Partial<TellerEffects> = {}) {
  const events: TellerEvent[] = []
  const told: string[] = []
  const made = makeTeller({
    project: 'shop',
    environment: {},
    fetch,
    mail: sendMail,
    readDue: async () => runs.filter((one) => !told.includes(one.run.dagRunId)),
    recordTold: async (id) => void told.push(id),
    emit: (event) => events.push(event),
    sleep: async (ms, signal) => {
      if (ms < 1000) return
      await new Promise((done) => {
        const timer = setTimeout(done, ms)
        signal.addEventListener('abort', () => {
          clearTimeout(timer)
          done(undefined)
        })
      })
    },
    timeoutMs: 200,
    delaysMs: [1, 1],
    ...effects,
  })
  return { ...made, events, told }
}

describe('people', () => {
  it('are told by webhook, in Slack and by e-mail, with what stands in the environment', async () => {
    const hook = await listen(() => 204)
    const mail = await listenMail()
    const { tick, drain, events, told } = teller(
      [
        due(
          { kind: 'webhook', url: hook.url, headers: { Authorization: "Bearer {{ env_var('TOKEN') }}" } },
          { kind: 'slack', url: "{{ env_var('SLACK') }}", channel: '#data' },
          {
            kind: 'email',
            to: ['a@example.org', 'b@example.org'],
            from: 'e@example.org',
            smtp: "{{ env_var('SMTP_URL') }}",
          },
        ),
      ],
      {
        environment: {
          TOKEN: 'hunter2',
          SLACK: `${hook.url}/hunter3`,
          SMTP_URL: `smtp://u:hunter4@127.0.0.1:${mail.port}?ignoreTLS=true`,
        },
        timeoutMs: 5000,
      },
    )
    expect(await tick()).toBe(1)
    await drain(5000)
    expect(told).toEqual([run.dagRunId])
    expect(events.map(({ type, target, reason }) => [type, target, reason]).sort()).toEqual([
      ['told', 'email', null],
      ['told', 'slack', null],
      ['told', 'webhook', null],
    ])
    const byHook = hook.received.find(({ headers }) => headers.authorization === 'Bearer hunter2')
    expect(byHook?.body).toMatchObject({
      event: 'on_failure',
      project: 'shop',
      dag: 'nightly',
      dag_run_id: run.dagRunId,
      status: 'failed',
      interval_start: '2026-03-28T01:30:00.000Z',
      steps: [{ step: 'load' }, { step: 'build', attempts: 3, message: 'a < b & c' }],
    })
    const bySlack = hook.received.find(({ headers }) => headers.authorization === undefined)
    expect(bySlack?.body).toEqual({
      channel: '#data',
      text: [
        '*shop: nightly failed*',
        'run of 2026-03-29 03:00 Europe/Berlin, schedule',
        'took 2m 2s',
        'step build failed after 3 tries: a &lt; b &amp; c',
        'owners: data@example.org',
        `estimand runs show ${run.dagRunId}`,
        `estimand runs retry ${run.dagRunId}`,
      ].join('\n'),
    })
    expect(mail.messages).toHaveLength(1)
    expect(mail.messages[0]).toContain('Subject: shop: nightly failed')
    expect(mail.messages[0]).toContain('To: a@example.org, b@example.org')
    expect(mail.messages[0]).toContain('step build failed after 3 tries: a < b & c')
  })

  it('are told again when somebody does not answer, and no reason holds a secret', async () => {
    let answers = 0
    const flaky = await listen(() => (++answers < 3 ? 503 : 200))
    const { tick, drain, events, told } = teller(
      [
        due(
          { kind: 'webhook', url: `${flaky.url}?key={{ env_var('KEY') }}`, headers: {} },
          { kind: 'slack', url: "{{ env_var('NOT_SET') }}", channel: null },
          { kind: 'webhook', url: "http://{{ env_var('KEY') }}.invalid/", headers: {} },
          { kind: 'email', to: ['a@b.org'], from: 'e@b.org', smtp: 'smtp://u:hunter2@127.0.0.1:1' },
        ),
      ],
      { environment: { KEY: 'hunter2' }, timeoutMs: 5000 },
    )
    await tick()
    await drain(10_000)
    expect(told).toEqual([run.dagRunId])
    const ofFlaky = events.filter(({ reason }) => reason === null || reason.startsWith('it answered'))
    expect(ofFlaky.map(({ reason, willRetry }) => [reason, willRetry])).toEqual([
      ['it answered 503', true],
      ['it answered 503', true],
      [null, false],
    ])
    expect(events.filter(({ target }) => target === 'slack').map(({ reason }) => reason)).toEqual(
      Array(3).fill('the environment variable NOT_SET is not set'),
    )
    expect(events.filter(({ reason }) => reason === 'ESOCKET' || reason === 'ECONNREFUSED')).toHaveLength(3)
    expect(JSON.stringify(events)).not.toContain('hunter2')
  })

  it('who never answer hold up nobody', async () => {
    const silent = await listen(() => null)
    const mute = await listenMail(false)
    const runs = [
      due(
        { kind: 'webhook', url: silent.url, headers: {} },
        { kind: 'email', to: ['a@b.org'], from: 'e@b.org', smtp: `smtp://127.0.0.1:${mute.port}` },
      ),
    ]
    const { tick, drain, events, told } = teller(runs, { timeoutMs: 300 })
    expect(await tick()).toBe(1)
    // The tick is over, and nobody has answered or been given up.
    expect(events).toEqual([])
    // It is being told already, and another run is told beside it.
    const hook = await listen(() => 200)
    const other = due({ kind: 'webhook', url: hook.url, headers: {} })
    runs.push({ ...other, run: { ...other.run, dagRunId: 'another' } })
    expect(await tick()).toBe(1)
    await expect.poll(() => told, { timeout: 20_000 }).toContain('another')
    await drain(50_000)
    expect(told).toHaveLength(2)
    const silence = events.filter(({ dagRunId }) => dagRunId === run.dagRunId)
    expect(silence.map(({ target, reason }) => `${target}: ${reason}`).sort()).toEqual([
      ...Array(3).fill('email: no answer in time'),
      ...Array(3).fill('webhook: no answer in time'),
    ])
  })

  it('are told by the next one when a process ends while it sends', async () => {
    const silent = await listen(() => null)
    const { tick, drain, told } = teller([due({ kind: 'webhook', url: silent.url, headers: {} })], {
      timeoutMs: 60_000,
    })
    await tick()
    // Long before the minute of its time limit.
    const before = performance.now()
    await drain(50)
    expect(performance.now() - before).toBeLessThan(30_000)
    expect(told).toEqual([])
  })

  it('hear of a deadline, and of what is late', () => {
    const late = due()
    const lines = noticeOf(
      {
        run: { ...run, status: 'running', finishedAt: null, steps: [] },
        dag: { ...late.dag, slaSeconds: 5400 },
        occasion: 'on_sla_miss',
      },
      'shop',
    )
    expect(lines.title).toBe('shop: nightly is late')
    expect(lines.lines).toContain('was to be done within 1h 30m; it is running')
    const stopped = noticeOf({ ...late, run: { ...run, stopReason: 'deadline' } }, 'shop')
    expect(stopped.lines).toContain('its deadline passed')
  })
})
