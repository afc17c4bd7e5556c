import { describe, expect, it } from 'vitest'
import { runCommandLine } from '../../src/cli/run-command-line.ts'
import { sql } from '../../src/warehouse/index.ts'
import { withProject } from '../project/temp-project.ts'
import { useProjectDatabase } from '../run/run-project.ts'
import { fakeSurroundings } from './fake-surroundings.ts'

describe('estimand source freshness', () => {
  const database = useProjectDatabase()

  /** What the hooks of the project note while the command runs. */
  async function noted(flags: string): Promise<unknown[]> {
    await database.rows(sql`drop table if exists public.notes, public.loaded`)
    await database.rows(sql`create table public.notes (note text)`)
    await database.rows(sql`create table public.loaded as select now() as at`)
    const files = {
      'project.yml': `
name: demo
flags: ${flags}
targets: { test: { engine: postgres, url: "{{ env_var('DATABASE_URL') }}" } }
on-run-start: "insert into public.notes values ('start {{ flags.WHICH }}')"
on-run-end: "{% for one in results %}insert into public.notes values ('{{ one.unique_id }} {{ one.status }}');{% endfor %}"
`,
      'models/s.yml': `
sources:
  - name: raw
    schema: public
    tables: [{ name: loaded, loaded_at_field: at, freshness: { warn_after: { count: 1, period: hour } } }]`,
    }
    await withProject(files, async (root) => {
      const environment = { DATABASE_URL: database.url }
      const surroundings = fakeSurroundings({ workingDirectory: root, environment, clock: () => new Date() })
      expect(await runCommandLine(['source', 'freshness'], surroundings)).toBe(0)
    })
    return (await database.rows(sql`select note from public.notes`)).map(({ note }) => note)
  }

  it('runs the hooks of the project, unless a flag says otherwise', async () => {
    expect(await noted('{}')).toEqual(['start freshness', 'source.demo.raw.loaded pass'])
    expect(await noted('{source_freshness_run_project_hooks: false}')).toEqual([])
  })

  it('needs neither a server nor hooks where nothing is asked', async () => {
    const files = {
      'project.yml': `
name: demo
targets: { test: { engine: postgres, url: postgres://nobody@127.0.0.1:1/none } }
on-run-start: select 1
`,
    }
    await withProject(files, async (root) => {
      const surroundings = fakeSurroundings({ workingDirectory: root, clock: () => new Date() })
      expect(await runCommandLine(['source', 'freshness'], surroundings)).toBe(0)
      expect(surroundings.written.err).toContain('Nothing to do')
    })
  })
})
