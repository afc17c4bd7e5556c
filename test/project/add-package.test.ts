import { describe, expect, it } from 'vitest'
import { readWantedPackage, withPackage } from '../../src/project/add-package.ts'

const add = (text: string, wanted: string, source: 'hub' | 'git' | 'local' = 'hub') =>
  withPackage(text, readWantedPackage(wanted, source))

describe('a package that is added to packages.yml', () => {
  it('stands there as dbt writes it', () => {
    expect(add('', 'loc', 'local').text).toBe('packages:\n  - local: loc\n')
    expect(add('packages: []\n', 'dbt-labs/dbt_utils@1.3.0').text).toBe(
      'packages:\n  - package: dbt-labs/dbt_utils\n    version: 1.3.0\n',
    )
    expect(add('packages:\n', 'https://host/a.git@1.0', 'git').text).toBe(
      'packages:\n  - git: https://host/a.git\n    revision: "1.0"\n',
    )
  })

  it('has a range of versions as a list', () => {
    expect(add('', 'dbt-labs/dbt_utils@>=1.0.0,<2.0.0').text).toBe(
      'packages:\n  - package: dbt-labs/dbt_utils\n    version:\n      - ">=1.0.0"\n      - <2.0.0\n',
    )
  })

  it('may be at an address with an @ of its own', () => {
    expect(readWantedPackage('git@host:a@1', 'git')).toEqual({
      name: 'git@host:a@1',
      version: null,
      source: 'git',
    })
  })

  it('leaves the others and what is written beside them', () => {
    const text = '# ours\npackages:\n  - local: loc # here\nprojects: []\n'
    expect(add(text, 'a/b').text).toBe(
      '# ours\npackages:\n  - local: loc # here\n  - package: a/b\nprojects: []\n',
    )
  })

  it.each([
    ['package: dbt-labs/dbt_utils', true],
    ['package: fork/dbt_utils', true],
    ['git: https://host/a/dbt-utils.git', true],
    ['local: ../dbt_utils', true],
    ['package: dbt-labs/dbt_utils_more', false],
    ['package: a/my_dbt_utils', false],
  ])('takes the place of %s: %s', (entry, isSame) => {
    const { removed } = add(`packages:\n  - ${entry}\n`, 'dbt-labs/dbt_utils')
    expect(removed).toEqual(isSame ? [entry.slice(entry.indexOf(' ') + 1)] : [])
  })
})
