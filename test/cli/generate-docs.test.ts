import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runCommandLine } from '../../src/cli/run-command-line.ts'
import { withProject } from '../project/temp-project.ts'
import { fakeSurroundings } from './fake-surroundings.ts'

it('copies the folders of asset-paths beside the documentation, without what was there before', async () => {
  const files = {
    'project.yml': 'name: demo\nasset-paths: [pictures, gone]\n',
    'pictures/lineage/one.svg': '<svg/>',
  }
  await withProject(files, async (root) => {
    const old = join(root, 'target', 'pictures', 'old.svg')
    mkdirSync(join(root, 'target', 'pictures'), { recursive: true })
    writeFileSync(old, '')
    const surroundings = fakeSurroundings({ workingDirectory: root })
    const command = ['docs', 'generate', '--no-compile', '--empty-catalog']
    expect(await runCommandLine(command, surroundings)).toBe(0)
    expect(readFileSync(join(root, 'target/pictures/lineage/one.svg'), 'utf8')).toBe('<svg/>')
    expect([existsSync(old), existsSync(join(root, 'target/gone'))]).toEqual([false, false])
  })
})

it('refuses to write a page', async () => {
  const surroundings = fakeSurroundings({})
  expect(await runCommandLine(['docs', 'generate', '--static'], surroundings)).toBe(2)
  expect(surroundings.written.err).toContain('docs generate writes no site')
})
