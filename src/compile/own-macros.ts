import type { ModelNode, OwnBuild } from '../core/node.ts'
import type { Macros } from './macros.ts'

/*
 * dbt makes relations and counts failures by macros, each of which a project may replace: `create_table_as`,
 * `postgres__get_create_index_sql`, `default__get_test_sql`. Here both are done without rendering anything, unless a
 * project has put a macro of its own in the place of one that the work would come to: then it is done by macros.
 */

export interface OwnMacros {
  /** How macros of the project take part in building a model; null where everything is as everybody has it. */
  buildOf(
    node: Pick<ModelNode, 'materialized' | 'incrementalStrategy' | 'config'>,
    packageName: string,
  ): OwnBuild | null
  /** How they take part in loading the seeds of a package; null where those are loaded as everywhere. */
  seedOf(packageName: string): OwnSeed | null
  /** Whether a macro of dbt's, or one that it comes to, is replaced by the project or by the package. */
  isOwn(macro: string, packageName: string): boolean
}

/** How macros of a project take part in loading a seed. */
export interface OwnSeed {
  /** Whether they empty a table that is there, or load it in a way of their own. */
  readonly resets: boolean
  /** Whether they make grants or comments. */
  readonly details: boolean
}

const materializations: ReadonlySet<string> = new Set(['table', 'view', 'materialized_view', 'incremental'])
const prefixes = ['', 'postgres__', 'default__']

/** Looks for what a project replaces, in itself and in the packages that it dispatches dbt's macros to. */
export function makeOwnMacros(macros: Macros, homes: readonly string[]): OwnMacros {
  const replacedIn = memoised((packageName) => replacedBy(macros, new Set([...homes, packageName])))
  const reached = new Map<string, boolean>()
  const isOwn: OwnMacros['isOwn'] = (macro, packageName) => {
    const replaced = replacedIn(packageName)
    if (replaced.size === 0) return false
    const key = `${packageName} ${macro}`
    const known = reached.get(key) ?? reaches(macros, macro, replaced)
    reached.set(key, known)
    return known
  }
  const isAnyOwn = (packageName: string, ...names: readonly string[]): boolean =>
    names.some((name) => isOwn(name, packageName))
  return {
    isOwn,
    seedOf(packageName) {
      const isWhole = macros.findMaterialization('seed', packageName) !== undefined
      if (!isWhole && !isOwn('materialization_seed_default', packageName)) return null
      return {
        resets: isWhole || isAnyOwn(packageName, 'reset_csv_table', 'truncate_relation'),
        details: isAnyOwn(packageName, 'apply_grants', 'persist_docs'),
      }
    },
    buildOf(node, packageName) {
      const { materialized, incrementalStrategy: strategy } = node
      if (!materializations.has(materialized) || replacedIn(packageName).size === 0) return null
      const isIncremental = materialized === 'incremental'
      // Batches are kept apart by their times, which no macro knows of.
      if (isIncremental && (strategy === 'microbatch' || strategy === 'time_range')) return null
      const roots = [
        `materialization_${materialized}_default`,
        ...(isIncremental ? [`get_incremental_${strategyName(node)}_sql`] : []),
      ]
      if (!isAnyOwn(packageName, ...roots)) return null
      return {
        hooks: isOwn('run_hooks', packageName),
        details: isAnyOwn(packageName, 'apply_grants', 'persist_docs'),
      }
    },
  }
}

function strategyName({ config }: Pick<ModelNode, 'config'>): string {
  return String(config['incremental_strategy'] ?? 'default').replace('+', '_')
}

/** Built-in macros, without their prefixes, that one of the packages has its own of. */
function replacedBy(macros: Macros, homes: ReadonlySet<string>): ReadonlySet<string> {
  const names = [...homes].flatMap((home) => (home === 'dbt' ? [] : macros.namesIn(home)))
  return new Set(names.map(withoutPrefix).filter((name) => isBuiltin(macros, name)))
}

function withoutPrefix(name: string): string {
  return name.replace(/^(?:postgres|default)__/, '')
}

function isBuiltin(macros: Macros, name: string): boolean {
  return prefixes.some((prefix) => macros.builtinSource(prefix + name) !== undefined)
}

/** Whether a macro comes to one that is replaced: by the names that stand in the sources. */
function reaches(macros: Macros, root: string, replaced: ReadonlySet<string>): boolean {
  const seen = new Set([root])
  const waiting = [root]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (replaced.has(name)) return true
    const sources = prefixes.map((prefix) => macros.builtinSource(prefix + name) ?? '')
    for (const [word] of sources.join('\n').matchAll(/\w+/g)) {
      const plain = withoutPrefix(word)
      if (seen.has(plain) || !isBuiltin(macros, plain)) continue
      seen.add(plain)
      waiting.push(plain)
    }
  }
  return false
}

function memoised<T>(make: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>()
  return (key) => {
    const value = known.get(key) ?? make(key)
    known.set(key, value)
    return value
  }
}
