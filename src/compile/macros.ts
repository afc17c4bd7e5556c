import { closestNames } from '../core/did-you-mean.ts'
import type { MacroInfo } from '../core/manifest.ts'
import { makeProblem, type Problem } from '../core/problem.ts'
import type { ProjectFile } from '../core/project.ts'
import { type BuiltinMacro, readBuiltinMacros } from './builtin-macros.ts'
import type { BlockKind, Dialect, TemplateBlock } from './dialect/index.ts'
import { templateProblem } from './template-problem.ts'

/*
 * The macros of a project, of its packages and, behind them, those that every project has. Each package is a
 * namespace. A test `not_null` is the macro `test_not_null`, a materialization `log_table` for Postgres the macro
 * `materialization_log_table_postgres`.
 */

/** The package of the macros that every project has. */
export const builtinPackage = 'dbt'
/** Where dbt has those of its macros that are for Postgres. */
const postgresPackage = 'dbt_postgres'

export interface Macros {
  /** What templates of a package find under a plain name: its own macro, the project's, or a built-in one. */
  find(name: string, from?: string): TemplateBlock | undefined
  /** A macro that the project itself defines. */
  findOwn(name: string): TemplateBlock | undefined
  inPackage(packageName: string, name: string): TemplateBlock | undefined
  isPackage(name: string): boolean
  /** The package whose file holds a macro; undefined for one that every project has. */
  packageOf(block: TemplateBlock): string | undefined
  /** Names of the macros of a package. */
  namesIn(packageName: string): readonly string[]
  /** The text of a macro that every project has. */
  builtinSource(name: string): string | undefined
  /** The macro of a generic test, which may be written with its package: `dbt_utils.at_least_one`. */
  findTest(test: string, from?: string): TemplateBlock | undefined
  /** A materialization that the project or a package defines: for Postgres, or for any adapter. */
  findMaterialization(name: string, from?: string): TemplateBlock | undefined
  /** The strategies of snapshots that there are, as a config names them. */
  strategies(): readonly string[]
  /** The name nearest to one that is not there. */
  closest(name: string): string | undefined
  /** Every macro, by its id as in dbt's manifest. */
  describe(): Readonly<Record<string, MacroInfo>>
}

/** Materializations that dbt has itself: of packages these are taken only where the project asks for it. */
const dbtMaterializations: ReadonlySet<string> = new Set([
  'clone',
  'function',
  'incremental',
  'materialized_view',
  'seed',
  'snapshot',
  'table',
  'test',
  'unit',
  'view',
])

type Namespace = Map<string, TemplateBlock>

/** Parses macro files, collecting what is wrong with them. `packagesOverride`: also materializations of dbt's. */
export function readMacros(
  dialect: Dialect,
  files: readonly ProjectFile[],
  rootPackage: string,
  packagesOverride = false,
): { readonly macros: Macros; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  const packages = new Map<string, Namespace>([[rootPackage, new Map()]])
  for (const file of files) {
    const namespace = packages.get(file.package) ?? new Map<string, TemplateBlock>()
    packages.set(file.package, namespace)
    for (const block of blocksOf(dialect, file, problems)) addBlock(namespace, block, file, problems)
  }
  return {
    problems,
    macros: makeMacros(packages, readBuiltinMacros(dialect), rootPackage, filesOf(files), packagesOverride),
  }
}

function makeMacros(
  packages: ReadonlyMap<string, Namespace>,
  builtin: ReadonlyMap<string, BuiltinMacro>,
  root: string,
  files: ReadonlyMap<string, MacroFile>,
  packagesOverride: boolean,
): Macros {
  const own = packages.get(root)!
  const inPackage: Macros['inPackage'] = (packageName, name) =>
    packageName === builtinPackage || packageName === postgresPackage
      ? builtin.get(name)?.block()
      : packages.get(packageName)?.get(name)
  const find: Macros['find'] = (name, from = root) =>
    packages.get(from)?.get(name) ?? own.get(name) ?? builtin.get(name)?.block()
  const homes = new Map(
    [...packages].flatMap(([name, space]) => [...space.values()].map((block) => [block, name] as const)),
  )
  return {
    find,
    packageOf: (block) => homes.get(block),
    findOwn: (name) => own.get(name),
    inPackage,
    isPackage: (name) => name === builtinPackage || name === postgresPackage || packages.has(name),
    namesIn: (name) => [...(name === builtinPackage ? builtin : (packages.get(name) ?? new Map())).keys()],
    builtinSource: (name) => builtin.get(name)?.source,
    findTest(test, from) {
      const [name, packageName] = test.split('.').reverse()
      return packageName === undefined ? find(`test_${name}`, from) : inPackage(packageName, `test_${name}`)
    },
    findMaterialization(name, from = root) {
      const names = [`materialization_${name}_postgres`, `materialization_${name}_default`]
      const order =
        dbtMaterializations.has(name) && !packagesOverride ? [root] : [root, from, ...packages.keys()]
      for (const packageName of order)
        for (const one of names) {
          const block = packages.get(packageName)?.get(one)
          if (block) return block
        }
      return undefined
    },
    strategies: () => {
      const own = [...packages].flatMap(([name, space]) =>
        strategiesIn(space.keys()).map((strategy) => (name === root ? strategy : `${name}.${strategy}`)),
      )
      return [...new Set([...strategiesIn(builtin.keys()), ...own])]
    },
    closest: (name) => closestNames(name, [...own.keys(), ...builtin.keys()])[0],
    describe: () => describeAll(packages, builtin, files),
  }
}

