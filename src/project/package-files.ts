import { join, posix } from 'node:path'
import { describedFolders } from '../core/described-folders.ts'
import type { Problem } from '../core/problem.ts'
import type { Package, ProjectFile } from '../core/project.ts'
import { readIgnore } from './dbt-ignore.ts'
import { listFiles, readText } from './project-files.ts'

/*
 * The files of the project or of one package, told apart by folder and extension. The same file may lie below two
 * folders: YAML is read once, and what is below a folder of tests is a test and nothing else.
 */

export interface PackageFiles {
  readonly models: readonly ProjectFile[]
  readonly macros: readonly ProjectFile[]
  readonly tests: readonly ProjectFile[]
  readonly snapshots: readonly ProjectFile[]
  readonly analyses: readonly ProjectFile[]
  readonly functions: readonly ProjectFile[]
  readonly docs: readonly ProjectFile[]
  readonly fixtures: readonly ProjectFile[]
  readonly properties: readonly ProjectFile[]
  /** YAML of loads and analyses, which only a project of ours has. */
  readonly pipelines: readonly ProjectFile[]
  readonly analytics: readonly ProjectFile[]
  /** CSV files, not read. Paths relative to the package. */
  readonly seeds: readonly string[]
}

/** Which of a package's paths are folders that its files lie in. */
export const folderKinds = [
  'models',
  'macros',
  'seeds',
  'tests',
  'snapshots',
  'analyses',
  'functions',
  'docs',
  'pipelines',
  'analytics',
] as const satisfies readonly (keyof Package['config']['paths'])[]

/** The kinds of files that a package is made of. */
export const readExtensions = ['.sql', '.csv', '.yml', '.yaml', '.md', '.py', '.js']

/** Reads the texts of a package; what hinders goes to `problems`. */
export function readPackageFiles(
  root: string,
  { name, folder, config }: Package,
  problems: Problem[],
): PackageFiles {
  const { paths } = config
  const packageRoot = join(root, folder)
  const isIgnored = readIgnore(packageRoot)
  const listed = new Map<string, readonly string[]>()
  // Each folder is walked once; what a file is tells its extension.
  const list = (folders: readonly string[]): string[] => {
    const files = folders.flatMap((one) => {
      const known = listed.get(one) ?? listFiles(packageRoot, [one], readExtensions, problems)
      listed.set(one, known)
      return known
    })
    return [...new Set(files)].filter((path) => !isIgnored(path)).sort()
  }
  const texts = new Map<string, ProjectFile | null>()
  const read = (files: readonly string[]): ProjectFile[] =>
    files.flatMap((packagePath) => {
      if (!texts.has(packagePath)) texts.set(packagePath, readOne(packagePath))
      return texts.get(packagePath) ?? []
    })
  const readOne = (packagePath: string): ProjectFile | null => {
    const file = readText(root, posix.join(folder, packagePath), problems)
    return file && { ...file, package: name, packagePath }
  }
  // A file without contents is no model, as in dbt.
  const readFilled = (files: readonly string[]): ProjectFile[] =>
    read(files).filter(({ text }) => text.trim() !== '')

  const tests = list(paths.tests)
  const below = (inner: string) => (path: string) =>
    paths.tests.some((testPath) => path.startsWith(`${testPath}/${inner}/`))
  const isTestMacro = below('generic')
  const isFixture = below('fixtures')
  const isTest = new Set(tests)
  const notTests = (files: readonly string[]) => files.filter((path) => !isTest.has(path))
  const macros = list(paths.macros).filter(isSql)
  const described = describedFolders(paths)
  return {
    models: readFilled(notTests(list(paths.models)).filter((path) => isSql(path) || isPython(path))),
    macros: readFilled([...macros, ...tests.filter(isSql).filter(isTestMacro)]),
    tests: readFilled(tests.filter(isSql).filter((path) => !isTestMacro(path) && !isFixture(path))),
    snapshots: readFilled(notTests(list(paths.snapshots)).filter(isSql)),
    analyses: readFilled(notTests(list(paths.analyses)).filter(isSql)),
    functions: readFilled(notTests(list(paths.functions)).filter(isFunction)),
    docs: readFilled(list(paths.docs).filter((path) => path.endsWith('.md'))),
    fixtures: read(tests.filter(isFixture).filter((path) => isSql(path) || isCsv(path))),
    properties: readFilled(list(described).filter(isYaml)),
    pipelines: readFilled(list(paths.pipelines).filter(isYaml)),
    analytics: readFilled(list(paths.analytics).filter(isYaml)),
    seeds: list(paths.seeds).filter(isCsv),
  }
}

/** One in another language than SQL is refused when it is run. */
const isFunction = (path: string) => /\.(sql|py|js)$/.test(path)
const isSql = (path: string) => path.endsWith('.sql')
const isPython = (path: string) => path.endsWith('.py')
const isCsv = (path: string) => path.endsWith('.csv')
const isYaml = (path: string) => /\.ya?ml$/.test(path)
