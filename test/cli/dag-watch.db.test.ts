import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { DagRun } from '../../src/store/dags/index.ts'
import { useTestDatabase } from '../warehouse/test-database.ts'
import { runEstimand, startEstimand, useProjectCopy } from './spawn-estimand.ts'

const database = useTestDatabase()
const folder = useProjectCopy('daily-shop')

it('a scheduler answers by HTTP, and a webhook of people that hangs delays no run', {
  timeout: 90_000,
}, async () => {
  let asked = 0
  // It takes what it is told and never answers.
  const hanging = createServer(() => {
    asked++
  })
  await new Promise<void>((resolve) => hanging.listen(0, resolve))
  const address = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}/hook`
  const environment = { DATABASE_URL: database.url, NIGHTLY_TOKEN: 'secret', HOOK: address }
  mkdirSync(join(folder(), 'dags'), { recursive: true })
  writeFileSync(
    join(folder(), 'dags', 'ticking.yml'),
    [
      'schedule: "* * * * * *"',
      'max_active_runs: 5',
      'triggers: { webhook: { token: "{{ env_var(\'NIGHTLY_TOKEN\') }}" } }',
      'steps:\n  - command: "true"',
      'on_success:\n  - webhook: "{{ env_var(\'HOOK\') }}"',
    ].join('\n'),
  )
  const scheduler = startEstimand(folder(), ['scheduler', '--port', '0', '--grace', '5'], environment)
  let said = ''
  scheduler.process.stderr!.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const end = setTimeout(() => scheduler.process.kill('SIGKILL'), 80_000)
  try {
    await scheduler.said(/answers on port \d+/)
    await scheduler.said(/run \S+ success/)
    const port = /answers on port (\d+)/.exec(said)![1]
    const base = `http://127.0.0.1:${port}`
    const response = await fetch(`${base}/dags/ticking/runs`, {
      method: 'POST',
      headers: { authorization: 'Bearer secret' },
    })
    expect(response.status).toBe(202)
    const { dag_run_id: id } = (await response.json()) as { dag_run_id: string }
    await expect.poll(() => asked, { timeout: 20_000 }).toBeGreaterThan(2)
    await scheduler.said(new RegExp(`run ${id} success`))
    const list = await runEstimand(
      folder(),
      ['runs', 'list', '--output', 'json', '--limit', '100'],
      environment,
    )
    const runs: DagRun[] = JSON.parse(list.out).runs
    expect(runs.find(({ dagRunId }) => dagRunId === id)).toMatchObject({
      cause: 'webhook',
      status: 'success',
    })
    const instants = runs.flatMap(({ instant }) => (instant === null ? [] : [Date.parse(instant)])).sort()
    expect(instants.at(-1)! - instants[0]!).toBe((instants.length - 1) * 1000)
    expect((await fetch(`${base}/readyz`)).status).toBe(200)
    const metrics = await (await fetch(`${base}/metrics`)).text()
    expect(metrics).toContain('estimand_scheduler_leading 1')
    expect(metrics).toMatch(/estimand_dag_runs_ended_total\{dag="ticking",status="success"\} [1-9]/)
    expect(metrics).toMatch(/estimand_schedule_lag_seconds_count [1-9]/)
    scheduler.process.kill('SIGTERM')
    expect((await scheduler.ended).code).toBe(0)
  } finally {
    clearTimeout(end)
    scheduler.process.kill('SIGKILL')
    hanging.closeAllConnections()
    hanging.close()
  }
})
