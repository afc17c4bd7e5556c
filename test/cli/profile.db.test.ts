import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { runCommandLine } from '../../src/cli/run-command-line.ts'
import { sql } from '../../src/warehouse/index.ts'
import { withProject } from '../project/temp-project.ts'
import { useProjectDatabase } from '../run/run-project.ts'
import { fakeSurroundings } from './fake-surroundings.ts'

describe('estimand profile', () => {
  const database = useProjectDatabase()
  const files = {
    'project.yml': `
name: demo
targets: { test: { engine: postgres, schema: public, url: "{{ env_var('DATABASE_URL') }}" } }
`,
    'models/s.yml': `
sources:
  - { name: raw, schema: public, tables: [{ name: visits }] }`,
    'models/per_user.sql': `{{ config(materialized='incremental', unique_key='id') }} select 1 as id`,
    'models/inner.sql': `{{ config(materialized='ephemeral') }} select 1 as id`,
  }

  beforeAll(async () => {
    await database.rows(sql`create table public.visits (id int, page text, at timestamptz)`)
    await database.rows(sql`insert into public.visits values
      (1, 'home', '2026-01-01 00:00Z'), (2, E'<script>\nx</script>', '2026-01-02 00:00Z'),
      (2, E'<script>\nx</script>', '2026-01-02 00:00Z'), (3, null, '2026-01-03 00:00Z')`)
    await database.rows(sql`create table public.per_user as select 1 as id union all select 1`)
    await database.rows(sql`create table public."Odd.one" as select 1 as "a b"`)
  })

  interface Told {
    readonly code: number
    readonly out: string
    readonly err: string
    readonly page: string
  }

  async function told(args: readonly string[], locale = 'C.UTF-8'): Promise<Told> {
    return withProject(files, async (root) => {
      const environment = { DATABASE_URL: database.url, LANG: locale }
      const surroundings = fakeSurroundings({ workingDirectory: root, environment, clock: () => new Date() })
      const code = await runCommandLine(['profile', ...args], surroundings)
      const page = args.includes('--to') ? readFileSync(join(root, args.at(-1)!), 'utf8') : ''
      return { code, ...surroundings.written, page }
    })
  }

  it('prints a table of a source, without colours where nobody looks', async () => {
    const { code, out } = await told(['raw.visits', '--key', 'id'])
    expect(code).toBe(0)
    expect(out.split('\n').map((line) => line.replace(/ {2,}/g, '  '))).toEqual([
      'public.visits',
      '4 rows, 1 there once more',
      'key id: 1 row with a key that another has',
      '',
      'column  type  missing  distinct  distribution  values',
      'id  integer  0 %  3  ▄█▄  1 … 2 … 3, mean 2 ± 0.8165',
      'page  text  25.0 %  2  █  <script> x</script> (2); length 4 to 19',
      'at  timestamp with time zone  0 %  3  ▄  █  ▄  2026-01-01 00:00:00+00 … 2026-01-02 00:00:00 … 2026-01-03 00:00:00+00',
      '',
    ])
  })

  it('draws with plain characters where the terminal has no others', async () => {
    const { out } = await told(['raw.visits', '--columns', 'id'], 'C')
    expect(out).toContain('=@=')
    expect(out).toMatch(/^[ -~\n]*$/)
  })

  it('prints JSON, of a model with the key that it declares', async () => {
    const { out } = await told(['per_user', '--output', 'json'])
    expect(JSON.parse(out)).toMatchObject({
      relation: { schema: 'public', identifier: 'per_user' },
      rows: 2,
      duplicateRows: 1,
      key: { columns: ['id'], duplicateRows: 1, missing: 0 },
      columns: [{ name: 'id', kind: 'number', distinct: 1, mostFrequent: [{ value: '1', count: 2 }] }],
    })
  })

  it('writes a page that loads nothing and runs nothing that stands in the data', async () => {
    const { code, out, page } = await told(['raw.visits', '--to', 'visits.html'])
    expect({ code, out }).toEqual({ code: 0, out: '' })
    expect(page).toContain('<title>public.visits</title>')
    expect(page).toContain('<svg ')
    expect(page).toContain('&lt;script&gt;')
    expect(page).not.toMatch(/<script|<link|<img|https?:|src=|@import|url\(/)
    expect(page).not.toContain(new URL(database.url).password || 'no password')
    expect(page.match(/<tr>/g)).toHaveLength(4)
  })

  describe('beside another relation', () => {
    beforeAll(async () => {
      await database.rows(sql`create view public.clean_visits as
        select distinct id::bigint as id, at, 'x' as more from public.visits`)
    })

    it('shows both, what is alike once, and what only one of them has', async () => {
      const { code, out } = await told(['raw.visits', '--compare', 'public.clean_visits'])
      expect(code).toBe(0)
      expect(out.split('\n').map((line) => line.replace(/ {2,}/g, '  ').trimEnd())).toEqual([
        'public.visits',
        '4 rows, 1 there once more',
        '→ public.clean_visits',
        '3 rows, none there once more',
        '',
        'column  type  missing  distinct  distribution  values',
        'id  integer  0 %  3  ▄█▄  1 … 2 … 3, mean 2 ± 0.8165',
        '→  bigint  0 %  3  ███  1 … 2 … 3, mean 2 ± 1  unique',
        'page (only before)  text  25.0 %  2  █  <script> x</script> (2); length 4 to 19',
        'at  timestamp with time zone  0 %  3  ▄  █  ▄  2026-01-01 00:00:00+00 … 2026-01-02 00:00:00 … 2026-01-03 00:00:00+00',
        '→  timestamp with time zone  0 %  3  █  █  █  2026-01-01 00:00:00+00 … 2026-01-02 00:00:00 … 2026-01-03 00:00:00+00  unique',
        'more (only after)  text  0 %  1  █  x (3); length 1  always the same',
        '',
      ])
      const same = await told(['raw.visits', '--compare', 'public.visits', '--columns', 'id'], 'C')
      expect(same.out.match(/^id /gm)).toHaveLength(1)
      expect(same.out).toMatch(/^-> public\.visits$/m)
    })

    it('prints both as JSON and writes both on one page', async () => {
      const compare = ['raw.visits', '--compare', 'public.clean_visits']
      const { out } = await told([...compare, '--output', 'json'])
      expect(JSON.parse(out)).toMatchObject({ before: { rows: 4 }, after: { rows: 3 } })
      const { page } = await told([...compare, '--to', 'both.html'])
      expect(page).toContain('<title>public.visits → public.clean_visits</title>')
      expect(page.match(/<th scope="row">→<\/th>/g)).toHaveLength(2)
      expect(page).toContain('page (only before)')
      expect(page).toContain('more (only after)')
    })

    it('says which of the two is not there', async () => {
      const { code, err } = await told(['raw.visits', '--compare', 'public.nope'])
      expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('public.nope') })
    })
  })

  it('takes tables that the project does not know, and quoted names', async () => {
    expect((await told(['public.visits'])).out).toContain('4 rows')
    expect((await told(['public."Odd.one"'])).out).toContain('a b')
  })

  it('says what is wrong with a name', async () => {
    expect(await told(['per_usr'])).toMatchObject({ code: 2, err: expect.stringContaining("'per_user'") })
    expect(await told(['public.nope'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('in the warehouse'),
    })
    expect(await told(['inner'])).toMatchObject({ code: 2, err: expect.stringContaining('not one relation') })
    const { code, err } = await told(['raw.visits', '--columns', 'pag'])
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining("did you mean 'page'?") })
    expect((await told(['raw.visits', '--sample', '0'])).code).toBe(2)
  })
})
