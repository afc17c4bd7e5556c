import { describe, expect, it } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import { readProject } from '../../src/project/read-project.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { options } from '../run/artifacts/sample-shop.ts'

const project = {
  'dbt_project.yml': `
name: bank
version: "1.0"
models: { bank: { accounts: { +group: finance, +access: private } } }`,
  'models/groups.yml': 'groups: [{ name: finance, owner: { name: Ann } }]',
  'models/accounts/accounts.sql': 'select 1 as id',
  'models/accounts/balances.sql': "select id from {{ ref('accounts') }}",
}

/** What is wrong with the project and some more files. */
async function problems(files: Files = {}, now = new Date(0)): Promise<string[]> {
  return withProject({ ...project, ...files }, async (root) => {
    try {
      const compiled = await compile(await readProject(root), {
        target: options.target,
        vars: {},
        env: {},
        clock: () => now,
      })
      return compiled.manifest.warnings.map(({ message }) => message)
    } catch (error) {
      return (error as Error).message.split('\n')
    }
  })
}

describe('private models of a group that the project file gives them', () => {
  it('are read by the group, by tests declared on them, and by their unit tests', async () => {
    const declared = `
models:
  - name: accounts
    columns: [{ name: id, data_tests: [unique] }]
  - name: balances
    columns:
      - name: id
        data_tests: [not_null, { relationships: { arguments: { to: ref('accounts'), field: id } } }]
unit_tests:
  - name: one_balance
    model: balances
    given: [{ input: ref('accounts'), rows: [{ id: 1 }] }]
    expect: { rows: [{ id: 1 }] }`
    expect(await problems({ 'models/tests.yml': declared })).toEqual([])
  })

  it('are read by files of tests that say that they are of the group, and by no others', async () => {
    const test = "select * from {{ ref('accounts') }} where id < 0"
    expect(await problems({ 'tests/positive.sql': `{{ config(group='finance') }}\n${test}` })).toEqual([])
    expect(await problems({ 'tests/positive.sql': test })).toEqual([
      'positive may not refer to accounts, which is private',
    ])
    expect(await problems({ 'models/others.sql': "select * from {{ ref('accounts') }}" })).toEqual([
      'others may not refer to accounts, which is private',
    ])
  })
})

describe('a model with a deprecation_date', () => {
  const dated = (date: string) => ({
    'models/dates.yml': `models: [{ name: accounts, deprecation_date: ${date} }]`,
  })
  const now = new Date('2026-06-01T12:00:00Z')

  it('is told of when the date is over, and whoever refers to it before', async () => {
    expect(await problems(dated('2026-01-31'), now)).toEqual([
      'model accounts is not to be used since 2026-01-31',
      'model balances refers to model accounts, which is not to be used since 2026-01-31',
    ])
    expect(await problems(dated('2026-06-02'), now)).toEqual([
      'model balances refers to model accounts, which is not to be used from 2026-06-02 on',
    ])
  })
})
