import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Problem, ProblemError } from '../core/problem.ts'
import type { Package, Project, ProjectConfig, ProjectFile } from '../core/project.ts'
import type { UnknownKeys } from './check-yaml.ts'
import { findPackages } from './find-packages.ts'
import { projectFileNames, projectMissing } from './find-project-root.ts'
import { type PackageFiles, readPackageFiles } from './package-files.ts'
import { readText } from './project-files.ts'
import { readAnalytics, readJobs } from './read-jobs.ts'
import { readLoads } from './read-loads.ts'
import { readProjectConfig } from './read-project-config.ts'
import { noProperties, type Properties, readProperties } from './read-properties.ts'
import { readSelectors } from './read-selectors.ts'
import { withVarsFile } from './read-vars-file.ts'
import { readSeedFiles } from './seed-files.ts'

/**
 * Reads a project and its packages from disk: every file, every YAML value checked. Throws one ProblemError with all
 * problems when anything is wrong; what is only worth saying is among the project's warnings.
 */
export async function readProject(folder: string): Promise<Project> {
  const root = resolve(folder)
  const problems: Problem[] = []
  const configPath = projectFileNames.find((name) => existsSync(join(root, name)))
  if (configPath === undefined) throw new ProblemError(projectMissing(root))
  const configFile = readText(root, configPath, problems)
  // A project made for dbt runs as it is, and dbt lets unknown keys pass.
  const unknownKeys: UnknownKeys = configPath === 'dbt_project.yml' ? 'warning' : 'error'
  const written = configFile && readProjectConfig(configFile, unknownKeys, problems)
  if (!written) throw new ProblemError(problems.sort(byPlace))
  const config = withVarsFile(root, '.', written, problems)

  const project = await readFiles({ root, configFile, config, unknownKeys, problems })
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new ProblemError(errors.sort(byPlace))
  return { ...project, warnings: problems.sort(byPlace) }
}

function byPlace({ place: a }: Problem, { place: b }: Problem): number {
  if (!a || !b) return Number(Boolean(a)) - Number(Boolean(b))
  return a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column
}

interface Reading {
  readonly root: string
  readonly configFile: Omit<ProjectFile, 'package' | 'packagePath'>
  readonly config: ProjectConfig
  readonly unknownKeys: UnknownKeys
  readonly problems: Problem[]
}

async function readFiles(reading: Reading): Promise<Omit<Project, 'warnings'>> {
  const { root, configFile, config, problems } = reading
  const own: Package = { name: config.name, folder: '.', config }
  const packages = [own, ...findPackages(root, config, problems)]
  const parts = packages.map((part) => ({ part, files: readPackageFiles(root, part, problems) }))
  const all = <K extends keyof PackageFiles>(kind: K) =>
    parts.flatMap(({ files }) => files[kind] as readonly ProjectFile[])
  const seeds = await Promise.all(
    parts.map(({ part, files }) => readSeedFiles(root, part, files.seeds, problems)),
  )
  const analytics = parts[0]!.files.analytics.map((file) =>
    readAnalytics(file, reading.unknownKeys, problems),
  )
  const properties = [
    ...parts.flatMap(({ part, files }) => readYaml(files.properties, part === own, reading)),
    ...analytics.map(({ properties: beside }) => beside),
  ]
  const pipelines = parts[0]!.files.pipelines
  return {
    root,
    configPath: configFile.path,
    config,
    packages,
    models: all('models'),
    macros: all('macros'),
    tests: all('tests'),
    snapshots: all('snapshots'),
    analyses: all('analyses'),
    functions: all('functions'),
    docs: all('docs'),
    fixtures: all('fixtures'),
    seeds: seeds.flat(),
    ...joined(properties),
    loads: pipelines.flatMap((file) => readLoads(root, file, reading.unknownKeys, problems)),
    jobs: readJobs(
      analytics.flatMap(({ job }) => job ?? []),
      problems,
    ),
    selectors: readSelectors(root, reading.unknownKeys, problems),
    yamlFiles: [configFile, ...all('properties'), ...pipelines, ...parts[0]!.files.analytics],
  }
}

/** The YAML beside nodes. What is odd in a package is its author's to mend, so only errors of it are told. */
function readYaml(
  files: readonly ProjectFile[],
  isOwn: boolean,
  { unknownKeys, problems }: Reading,
): Properties[] {
  if (isOwn) return files.map((file) => readProperties(file, unknownKeys, problems))
  const found: Problem[] = []
  const read = files.map((file) => readProperties(file, 'warning', found))
  problems.push(...found.filter(({ severity }) => severity === 'error'))
  return read
}

function joined(properties: readonly Properties[]): Properties {
  const keys = Object.keys(noProperties) as (keyof Properties)[]
  const entries = keys.map((key) => [key, properties.flatMap((part): readonly unknown[] => part[key])])
  return Object.fromEntries(entries) as unknown as Properties
}
