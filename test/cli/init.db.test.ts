import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { useTestDatabase } from '../warehouse/test-database.ts'
import { runEstimand, useProjectCopy } from './spawn-estimand.ts'

const database = useTestDatabase()
// Only for the package being built.
useProjectCopy('small-shop')
const folder = mkdtempSync(join(tmpdir(), 'estimand-init-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('estimand init', () => {
  it('makes a project that builds at once', async () => {
    const made = await runEstimand(folder, ['init', 'my_shop'])
    expect(made).toMatchObject({ code: 0, out: 'cd my_shop\nestimand build\n' })
    const project = join(folder, 'my_shop')
    expect(readFileSync(join(project, 'project.yml'), 'utf8')).toContain('name: my_shop\n')
    expect(readFileSync(join(project, '.gitignore'), 'utf8')).toContain('.estimand/')
    const built = await runEstimand(project, ['build', '--warn-error'], { DATABASE_URL: database.url })
    expect(built.code).toBe(0)
    expect(built.out).toContain('tests   5 passed')
  })

  it('writes over nothing', async () => {
    const again = await runEstimand(folder, ['init', 'my_shop'])
    expect(again).toMatchObject({ code: 2, out: '' })
    expect(again.err).toContain('nothing was written')
  })

  it('asks for a name that can be one', async () => {
    const { code, err } = await runEstimand(folder, ['init', 'My Shop'])
    expect(code).toBe(2)
    expect(err).toContain('estimand init my_shop')
  })
})
