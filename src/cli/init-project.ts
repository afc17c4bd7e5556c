import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { CommandContext, ExitCode } from './command-context.ts'

const starterFolder = fileURLToPath(new URL('./starter/', import.meta.url))

/** Makes a folder with a small project that builds as it is; never writes over anything. */
export function initProject(context: CommandContext, name: string | undefined): ExitCode {
  const { workingDirectory, narrator, terminal } = context
  const base = resolve(workingDirectory, context.flags.projectDir ?? '.')
  const folder = name === undefined ? base : resolve(base, name)
  const projectName = checkedName(basename(folder))
  const files = starterFiles()
  refuseToOverwrite(folder, files)
  for (const file of files) {
    const path = join(folder, nameInProject(file))
    mkdirSync(dirname(path), { recursive: true })
    const text = readFileSync(join(starterFolder, file), 'utf8')
    writeFileSync(path, text.replaceAll('{{name}}', projectName))
  }
  const shown = relative(workingDirectory, folder)
  narrator.note(`made the project ${projectName} in ${folder}`)
  const enter = shown === '' ? '' : `cd ${shown}\n`
  terminal.out.write(`${enter}estimand build\n`)
  return 0
}

function starterFiles(): string[] {
  return readdirSync(starterFolder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(starterFolder, join(entry.parentPath, entry.name)))
    .sort()
}

/** A file of this name would be left out of the package. */
function nameInProject(file: string): string {
  return file === 'gitignore' ? '.gitignore' : file
}

function checkedName(name: string): string {
  if (/^[a-z_][a-z0-9_]*$/.test(name)) return name
  const better = name
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '_')
    .replace(/^(?=\d)/, '_')
  throw new ProblemError(
    makeProblem('usage', `'${name}' cannot be the name of a project`, {
      hint: `letters, digits and underscores can: estimand init ${better}`,
    }),
  )
}

function refuseToOverwrite(folder: string, files: readonly string[]): void {
  const others = ['dbt_project.yml']
  const taken = [...files.map(nameInProject), ...others].filter((file) => existsSync(join(folder, file)))
  if (taken.length === 0) return
  throw new ProblemError(
    makeProblem('usage', `${folder} has ${taken.slice(0, 3).join(', ')} already; nothing was written`, {
      hint: 'name another folder: estimand init my_project',
    }),
  )
}
