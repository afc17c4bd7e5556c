import { expect, it } from 'vitest'
import { type Asked, answer } from '../../src/schedule/http-endpoints.ts'
import { makeDag } from './make-dag.ts'

const dag = makeDag('nightly', {
  triggers: { afterDags: [], newData: [], webhook: { tokenEnv: 'NIGHTLY_TOKEN' } },
})
const triggered: unknown[] = []
const ask = (method: string, path: string, changes: Partial<Asked> = {}, ready = true) =>
  answer(
    { method, path, authorization: undefined, body: '', ...changes },
    {
      environment: { NIGHTLY_TOKEN: 'secret' },
      isAlive: () => true,
      isReady: () => ready,
      metrics: async () => 'a 1\n',
      findDag: (name) => [dag, makeDag('closed')].find((one) => one.name === name),
      trigger: async ({ name }, vars) => {
        triggered.push([name, vars])
        return 'id'
      },
    },
  )

it('answers probes and Prometheus', async () => {
  expect(await ask('GET', '/healthz', {}, false)).toMatchObject({ status: 200 })
  expect(await ask('GET', '/readyz', {}, false)).toMatchObject({ status: 503 })
  expect(await ask('GET', '/metrics')).toMatchObject({ status: 200, body: 'a 1\n' })
  expect(await ask('GET', '/nothing')).toMatchObject({ status: 404 })
})

it('starts a DAG for whoever knows its token, and tells others nothing', async () => {
  const path = '/dags/nightly/runs'
  const authorization = 'Bearer secret'
  for (const [of, header] of [
    [path, undefined],
    [path, 'Bearer other'],
    ['/dags/closed/runs', authorization],
    ['/dags/unknown/runs', authorization],
    ['/dags/%zz/runs', authorization],
  ] as const)
    expect(await ask('POST', of, { authorization: header })).toMatchObject({ status: 401 })
  expect(await ask('POST', path, { authorization, body: '{"vars": 1}' })).toMatchObject({ status: 400 })
  expect(triggered).toEqual([])
  expect(await ask('POST', path, { authorization, body: '{"vars": {"n": 1}}' })).toMatchObject({
    status: 202,
    body: '{"dag_run_id":"id"}\n',
  })
  expect(triggered).toEqual([['nightly', { n: 1 }]])
})