function strategiesIn(names: Iterable<string>): string[] {
  return [...names].flatMap((name) => /^snapshot_(\w+)_strategy$/.exec(name)?.[1] ?? [])
}

function describeAll(
  packages: ReadonlyMap<string, Namespace>,
  builtin: ReadonlyMap<string, BuiltinMacro>,
  files: ReadonlyMap<string, MacroFile>,
): Record<string, MacroInfo> {
  const infos = [...packages].flatMap(([packageName, namespace]) =>
    [...namespace].map(
      ([name, block]): MacroInfo => ({
        name,
        package: packageName,
        path: files.get(block.place.file)?.pathWithin ?? block.place.file,
        source: sourceOf(block, files.get(block.place.file)?.lineEnd ?? '\n'),
        arguments: isGenericFile(files.get(block.place.file))
          ? []
          : argumentsOf(block).map((name) => ({ name, description: '' })),
        ...(block.kind === 'materialization' && { languages: block.supportedLanguages ?? ['sql'] }),
      }),
    ),
  )
  const ours = [...builtin.values()].map(
    ({ name, path, source }): MacroInfo => ({ name, package: builtinHome(name), path, source }),
  )
  ours.push({
    name: 'is_incremental',
    package: builtinPackage,
    path: 'builtin/statements.sql',
    source: '{% macro is_incremental() %}{{ return(is_incremental()) }}{% endmacro %}',
  })
  return Object.fromEntries([...infos, ...ours].map((info) => [`macro.${info.package}.${info.name}`, info]))
}

/** The names of a macro's arguments; the languages of a materialization are one to dbt. */
function argumentsOf({ kind, parameters }: TemplateBlock): readonly string[] {
  return kind === 'materialization' ? ['supported_languages'] : parameters.map(({ name }) => name)
}

/** What is known of the file of a macro. */
interface MacroFile {
  /** Below its package. */
  readonly pathWithin: string
  readonly lineEnd: '\n' | '\r\n'
}

function filesOf(files: readonly ProjectFile[]): ReadonlyMap<string, MacroFile> {
  return new Map(
    files.map(({ path, packagePath, text }) => [
      path,
      { pathWithin: packagePath, lineEnd: text.includes('\r\n') ? '\r\n' : '\n' },
    ]),
  )
}

/** Of generic tests that stand below the tests dbt does not tell the arguments. */
function isGenericFile(file: MacroFile | undefined): boolean {
  return file !== undefined && /^tests?\/(?:.*\/)?generic\//.test(file.pathWithin)
}

/** The package in which dbt has a macro of its own. */
function builtinHome(name: string): string {
  return name.startsWith('postgres_') ? postgresPackage : builtinPackage
}

/**
 * The block with the space that its outer tags take away, as dbt has it: what is between two blocks belongs to the
 * first of them that takes it.
 */
function sourceOf(block: TemplateBlock, lineEnd: string): string {
  const { text, blocks } = block.template
  const before = blocks.filter(({ end }) => end <= block.start).map((other) => endOf(other))
  const trimmed = text.slice(0, block.start).trimEnd().length
  const from = text.startsWith('{%-', block.start) ? Math.max(trimmed, ...before) : block.start
  const source = text.slice(from, endOf(block))
  return lineEnd === '\n' ? source : source.replaceAll('\n', lineEnd)
}

function endOf({ template: { text }, end }: TemplateBlock): number {
  if (!text.startsWith('-%}', end - 3)) return end
  const rest = text.slice(end)
  return end + rest.length - rest.trimStart().length
}

function addBlock(namespace: Namespace, block: TemplateBlock, file: ProjectFile, problems: Problem[]): void {
  const name = macroName(block)
  const first = namespace.get(name)
  if (!first) {
    namespace.set(name, block)
    return
  }
  problems.push(
    makeProblem('name-duplicate', `there are two macros '${name}'`, {
      place: block.place,
      source: file.text,
      related: [{ place: first.place, message: 'the first' }],
    }),
  )
}

function macroName({ kind, name, adapter }: TemplateBlock): string {
  if (kind === 'test') return `test_${name}`
  return kind === 'materialization' ? `materialization_${name}_${adapter ?? 'default'}` : name
}

const macroKinds: readonly BlockKind[] = ['macro', 'test', 'materialization']

function blocksOf(dialect: Dialect, file: ProjectFile, problems: Problem[]): readonly TemplateBlock[] {
  try {
    return dialect
      .parse(file.text, file.path, { definitionsOnly: true })
      .blocks.filter(({ kind }) => macroKinds.includes(kind))
  } catch (error) {
    problems.push(templateProblem(error, () => file.text))
    return []
  }
}
