import { expect, it } from 'vitest'
import { compiled } from '../compile/context/parse-project.ts'

it('quotes the columns of tests where the model, the source or the column says so', async () => {
  const { manifest } = await compiled({
    'models/m.sql': 'select 1 as id',
    'models/s.yml': `
models:
  - name: m
    quote_columns: true
    columns:
      - { name: Id, data_tests: [unique] }
      - { name: plain, quote: false, data_tests: [not_null] }
sources:
  - name: raw
    quoting: { column: true }
    tables:
      - { name: a, columns: [{ name: Key, data_tests: [unique] }] }
      - { name: b, quoting: { column: false }, columns: [{ name: Key, data_tests: [unique] }] }
`,
  })
  const columns = Object.values(manifest.nodes).flatMap((node) =>
    node.resourceType === 'test' ? [node.generic?.column] : [],
  )
  expect(columns.sort()).toEqual(['"Id"', '"Key"', 'Key', 'plain'])
})
