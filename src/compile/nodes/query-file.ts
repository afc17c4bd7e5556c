import type { Relation } from '../../core/node.ts'
import type { Problem } from '../../core/problem.ts'
import type { ProjectFile } from '../../core/project.ts'
import type { Config } from '../config-tree.ts'
import { describe } from './describe.ts'
import { fileName, fqnOf, type NamedNode, nodeBase, type Read, startOf } from './draft.ts'
import { type DraftScope, firstTags } from './draft-scope.ts'

/** A kind of node that is one file with a query: a test, an analysis, the body of a function. */
export interface QueryFileKind {
  readonly resourceType: 'test' | 'analysis' | 'function'
  /** The config tree, the folders of the kind, and what stands between the package and the folders in the fqn. */
  readonly tree: 'tests' | 'models' | 'analyses' | 'functions'
  readonly folders: 'tests' | 'analyses' | 'functions'
  readonly fqnPrefix: readonly string[]
  /** What `this` is in its template. */
  readonly relationOf: (node: NamedNode) => Relation
}

/** What the file, its YAML and the project say of it. */
export interface QueryFile {
  readonly base: ReturnType<typeof nodeBase>
  readonly config: Config
  readonly reads: readonly Read[]
  /** What naming looks at. */
  readonly identity: NamedNode
  /** What YAML says besides. */
  readonly extra: Config
}

/** Reads a file with a query: its YAML, the config from all places, and what its template reads. */
export function readQueryFile(
  scope: DraftScope,
  file: ProjectFile,
  kind: QueryFileKind,
  problems: Problem[],
): QueryFile {
  const { package: packageName, packagePath } = file
  const { resourceType, tree } = kind
  const name = fileName(packagePath)
  const said = describe(scope, scope.patches.find(resourceType, packageName, name), problems)
  const [, ...folders] = fqnOf(
    packageName,
    scope.packageOf(packageName).config.paths[kind.folders],
    packagePath,
  )
  const fqn = [packageName, ...kind.fqnPrefix, ...folders]
  const identity = { resourceType, package: packageName, name, packagePath, fqn }
  const outside = scope.config(tree, fqn, said.config)
  const capture = scope.templates.capture({
    file,
    name,
    resourceType,
    config: outside,
    relation: kind.relationOf({ ...identity, config: outside }),
  })
  const config = scope.config(tree, fqn, said.config, scope.asWritten(capture.config, capture.written))
  if (config['enabled'] !== false) problems.push(...capture.problems)
  const base = nodeBase({
    ...identity,
    ...said.patchPath,
    ...firstTags(scope, tree, fqn, { yaml: said.config, inFile: capture.config }),
    place: startOf(file.path),
    description: said.description,
    columns: resourceType === 'test' ? [] : said.columns,
    config,
  })
  return { base, config, reads: capture.reads, identity: { ...identity, config }, extra: said.extra }
}
