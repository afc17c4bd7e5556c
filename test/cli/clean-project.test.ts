import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCommandLine } from '../../src/cli/run-command-line.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { fakeSurroundings } from './fake-surroundings.ts'

/** Which of the folders are still there after `estimand clean`. */
function leftBy(files: Files, folders: readonly string[], ...flags: readonly string[]) {
  return withProject(files, async (root) => {
    for (const folder of folders) {
      mkdirSync(join(root, folder), { recursive: true })
      writeFileSync(join(root, folder, 'file'), '')
    }
    const code = await runCommandLine(['clean', ...flags], fakeSurroundings({ workingDirectory: root }))
    return { code, left: folders.filter((folder) => existsSync(join(root, folder))) }
  })
}

describe('estimand clean', () => {
  const folders = ['target', 'dbt_packages', 'notes', 'logs', 'log']

  it('removes target/ and the logs', async () => {
    const left = await leftBy({ 'project.yml': 'name: demo\n' }, folders)
    expect(left).toEqual({ code: 0, left: ['dbt_packages', 'notes', 'log'] })
  })

  it('removes what clean-targets names', async () => {
    const left = await leftBy({ 'project.yml': 'name: demo\nclean-targets: [dbt_packages, gone]\n' }, folders)
    expect(left).toEqual({ code: 0, left: ['target', 'notes', 'log'] })
  })

  it('leaves logs alone that log-path puts elsewhere, unless they are named', async () => {
    const project = 'name: demo\nlog-path: log\n'
    expect((await leftBy({ 'project.yml': project }, folders)).left).toEqual([
      'dbt_packages',
      'notes',
      'logs',
      'log',
    ])
    expect((await leftBy({ 'project.yml': `${project}clean-targets: [log]` }, folders)).left).not.toContain(
      'log',
    )
  })

  it('removes nothing when anything is outside the project, or one of its own folders', async () => {
    for (const target of ['../elsewhere', '.', 'models', 'models/marts'])
      expect(
        await leftBy({ 'project.yml': `name: demo\nclean-targets: [target, ${target}]` }, [
          ...folders,
          'models/marts',
        ]),
      ).toEqual({ code: 2, left: [...folders, 'models/marts'] })
  })

  it('removes what is outside the project where that is asked for, and never what holds it', async () => {
    const project = (target: string) => ({ 'project.yml': `name: demo\nclean-targets: [${target}]\n` })
    const flag = '--no-clean-project-files-only'
    const elsewhere = join(tmpdir(), `estimand-clean-${randomUUID()}`)
    mkdirSync(elsewhere)
    expect((await leftBy(project(elsewhere), [], '--clean-project-files-only')).code).toBe(2)
    expect(existsSync(elsewhere)).toBe(true)
    expect((await leftBy(project(elsewhere), [], flag)).code).toBe(0)
    expect(existsSync(elsewhere)).toBe(false)
    for (const target of ['.', '..', 'models']) {
      const { code, left } = await leftBy(project(target), ['models'], flag)
      expect({ code, left }).toEqual({ code: 2, left: ['models'] })
    }
  })
})
