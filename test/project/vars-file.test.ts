import { describe, expect, it } from 'vitest'
import { problemsOf, projectOf } from './temp-project.ts'

describe('vars.yml', () => {
  it('holds the vars of a project', async () => {
    const { config } = await projectOf({ 'vars.yml': 'vars: {start: 2026-01-01}\n' })
    expect(config.vars).toEqual({ start: '2026-01-01' })
    expect(config.varsInFile).toBe(true)
  })

  it('does not stand beside vars in the project file', async () => {
    const files = { 'project.yml': 'name: demo\nvars: {a: 1}\n', 'vars.yml': 'vars: {b: 1}\n' }
    expect(await problemsOf(files)).toEqual([expect.stringContaining('vars stand both in vars.yml and')])
  })
})
