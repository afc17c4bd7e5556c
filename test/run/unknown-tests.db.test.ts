import { expect, it } from 'vitest'
import { withProject } from '../project/temp-project.ts'
import { runProject, useProjectDatabase } from './run-project.ts'

const database = useProjectDatabase()

it('a test that nobody defines fails alone in a project made for dbt, as there', async () => {
  const files = {
    'dbt_project.yml': 'name: shop\nprofile: shop\n',
    'models/a.sql': 'select 1 as id',
    'models/m.yml': `models:
  - name: a
    columns: [{name: id, data_tests: [missing_package.some_test, nonexistent, unique]}]
`,
  }
  await withProject(files, async (root) => {
    const { result } = await runProject(root, database.connection, { publish: 'node' })
    expect(result.results.map(({ status, problem }) => [status, problem?.code])).toEqual([
      ['success', undefined],
      ['error', 'macro-unknown'],
      ['error', 'macro-unknown'],
      ['pass', undefined],
    ])
  })
})
