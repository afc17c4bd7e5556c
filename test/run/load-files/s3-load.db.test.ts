import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sql } from '../../../src/warehouse/index.ts'
import { withProject } from '../../project/temp-project.ts'
import { projectFile } from '../project-files.ts'
import { runProject, useProjectDatabase } from '../run-project.ts'
import { s3Keys, useS3Server } from './s3-server.ts'

const database = useProjectDatabase()
const server = useS3Server()

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', s3Keys.id)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', s3Keys.secret)
})
afterEach(() => vi.unstubAllEnvs())

const declaration = `
loads:
  - name: t
    kind: files
    from: s3://lake/in/day=*/*.csv.gz
    s3: { endpoint: "{{ env_var('STORE') }}", region: eu-test-1 }
    mode: append
    bad_row_limit: 1
    tables:
      - name: t
        schema: raw
        columns: [{ name: id, type: int }, { name: word, type: text }, { name: day, type: date, partition: day }]
`

describe("a load from a store of S3's kind", () => {
  it('has each file once, those of new days when they come, and tells no keys', async () => {
    const put = (key: string, text: string) => server.objects.set(`lake/in/${key}`, gzipSync(text))
    put('day=2026-01-01/a.csv.gz', 'id,word\n1,a\n2,b\n')
    put('day=2026-01-01/b.csv.gz', 'id,word\n3,c\nx,d\n')
    const env = { DATABASE_URL: database.url, STORE: server.endpoint() }
    await withProject({ 'project.yml': projectFile, 'pipelines/t.yml': declaration }, async (root) => {
      const run = () => runProject(root, database.connection, { env })
      const first = await run()
      expect(first.result.problems).toEqual([])
      put('day=2026-01-02/a.csv.gz', 'id,word\n4,e\n')
      server.asked.length = 0
      expect((await run()).result.status).toBe('success')
      expect(server.asked.filter((one) => one.includes('.csv.gz'))).toEqual([
        'GET lake/in/day=2026-01-02/a.csv.gz',
      ])
      expect(await database.rows(sql`select id, word, day::text from raw.t order by id`)).toEqual([
        { id: 1, word: 'a', day: '2026-01-01' },
        { id: 2, word: 'b', day: '2026-01-01' },
        { id: 3, word: 'c', day: '2026-01-01' },
        { id: 4, word: 'e', day: '2026-01-02' },
      ])
      expect(await database.rows(sql`select file, line::int from raw.t__bad_rows`)).toEqual([
        { file: 's3://lake/in/day=2026-01-01/b.csv.gz', line: 3 },
      ])
      put('day=2026-01-01/a.csv.gz', 'id,word\n1,a\n2,changed\n')
      const changed = await run()
      expect(changed.result.status).not.toBe('success')
      const told = JSON.stringify([first, changed].map(({ result, events }) => [result, events]))
      expect(told).toContain('s3://lake/in/day=2026-01-01/a.csv.gz has changed since it was loaded')
      expect(told).not.toContain(s3Keys.secret)
      expect(told).not.toContain(s3Keys.id)
    })
  })

  it('asks for several small objects at once, and for not too many', async () => {
    server.objects.clear()
    for (let n = 10; n < 50; n++)
      server.objects.set(`lake/in/day=2026-01-01/${n}.csv.gz`, gzipSync(`id,word\n${n},w\n`))
    server.answerMs = 25
    server.mostAtOnce = 0
    const env = { DATABASE_URL: database.url, STORE: server.endpoint() }
    const many = declaration.replaceAll('name: t\n', 'name: many\n')
    await withProject({ 'project.yml': projectFile, 'pipelines/many.yml': many }, async (root) => {
      expect((await runProject(root, database.connection, { env })).result.problems).toEqual([])
    })
    expect(server.mostAtOnce).toBe(8)
    const loaded = sql`select count(*)::int as rows, sum(id)::int as sum from raw.many`
    expect(await database.rows(loaded)).toEqual([{ rows: 40, sum: (40 * (10 + 49)) / 2 }])
    const files = sql`select count(*)::int as files, sum(row_count)::int as rows from estimand.loaded_files where file like '%/__.csv.gz'`
    expect(await database.rows(files)).toEqual([{ files: 40, rows: 40 }])
  })
})
