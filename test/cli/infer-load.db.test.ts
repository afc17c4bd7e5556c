import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runEstimand, useProjectCopy } from './spawn-estimand.ts'

const folder = useProjectCopy('small-shop')

const server = createServer((request, response) => {
  if (request.url !== '/in/orders.csv?token=very-secret') return void response.writeHead(404).end()
  response.writeHead(200, { etag: '"one"' })
  response.end(request.method === 'HEAD' ? undefined : 'id,word\n1,a\n')
})
beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

it('declares a load of a web address without what is secret in it', async () => {
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { code, out, err } = await runEstimand(folder(), [
    'load',
    '--infer',
    `${origin}/in/orders.csv?token=very-secret`,
  ])
  expect({ code, err }).toMatchObject({ code: 0 })
  expect(out).toContain(`from: "{{ env_var('ORDERS_URL') }}"`)
  expect(out + err + readFileSync(join(folder(), 'pipelines/orders.yml'), 'utf8')).not.toContain(
    'very-secret',
  )
  const missing = await runEstimand(folder(), ['load', '--infer', `${origin}/in/none.csv?token=very-secret`])
  expect(missing.code).not.toBe(0)
  expect(missing.err).toContain(`${origin}/in/none.csv cannot be read: the server answers 404`)
  expect(missing.err).not.toContain('very-secret')
  expect(existsSync(join(folder(), 'pipelines/none.yml'))).toBe(false)
})

it('writes no declaration of a file without fields', async () => {
  writeFileSync(join(folder(), 'nothing.csv'), '')
  const { code, err } = await runEstimand(folder(), ['load', '--infer', 'nothing.csv'])
  expect(code).not.toBe(0)
  expect(err).toContain('nothing.csv has no fields')
  expect(existsSync(join(folder(), 'pipelines/nothing.yml'))).toBe(false)
})
