import { describe, expect, it } from 'vitest'
import { chooseTarget } from '../../src/cli/choose-target.ts'
import { parseVars } from '../../src/cli/parse-vars.ts'
import { ProblemError } from '../../src/core/problem.ts'
import type { ProjectConfig } from '../../src/core/project.ts'

describe('--vars', () => {
  it.each([
    ['{events: 50000, name: x}', { events: 50000, name: 'x' }],
    ['{"events": 50000}', { events: 50000 }],
    ['events: 50000', { events: 50000 }],
    ['', {}],
  ])('reads %s', (text, vars) => {
    expect(parseVars(text)).toEqual(vars)
  })

  it.each(['{events: ', '[1, 2]', 'just text'])('refuses %s as wrong usage', (text) => {
    expect(() => parseVars(text)).toThrow(ProblemError)
    expect(() => parseVars(text)).toThrow(/--vars/)
  })
})

describe('the target', () => {
  const config = {
    defaultTarget: 'dev',
    targets: {
      dev: { engine: 'embedded', schema: 'analytics', threads: 4 },
      prod: { engine: 'postgres', schema: 'analytics', threads: 8, host: 'db' },
    },
  } as unknown as ProjectConfig
  const environment = { DATABASE_URL: 'postgres://me@db/shop' }

  it('is the default, with DATABASE_URL in the place of the embedded server', () => {
    expect(chooseTarget(config, undefined, {})).toMatchObject({ name: 'dev', usesDatabaseUrl: false })
    expect(chooseTarget(config, undefined, environment)).toMatchObject({ name: 'dev', usesDatabaseUrl: true })
  })

  it('means what it says when it is named', () => {
    expect(chooseTarget(config, 'dev', environment)).toMatchObject({ name: 'dev', usesDatabaseUrl: false })
    expect(chooseTarget(config, 'prod', environment)).toMatchObject({ name: 'prod', usesDatabaseUrl: false })
  })

  it('is suggested when mistyped', () => {
    expect(() => chooseTarget(config, 'prd', {})).toThrow(ProblemError)
    try {
      chooseTarget(config, 'prd', {})
    } catch (error) {
      const [problem] = (error as ProblemError).problems
      expect(problem).toMatchObject({ code: 'target-unknown' })
      expect(problem?.hint).toContain("did you mean 'prod'?")
    }
  })
})
