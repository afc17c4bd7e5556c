import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command, Option } from 'commander'
import { makeProblem, type Problem, ProblemError } from '../core/problem.ts'
import { environmentVariableFor } from './environment-flags.ts'
import type { GlobalFlags } from './flags.ts'
import type { Surroundings } from './surroundings.ts'

/*
 * `flags:` of the project's file: what a project wants of every command that runs in it, as if it stood on the command
 * line. What really stands there wins, and so does the environment. Of a dbt project also `config:` of profiles.yml.
 */

/** The flags of a command line with those of the project where nobody says otherwise. */
export async function withProjectFlags<Flags extends GlobalFlags>(
  flags: Flags,
  command: Command,
  surroundings: Pick<Surroundings, 'environment' | 'workingDirectory'>,
): Promise<Flags> {
  const project = await readProjectFlags(flags, surroundings)
  if (!project) return flags
  const options = new Map(optionsOf(command).map((option) => [positiveName(option), option]))
  const added = Object.entries(project.flags).flatMap(([name, value]): [string, unknown][] => {
    const flag = `--${name.replaceAll('_', '-')}`
    const option = options.get(flag)
    if (!option || isSaid(flag, option, command, surroundings.environment)) return []
    // Colours are on by default where a terminal is; a project that asks for them wants them everywhere.
    if (flag === '--use-colors') return [['projectColors', value]]
    return [[option.attributeName(), valueFor(option, value, flag, project.root)]]
  })
  return { ...flags, ...Object.fromEntries(added) }
}

/** Paths of the project's file are relative to it. */
const paths = new Set(['--target-path', '--log-path', '--state', '--defer-state'])

function valueFor(option: Option, value: unknown, flag: string, root: string): unknown {
  if (paths.has(flag)) return resolve(root, String(value))
  if (option.argChoices && !option.argChoices.includes(String(value))) throw notAllowed(flag, value, option)
  // As it would stand on the command line, where it is parsed.
  return typeof value === 'object' ? JSON.stringify(value) : value
}

function notAllowed(flag: string, value: unknown, { argChoices = [] }: Option): ProblemError {
  const name = flag.replace('--', '').replaceAll('-', '_')
  const message = `'${name}' must be one of ${argChoices.join(', ')}, not '${String(value)}'`
  return new ProblemError(makeProblem('yaml-invalid', message, { hint: "flags: in the project's file" }))
}

/** Whether the command line or the environment says something of a flag, be it no. */
function isSaid(
  flag: string,
  option: Option,
  command: Command,
  environment: Surroundings['environment'],
): boolean {
  const source = command.getOptionValueSourceWithGlobals(option.attributeName())
  if (source !== undefined && source !== 'default') return true
  const isColor = flag === '--use-colors'
  if (isColor && (environment['NO_COLOR'] || environment['FORCE_COLOR'])) return true
  if (isColor && command.getOptionValueSourceWithGlobals('color') === 'cli') return true
  return environmentVariableFor(flag, environment) !== null
}

function optionsOf(command: Command): Option[] {
  const options: Option[] = []
  for (let at: Command | null = command; at; at = at.parent) options.push(...at.options)
  return options
}

function positiveName({ long, negate }: Option): string {
  return negate ? long!.replace('--no-', '--') : long!
}

interface ProjectFlags {
  readonly root: string
  readonly flags: Readonly<Record<string, unknown>>
}

/** What the file says; what is wrong with it is told by whoever reads the project. */
async function readProjectFlags(
  globals: GlobalFlags,
  surroundings: Pick<Surroundings, 'environment' | 'workingDirectory'>,
): Promise<ProjectFlags | null> {
  const file = await projectFile(globals.projectDir, surroundings.workingDirectory)
  if (!file) return null
  // Most projects have none, and then nothing has to be parsed twice.
  if (/^flags\s*:/m.test(file.text)) return flagsBelow('flags', file)
  return file.name === 'dbt_project.yml' ? profileFlags(file.root, globals, surroundings) : null
}

/** Before dbt had `flags:`, they stood below `config:` of profiles.yml, and count where the project has none. */
async function profileFlags(
  root: string,
  flags: GlobalFlags,
  surroundings: Pick<Surroundings, 'environment' | 'workingDirectory'>,
): Promise<ProjectFlags | null> {
  const { profileFolders } = await import('./profile-targets.ts')
  const name = 'profiles.yml'
  for (const folder of profileFolders(root, { ...surroundings, flags })) {
    const text = maybeText(join(folder, name))
    if (text !== null) return /^config\s*:/m.test(text) ? flagsBelow('config', { root, name, text }) : null
  }
  return null
}

async function flagsBelow(
  key: 'flags' | 'config',
  file: { readonly root: string; readonly name: string; readonly text: string },
): Promise<ProjectFlags | null> {
  const { parseYaml } = await import('../project/yaml-document.ts')
  const { readFlags } = await import('../project/read-flags.ts')
  const problems: Problem[] = []
  const document = parseYaml({ path: file.name, text: file.text }, problems, { isLenient: true })
  const written = (document?.value as Readonly<Record<string, unknown>> | undefined)?.[key]
  if (!document || typeof written !== 'object' || written === null) return null
  return { root: file.root, flags: readFlags(written as Record<string, unknown>, document, 'warning', []) }
}

async function projectFile(projectDir: string | undefined, workingDirectory: string) {
  const { findProjectRoot, projectFileNames } = await import('../project/find-project-root.ts')
  try {
    const root =
      projectDir === undefined ? findProjectRoot(workingDirectory) : resolve(workingDirectory, projectDir)
    for (const name of projectFileNames) {
      const text = maybeText(join(root, name))
      if (text !== null) return { root, name, text }
    }
  } catch {
    // There is no project; a command that needs one says so.
  }
  return null
}

function maybeText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
