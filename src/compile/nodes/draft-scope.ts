import type { Place, Problem, Severity } from '../../core/problem.ts'
import type { ConfigTreeName, Origin, Package, Project } from '../../core/project.ts'
import {
  asStrings,
  type Config,
  type ConfigAlong,
  makeConfigAlong,
  makeWrittenAlong,
  mergeConfig,
} from '../config-tree.ts'
import { makeDatabaseNaming } from '../naming.ts'
import type { Templates } from '../templates.ts'
import type { YamlValues } from '../yaml-values.ts'
import { fqnOf, type NamedNode, type Naming } from './draft.ts'
import { withHooks } from './hooks.ts'
import { indexPatches, type Patches } from './patches.ts'

/*
 * What drafting every kind of node needs: the project, its templates, and config from all the places it comes from.
 */

export interface DraftScope {
  readonly project: Project
  readonly templates: Templates
  readonly naming: Naming
  /** The database that a node is configured for, where anything says so. */
  readonly databaseOf: (node: NamedNode) => string | null
  readonly yaml: YamlValues
  readonly patches: Patches
  /** The name of the project. */
  readonly root: string
  packageOf(name: string): Package
  /**
   * The config of a node: the tree of its own package along its fqn, then what is nearer to it, and for a node of a
   * package the tree of the project, which has the last word.
   */
  config(tree: ConfigTreeName, fqn: readonly string[], ...nearer: readonly Config[]): Config
  /** What a tree says for a node as it is written. */
  readonly writtenAlong: ConfigAlong
  /** What `config` was given besides the trees when it made this config. */
  nearerTo(merged: Config): readonly Config[]
  /** Notes how a config was written that `config` is then given; gives the config. */
  asWritten(config: Config, written: Config | undefined): Config
  /** Whether a project defines an incremental strategy of this name, by a macro get_incremental_<name>_sql. */
  isIncrementalStrategy(name: string, packageName: string): boolean
  /** What a key means that is probably misspelled: dbt lets it pass. */
  readonly misspelled: Severity
  /** The text of a file, for showing the line that a problem is about. */
  sourceAt(place: Place): { readonly place: Place; readonly source?: string }
}

/**
 * The tags that come first where both YAML and the file say some: dbt puts those of the tree and the file before those
 * of YAML among a node's tags, while its config has the file's last.
 */
export function firstTags(
  scope: Pick<DraftScope, 'config'>,
  tree: ConfigTreeName,
  fqn: readonly string[],
  { yaml, inFile }: { readonly yaml: Config; readonly inFile: Config },
): { readonly firstTags?: readonly string[] } {
  if (yaml['tags'] === undefined || inFile['tags'] === undefined) return {}
  return { firstTags: asStrings(scope.config(tree, fqn, inFile)['tags']) }
}

export function makeDraftScope(
  project: Project,
  templates: Templates,
  naming: Naming,
  yaml: YamlValues,
  problems: Problem[],
): DraftScope {
  const root = project.config.name
  const packages = new Map(project.packages.map((part) => [part.name, part]))
  const trees = new Map<string, Config>()
  const treeOf = (packageName: string, tree: ConfigTreeName): Config => {
    const key = `${packageName} ${tree}`
    const known = trees.get(key)
    if (known) return known
    const { config, folder } = packages.get(packageName)!
    const rendered = yaml.projectTree(config.configTrees[tree], packageName, folder, problems)
    trees.set(key, rendered)
    return rendered
  }
  const isOfDbt = project.configPath === 'dbt_project.yml'
  const alongFolders = makeConfigAlong()
  const along = (packageName: string, tree: ConfigTreeName, fqn: readonly string[]): Config => {
    const config = alongFolders(treeOf(packageName, tree), fqn)
    if (!isOfDbt || tree !== 'sources') return config
    // dbt gives sources no tags but those of their own YAML.
    const { tags: _, ...rest } = config
    return rest
  }
  const nearerOf = new WeakMap<Config, readonly Config[]>()
  const writtenOf = new WeakMap<Config, Config>()
  const config: DraftScope['config'] = (tree, fqn, ...nearer) => {
    const own = fqn[0]!
    const merged = nearer.reduce(mergeConfig, along(own, tree, fqn))
    const all = withHooks(own === root ? merged : mergeConfig(merged, along(root, tree, fqn)))
    nearerOf.set(all, nearer)
    return all
  }
  const isOff = (resource: 'model' | 'seed', { package: packageName, packagePath }: Origin): boolean => {
    const tree = resource === 'model' ? 'models' : 'seeds'
    const fqn = fqnOf(packageName, packages.get(packageName)!.config.paths[tree], packagePath)
    return config(tree, fqn)['enabled'] === false
  }
  return {
    project,
    templates,
    naming,
    databaseOf: makeDatabaseNaming(templates),
    yaml,
    patches: indexPatches(project, problems, templates.options.textOf, isOff),
    root,
    packageOf: (name) => packages.get(name)!,
    config,
    writtenAlong: makeWrittenAlong(),
    nearerTo: (merged) => (nearerOf.get(merged) ?? [merged]).map((one) => writtenOf.get(one) ?? one),
    asWritten(one, written) {
      if (written !== undefined && written !== one) writtenOf.set(one, written)
      return one
    },
    isIncrementalStrategy(name, packageName) {
      const macro = `get_incremental_${name.replaceAll('+', '_')}_sql`
      return [packageName, root].some((one) => templates.macros.inPackage(one, macro) !== undefined)
    },
    misspelled: isOfDbt ? 'warning' : 'error',
    sourceAt(place) {
      const source = templates.options.textOf(place.file)
      return { place, ...(source !== undefined && { source }) }
    },
  }
}
