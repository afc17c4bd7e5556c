import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sql } from '../../../src/warehouse/index.ts'
import { withProject } from '../../project/temp-project.ts'
import { projectFile } from '../project-files.ts'
import { runProject, useProjectDatabase } from '../run-project.ts'

const database = useProjectDatabase()

let content = 'id,word\n1,a\n2,b\n'
let version = '"one"'
let reads = 0
/** How one file may come that is named as packed. */
const packed = gzipSync('id,word\n1,a\n2,b\n')
const ways: Readonly<Record<string, readonly [Buffer, object]>> = {
  '/as-it-lies/day=2026-01-01/t.csv.gz': [packed, {}],
  '/unpacked-by-fetch/day=2026-01-01/t.csv.gz': [packed, { 'content-encoding': 'gzip' }],
  '/unpacked-by-the-server/day=2026-01-01/t.csv.gz': [Buffer.from('id,word\n1,a\n2,b\n'), {}],
  '/packed-twice/day=2026-01-01/t.csv.gz': [gzipSync(packed), { 'content-encoding': 'gzip' }],
}
const server = createServer((request, response) => {
  const way = ways[request.url!]
  if (way) {
    const [body, headers] = way
    response.writeHead(200, { etag: '"one"', 'content-length': body.length, ...headers })
    return void response.end(request.method === 'HEAD' ? undefined : body)
  }
  if (request.url !== '/day=2026-01-01/t.csv?token=very-secret') return void response.writeHead(404).end()
  if (request.method === 'GET') reads++
  response.writeHead(200, { etag: version, 'content-length': Buffer.byteLength(content) })
  response.end(request.method === 'HEAD' ? undefined : content)
})
beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const declaration = `
loads:
  - name: t
    kind: files
    from: "{{ env_var('T_ADDRESS') }}"
    mode: append
    tables:
      - name: t
        schema: raw
        columns: [{ name: id, type: int }, { name: word, type: text }, { name: day, type: date, partition: day }]
`

describe('a load from a web server', () => {
  it('has its file once, knows it again by its etag, and keeps the address to itself', async () => {
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const env = { DATABASE_URL: database.url, T_ADDRESS: `${origin}/day=2026-01-01/t.csv?token=very-secret` }
    await withProject({ 'project.yml': projectFile, 'pipelines/t.yml': declaration }, async (root) => {
      const run = () => runProject(root, database.connection, { env })
      const first = await run()
      expect(first.result.problems).toEqual([])
      expect(await database.rows(sql`select id, word, day::text from raw.t order by id`)).toEqual([
        { id: 1, word: 'a', day: '2026-01-01' },
        { id: 2, word: 'b', day: '2026-01-01' },
      ])
      expect(await database.rows(sql`select file from estimand.loaded_files`)).toEqual([
        { file: `${origin}/day=2026-01-01/t.csv` },
      ])
      expect(reads).toBe(1)
      expect((await run()).result.status).toBe('success')
      expect(reads).toBe(1)
      // Put there again as it was: it is read for its checksum, and not loaded.
      version = '"two"'
      expect((await run()).result.status).toBe('success')
      expect(await database.rows(sql`select count(*)::int as n from raw.t`)).toEqual([{ n: 2 }])
      content = 'id,word\n1,a\n2,c\n'
      version = '"three"'
      const changed = await run()
      expect(changed.result.status).not.toBe('success')
      const told = JSON.stringify([first, changed].map(({ result, events }) => [result, events]))
      expect(told).toContain(`${origin}/day=2026-01-01/t.csv`)
      expect(told).not.toContain('very-secret')
    })
  })

  it.each(Object.keys(ways))('unpacks what is still packed: %s', async (path) => {
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const env = { DATABASE_URL: database.url, T_ADDRESS: `${origin}${path}` }
    await database.rows(sql`drop table if exists raw.t`)
    await withProject({ 'project.yml': projectFile, 'pipelines/t.yml': declaration }, async (root) => {
      const { result, node } = await runProject(root, database.connection, { env, fullRefresh: true })
      expect([node('t').problem, result.status]).toEqual([undefined, 'success'])
      expect(await database.rows(sql`select id, word from raw.t order by id`)).toEqual([
        { id: 1, word: 'a' },
        { id: 2, word: 'b' },
      ])
    })
  })
})
