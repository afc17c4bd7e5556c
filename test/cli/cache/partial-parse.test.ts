import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { makeRandom } from '../../../src/stats/random/philox.ts'
import { type Outcome, outcomeOf, reasonsToCompileAnew } from './outcome.ts'
import { type EditedProject, editAtRandom, filesBelow, restore } from './random-edits.ts'

/*
 * Whatever is done to a project, a command that goes on from what earlier ones have kept says and writes the same as
 * one that compiles everything.
 */

const projects = fileURLToPath(new URL('../../projects/', import.meta.url))
const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function openProject(name: string, seed: number): EditedProject {
  const folder = mkdtempSync(join(tmpdir(), 'estimand-partial-'))
  folders.push(folder)
  cpSync(join(projects, name), folder, {
    recursive: true,
    filter: (path) => !/\/(target|\.estimand)$/.test(path),
  })
  const paths = ['.sql', '.yml', '.csv', '.md'].flatMap((ending) => filesBelow(folder, ending))
  const originals = new Map(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]))
  return {
    folder,
    random: makeRandom(seed),
    originals,
    circumstances: { vars: '{}', env: {}, flags: [] },
  }
}

function run(
  { folder, circumstances }: EditedProject,
  command: readonly string[],
  targetPath: string,
  now: Date,
  more: readonly string[] = [],
): Promise<Outcome> {
  const { vars, env, flags } = circumstances
  const args = [...command, '--vars', vars, ...flags, ...more]
  return outcomeOf({ folder, args, env, targetPath, clock: () => now })
}

const steps = Number(process.env['ESTIMAND_STEPS'] ?? 60)

/** Compiling comes with and without a flag that templates see. */
function commandAtRandom({ random }: EditedProject, name: string): readonly string[] {
  if (random.bernoulli(0.2)) return ['ls', '--resource-type', 'all']
  // Templates of every kind ask the database too.
  if (name === 'every-kind' || random.bernoulli(0.5)) return ['parse']
  return random.bernoulli(0.2) ? ['compile', '--full-refresh'] : ['compile']
}

describe.each(['dbt-shop', 'every-kind', 'small-shop', 'hooked'])('random edits of %s', (name) => {
  it('compile to the same', async () => {
    const seed = Number(process.env['ESTIMAND_SEED'] ?? 1)
    const project = openProject(name, seed)
    const history: string[] = []
    let anew = 0
    let isBroken = true
    for (let step = 0; step < steps; step++) {
      // A project that does not compile is mended soon, since what is kept of it stays as it was.
      if (isBroken ? project.random.bernoulli(0.6) : project.random.bernoulli(0.05)) {
        restore(project)
        history.push('restored')
      } else history.push(editAtRandom(project))
      rmSync(join(project.folder, 'logs'), { recursive: true, force: true })
      const command = commandAtRandom(project, name)
      // Templates write the time into their SQL.
      const now = new Date()
      const warm = await run(project, command, 'target-warm', now)
      const reasons = reasonsToCompileAnew(project.folder)
      if (reasons.length > 0) anew++
      if (process.env['ESTIMAND_TRACE']) console.log(step, history.at(-1), warm.code, ...reasons)
      isBroken = warm.code !== 0
      const cold = await run(project, command, 'target-cold', now, ['--no-partial-parse'])
      if (command[0] === 'ls') {
        ;(warm as { manifest: unknown }).manifest = (cold as { manifest: unknown }).manifest = null
      }
      expect(warm, history.slice(-12).join('\n')).toEqual(cold)
    }
    if (process.env['ESTIMAND_TRACE']) console.log({ steps, anew })
  })
})
