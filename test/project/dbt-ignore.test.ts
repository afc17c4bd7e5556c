import { describe, expect, it } from 'vitest'
import { ignoreMatcher } from '../../src/project/dbt-ignore.ts'
import { projectOf } from './temp-project.ts'

describe('.dbtignore', () => {
  it.each([
    ['*.draft.sql', 'models/a/b.draft.sql', true],
    ['*.draft.sql', 'models/a/b.sql', false],
    ['models/old/', 'models/old/a.sql', true],
    ['models/old/', 'models/older/a.sql', false],
    ['old/', 'models/old/a.sql', true],
    ['/a.sql', 'models/a.sql', false],
    ['models/**/x.sql', 'models/a/b/x.sql', true],
    ['models/**/x.sql', 'models/x.sql', true],
    ['models/?.sql', 'models/ab.sql', false],
    ['models/[ab].sql', 'models/b.sql', true],
    ['# a comment', '# a comment', false],
  ])('%s and %s: %s', (line, path, ignored) => {
    expect(ignoreMatcher(line)(path)).toBe(ignored)
  })

  it('lets the last pattern that fits decide', () => {
    const isIgnored = ignoreMatcher('*.sql\n!keep.sql\n')
    expect(isIgnored('models/a.sql')).toBe(true)
    expect(isIgnored('models/keep.sql')).toBe(false)
  })

  it('keeps files of every kind from being read', async () => {
    const project = await projectOf({
      '.dbtignore': 'drafts/\n',
      'models/a.sql': 'select 1',
      'models/drafts/b.sql': 'select nonsense(',
      'models/drafts/b.yml': 'models: {',
      'seeds/drafts/c.csv': 'a\n',
    })
    expect(project.models.map(({ path }) => path)).toEqual(['models/a.sql'])
    expect(project.seeds).toEqual([])
  })
})
