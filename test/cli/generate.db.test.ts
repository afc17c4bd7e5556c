import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sql } from '../../src/warehouse/index.ts'
import { runProject, useProjectDatabase } from '../run/run-project.ts'
import { startEstimand } from './spawn-estimand.ts'

// The built command writes the spend world to files in two parts; loaded, they are the world as the generator loads it.

const repository = join(import.meta.dirname, '../..')

describe('estimand generate', () => {
  const database = useProjectDatabase()
  const root = mkdtempSync(join(tmpdir(), 'estimand-generate-'))
  const vars = '{spend_users: 120000}'
  const estimand = (...args: string[]) => startEstimand(root, args).ended
  const generate = (...args: string[]) =>
    estimand('generate', 'spend_world', '--to', 'data', '--vars', vars, ...args)

  beforeAll(() => {
    writeFileSync(join(root, 'project.yml'), 'name: demo\n')
    for (const path of ['draw-index.ts', 'parameters.ts', 'spend', 'spend.yml'])
      cpSync(join(repository, 'pipelines', path), join(root, 'pipelines', path), { recursive: true })
    mkdirSync(join(root, 'node_modules'), { recursive: true })
    writeFileSync(
      join(root, 'pipelines/files.yml'),
      `
loads:
  - name: spend_files
    kind: files
    from: data/spend.users/*.csv.gz
    tables:
      - name: users
        schema: copied
        primary_key: [user_id]
        columns:
          - { name: user_id, type: bigint }
          - { name: signed_up_on, type: date }
          - { name: country, type: text }
          - { name: invited, type: boolean }
`,
    )
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  test('makes parts that are the whole together, and goes on with what is missing', async () => {
    const second = await generate('--part', '2/2', '--output', 'json')
    expect(second.code).toBe(0)
    expect(JSON.parse(second.out)).toMatchObject({ load: 'spend_world', partitions: 1, kept: 0 })
    expect(readdirSync(join(root, 'data/spend.users'))).toEqual(['part-2.csv.gz'])
    const first = await generate('--part', '1/2')
    expect(first.out).toContain('2 partitions')
    rmSync(join(root, 'data/spend.users/part-3.csv.gz'))
    const again = JSON.parse((await generate('--output', 'json')).out)
    expect(again).toMatchObject({ partitions: 3, kept: 2 })

    const { result } = await runProject(root, database.connection, { vars: { spend_users: 120_000 } })
    expect(result.problems).toEqual([])
    const [{ missing, more }] = (await database.rows(sql`
      select
        (select count(*) from (select * from spend.users except select * from copied.users) as a)::int as missing,
        (select count(*) from (select * from copied.users except select * from spend.users) as b)::int as more`)) as [
      { missing: number; more: number },
    ]
    expect({ missing, more }).toEqual({ missing: 0, more: 0 })
    expect(await database.rows(sql`select count(*)::int as rows from copied.users`)).toEqual([
      { rows: 120_000 },
    ])
  })

  test('refuses parts of another world, and what is no part', async () => {
    const other = await estimand('generate', 'spend_world', '--to', 'data', '--vars', '{spend_users: 100}')
    expect(other.code).toBe(1)
    expect(other.err).toContain('is of another world')
    expect((await generate('--part', '3/2')).code).toBe(2)
    const unknown = await estimand('generate', 'spend_worlds', '--to', 'data')
    expect(unknown.code).toBe(2)
    expect(unknown.err).toContain("did you mean 'spend_world'")
  })

  test('leaves no half-written file behind', async () => {
    const refused = await estimand(
      'generate',
      'spend_world',
      '--to',
      'other',
      '--vars',
      '{spend_selection: -1}',
    )
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('spend_selection must be from 0 to 3')
    const files = existsSync(join(root, 'other')) ? readdirSync(join(root, 'other'), { recursive: true }) : []
    expect(files.filter((file) => String(file).endsWith('.part'))).toEqual([])
    expect(readFileSync(join(root, 'data/generated.json'), 'utf8')).toContain('"partitions": 3')
  })
})
