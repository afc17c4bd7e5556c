import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { didYouMean, quotedList } from '../core/did-you-mean.ts'
import { makeProblem, type Problem } from '../core/problem.ts'
import type { PostgresTargetSpec } from '../core/project.ts'
import { checkYaml } from './check-yaml.ts'
import { connectionSpec } from './connection-schema.ts'
import { type PostgresOutput, postgresOutputSchema, profileSchema } from './profile-schema.ts'
import { readText } from './project-files.ts'
import { parseYaml, type YamlDocument } from './yaml-document.ts'

/*
 * The profile of a dbt project: its targets, which dbt keeps outside of the project in profiles.yml.
 */

export interface Profile {
  readonly name: string
  /** The file, as an absolute path. */
  readonly path: string
  /** The target that stands for itself; may be a template. */
  readonly defaultTarget: string
  /** The outputs that are Postgres. */
  readonly targets: Readonly<Record<string, PostgresTargetSpec>>
  /** The outputs that are not, with their types. */
  readonly others: Readonly<Record<string, string>>
  /** Whether the file has flags, too. */
  readonly hasFlags: boolean
}

const fileName = 'profiles.yml'

/** The first of the folders that has a profiles.yml; null when none has one. */
export function findProfiles(folders: readonly string[]): string | null {
  return folders.find((folder) => existsSync(join(folder, fileName))) ?? null
}

/** Reads one profile; null when the file says nothing usable, which went to `problems`. */
export function readProfile(folder: string, name: string, problems: Problem[]): Profile | null {
  const path = join(folder, fileName)
  const file = readText(folder, fileName, problems)
  const document = file && parseYaml({ ...file, path }, problems, { isLenient: true })
  if (!document) return null
  const profiles = isMapping(document.value) ? document.value : {}
  if (profiles[name] === undefined) {
    const names = Object.keys(profiles).filter((key) => key !== 'config')
    const hint =
      didYouMean(name, names) ?? `it has ${names.length > 0 ? quotedList(names, 'and') : 'no profiles'}`
    problems.push(makeProblem('target-unknown', `there is no profile '${name}' in ${path}`, { hint }))
    return null
  }
  const inner = within(document, name)
  const profile = checkYaml(inner, profileSchema, problems, 'warning')
  if (!profile) return null
  const targets: Record<string, PostgresTargetSpec> = {}
  const others: Record<string, string> = {}
  for (const [target, output] of Object.entries(profile.outputs)) {
    if (output.type !== 'postgres') {
      others[target] = output.type
      continue
    }
    const checked = checkYaml(within(inner, 'outputs', target), postgresOutputSchema, problems, 'warning')
    if (checked) targets[target] = targetOf(checked)
  }
  const names = Object.keys(profile.outputs)
  return {
    name,
    path,
    defaultTarget: profile.target ?? (names.includes('default') ? 'default' : (names[0] ?? 'default')),
    targets,
    others,
    hasFlags: isMapping(profiles['config']) && Object.keys(profiles['config']).length > 0,
  }
}

function targetOf(output: PostgresOutput): PostgresTargetSpec {
  const values = {
    host: output.host ?? output.hostname,
    port: output.port,
    user: output.user ?? output.username,
    password: output.password ?? output.pass,
    database: output.dbname ?? output.database,
  }
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null)
  return {
    engine: 'postgres',
    schema: output.schema,
    // May be a template, which is rendered with the rest of the target.
    threads: (output.threads ?? 1) as number,
    ...Object.fromEntries(given),
    ...connectionSpec(output),
  }
}

/** The part of a document below a path, with its places. */
function within(document: YamlDocument, ...path: readonly string[]): YamlDocument {
  const value = path.reduce<unknown>(
    (outer, key) => (isMapping(outer) ? outer[key] : undefined),
    document.value,
  )
  return {
    ...document,
    value,
    placeOf: (inner) => document.placeOf([...path, ...inner]),
    placeOfKey: (inner) => document.placeOfKey([...path, ...inner]),
    sourceOf: (inner) => document.sourceOf([...path, ...inner]),
  }
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The problem of a target whose warehouse is not Postgres. */
export function notPostgres({ others, targets, path }: Profile, target: string): Problem {
  const known = Object.keys(targets)
  const hint =
    known.length > 0
      ? `the targets of this profile that are: ${quotedList(known, 'and')}; choose one with --target`
      : `add an output of type postgres to ${path}, or run on the embedded PostgreSQL with --profiles-dir ''`
  return makeProblem(
    'not-supported',
    `target '${target}' is of the type ${others[target]}, and Estimand speaks to Postgres`,
    { hint },
  )
}
