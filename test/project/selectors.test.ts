import { expect, test } from 'vitest'
import { readProject } from '../../src/project/read-project.ts'
import { type Files, withProject } from './temp-project.ts'

const files: Files = {
  'selectors.yml': `
selectors:
  - name: both
    definition:
      union:
        - { method: tag, value: a, children_parents: true }
        - { tag: b }
`,
}
const read = (more: Files) => withProject({ ...files, ...more }, readProject)

test('keys of selectors.yml that nobody knows are passed over in a project made for dbt', async () => {
  const { selectors, warnings } = await read({ 'dbt_project.yml': 'name: shop\nprofile: shop\n' })
  expect(selectors[0]!.definition).toEqual({ union: [{ method: 'tag', value: 'a' }, { tag: 'b' }] })
  expect(warnings).toMatchObject([
    { code: 'selector-invalid', place: { file: 'selectors.yml', line: 3 }, severity: 'warning' },
  ])
  expect(warnings[0]!.message).toContain("'children_parents' is not known")
})

test('in a project of ours they are left for whoever uses the selector, who refuses them', async () => {
  const { selectors, warnings } = await read({ 'project.yml': 'name: shop\n' })
  expect(JSON.stringify(selectors[0]!.definition)).toContain('children_parents')
  expect(warnings).toEqual([])
})
