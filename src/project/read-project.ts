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
  const read = (files: readonly string[]) => files.flatMap((path) => readText(root, path, problems) ?? [])
  // Each folder is walked once; what a file is tells its extension.
  const list = (folders: readonly string[]) =>
    listFiles(root, folders, ['.sql', '.csv', '.yml', '.yaml'], problems)
  const found = {
    models: list(paths.models),
    macros: list(paths.macros),
    seeds: list(paths.seeds),
    tests: list(paths.tests),
    pipelines: list(paths.pipelines),
    analytics: list(paths.analytics),
  }

  // A folder of tests may lie among the models; what is in it is a test and nothing else.
  const isTest = new Set(found.tests)
  const models = found.models.filter((path) => !isTest.has(path))
  const described = new Set([...found.models, ...found.seeds, ...found.macros, ...found.tests])
  const yaml = {
    properties: read([...described].filter(isYaml).sort()),
    pipelines: read(found.pipelines.filter(isYaml)),
    analytics: read(found.analytics.filter(isYaml)),
  }
  const [testMacros, tests] = divide(found.tests.filter(isSql), (path) => isMacroFile(path, paths.tests))
  return {
    root,
    configPath: configFile.path,
    config,
    models: read(models.filter(isSql)),
    macros: read([...found.macros.filter(isSql), ...testMacros]),
    tests: read(tests),
    seeds: await readSeedFiles(root, found.seeds.filter(isCsv), problems),
    ...readYamlFiles(reading, yaml),
    yamlFiles: [configFile, ...yaml.properties, ...yaml.pipelines, ...yaml.analytics],
  }
}

const isSql = (path: string) => path.endsWith('.sql')
const isCsv = (path: string) => path.endsWith('.csv')
const isYaml = (path: string) => /\.ya?ml$/.test(path)

function divide<T>(values: readonly T[], isFirst: (value: T) => boolean): [T[], T[]] {
  return [values.filter(isFirst), values.filter((value) => !isFirst(value))]
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
