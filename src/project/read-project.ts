import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Problem, ProblemError } from '../core/problem.ts'
import type { JobDeclaration, LoadDeclaration, Project, ProjectConfig, ProjectFile } from '../core/project.ts'
import type { UnknownKeys } from './check-yaml.ts'
import { projectFileNames, projectMissing } from './find-project-root.ts'
import { listFiles, readText } from './project-files.ts'
import { readAnalytics } from './read-jobs.ts'
import { readLoads } from './read-loads.ts'
import { readProjectConfig } from './read-project-config.ts'
import { type Properties, readProperties } from './read-properties.ts'
import { readSeedFiles } from './seed-files.ts'

/**
 * Reads a project from disk: every file, every YAML value checked. Throws one ProblemError with all problems
 * when anything is wrong; what is only worth saying is among the project's warnings.
 */
export async function readProject(folder: string): Promise<Project> {
  const root = resolve(folder)
  const problems: Problem[] = []
  const configPath = projectFileNames.find((name) => existsSync(join(root, name)))
  if (configPath === undefined) throw new ProblemError(projectMissing(root))
  const configFile = readText(root, configPath, problems)
  // A project made for dbt runs as it is, and dbt lets unknown keys pass.
  const unknownKeys: UnknownKeys = configPath === 'dbt_project.yml' ? 'warning' : 'error'
  const config = configFile && readProjectConfig(configFile, unknownKeys, problems)
  if (!config) throw new ProblemError(problems.sort(byPlace))

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
  readonly configFile: ProjectFile
  readonly config: ProjectConfig
  readonly unknownKeys: UnknownKeys
  readonly problems: Problem[]
}

async function readFiles(reading: Reading): Promise<Omit<Project, 'warnings'>> {
  const { root, configFile, config, problems } = reading
  const { paths } = config
  const list = (folders: readonly string[], ...extensions: string[]) =>
    listFiles(root, folders, extensions, problems)
  const read = (files: readonly string[]) => files.flatMap((path) => readText(root, path, problems) ?? [])

  const tests = list(paths.tests, '.sql')
  const described = [...paths.models, ...paths.seeds, ...paths.macros, ...paths.tests]
  const yaml = {
    properties: read(list(described, '.yml', '.yaml')),
    pipelines: read(list(paths.pipelines, '.yml', '.yaml')),
    analytics: read(list(paths.analytics, '.yml', '.yaml')),
  }
  return {
    root,
    configPath: configFile.path,
    config,
    models: read(list(paths.models, '.sql')),
    macros: read([...list(paths.macros, '.sql'), ...tests.filter((path) => isMacroFile(path, paths.tests))]),
    tests: read(tests.filter((path) => !isMacroFile(path, paths.tests))),
    seeds: await readSeedFiles(root, list(paths.seeds, '.csv'), problems),
    ...readYamlFiles(reading, yaml),
    yamlFiles: [configFile, ...yaml.properties, ...yaml.pipelines, ...yaml.analytics],
  }
}

/** Files under tests/generic/ define tests, they are none themselves. */
function isMacroFile(path: string, testPaths: readonly string[]): boolean {
  return testPaths.some((folder) => path.startsWith(`${folder}/generic/`))
}

interface YamlFiles {
  readonly properties: readonly ProjectFile[]
  readonly pipelines: readonly ProjectFile[]
  readonly analytics: readonly ProjectFile[]
}

function readYamlFiles(
  { root, unknownKeys, problems }: Reading,
  yaml: YamlFiles,
): Pick<Project, 'patches' | 'sources' | 'exposures' | 'loads' | 'jobs'> {
  const properties: Properties[] = yaml.properties.map((file) => readProperties(file, unknownKeys, problems))
  const loads: LoadDeclaration[] = yaml.pipelines.flatMap((file) =>
    readLoads(root, file, unknownKeys, problems),
  )
  const jobs: JobDeclaration[] = []
  for (const file of yaml.analytics) {
    const { job, properties: beside } = readAnalytics(file, unknownKeys, problems)
    if (job) jobs.push(job)
    properties.push(beside)
  }
  return {
    patches: properties.flatMap(({ patches }) => patches),
    sources: properties.flatMap(({ sources }) => sources),
    exposures: properties.flatMap(({ exposures }) => exposures),
    loads,
    jobs,
  }
}
