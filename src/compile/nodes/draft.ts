import { basename, dirname } from 'node:path'
import { extended } from '../../core/extended.ts'
import type { ColumnInfo, Node, NodeId, Relation, ResourceType } from '../../core/node.ts'
import type { Place, Problem } from '../../core/problem.ts'
import type { ColumnSpec } from '../../core/project.ts'
import { asStrings, type Config, isMap } from '../config-tree.ts'
import type { FunctionCall, RefCall, SourceCall } from '../context/context.ts'

/*
 * A draft is a node before its references are resolved: what it reads is still a name with a place.
 */

/** Something that a node asked for by name. */
export type Read = { readonly place: Place } & (
  | ({ readonly kind: 'ref' } & RefCall)
  | ({ readonly kind: 'source' } & SourceCall)
  | ({ readonly kind: 'function' } & FunctionCall)
)

// Omit over a union keeps only what all members share; this keeps each member.
export type WithoutDependencies<T> = T extends Node ? Omit<T, 'dependsOn'> : never

export interface Draft<T extends Node = Node> {
  readonly node: WithoutDependencies<T>
  readonly reads: readonly Read[]
  /** What it depends on besides, where that is known already. */
  readonly dependsOn?: readonly NodeId[]
}

/** What building the drafts of one kind of node gives. */
export interface Drafts<T extends Node = Node> {
  readonly drafts: readonly Draft<T>[]
  readonly problems: readonly Problem[]
  /** Nodes that are switched off with `enabled: false`. */
  readonly disabled: readonly Draft<T>[]
}

export interface Identity {
  readonly resourceType: ResourceType
  readonly package: string
  readonly name: string
  readonly packagePath: string
  readonly place: Place
  readonly fqn: readonly string[]
  readonly description: string
  readonly columns: readonly ColumnSpec[]
  readonly config: Config
  readonly patchPath?: string
  readonly docBlocks?: readonly string[]
  /** Tags that stand before all others, though config has them later. */
  readonly firstTags?: readonly string[]
}

/** The fields that nodes of every kind share. */
export function nodeBase(identity: Identity) {
  const { resourceType, package: packageName, name, packagePath, place, fqn, description, config } = identity
  const base = {
    id: `${resourceType}.${packageName}.${name}`,
    name,
    package: packageName,
    path: packagePath,
    place,
    fqn,
    description,
    tags: tagsOf(identity),
    meta: isMap(config.meta) ? config.meta : {},
    columns: identity.columns.map(columnInfo),
    config,
  }
  const { patchPath, docBlocks } = identity
  const patched = patchPath === undefined ? base : extended(base, { patchPath })
  return docBlocks === undefined ? patched : extended(patched, { docBlocks })
}

/** Each once: in the order in which they were said, of what stands in no file of its own by the alphabet, as in dbt. */
function tagsOf({ resourceType, config, firstTags = [] }: Identity): readonly string[] {
  const tags = [...new Set([...firstTags, ...asStrings(config.tags)])]
  return resourceType === 'source' || resourceType === 'exposure' ? tags.sort() : tags
}

/** Package, folders below the resource path that holds the file, and further names. */
export function fqnOf(
  packageName: string,
  resourcePaths: readonly string[],
  packagePath: string,
  ...names: readonly string[]
): string[] {
  const root = resourcePaths.find((folder) => packagePath.startsWith(`${folder}/`)) ?? ''
  const folders = dirname(packagePath.slice(root.length))
    .split('/')
    .filter((part) => part !== '' && part !== '.')
  return [packageName, ...folders, ...(names.length > 0 ? names : [fileName(packagePath)])]
}

/** The file's name without its folder and last extension. */
export function fileName(path: string): string {
  return basename(path).replace(/\.[^.]+$/, '')
}

export function isEnabled(config: Config): boolean {
  return config.enabled !== false
}

/** The start of a file. */
export function startOf(path: string): Place {
  return { file: path, line: 1, column: 1 }
}

/** What naming a node's relation looks at; macros of the project see it as `node`. */
export interface NamedNode {
  readonly name: string
  readonly package: string
  readonly resourceType: ResourceType
  readonly packagePath: string
  readonly fqn: readonly string[]
  readonly config: Config
  readonly version?: string | number
}

/** Decides where a node's relation stands. */
export type Naming = (node: NamedNode) => Relation

/** Parts the drafts into those that are switched on and those that are not. */
export function partByEnabled<T extends Node>(
  drafts: readonly Draft<T>[],
  problems: readonly Problem[] = [],
): Drafts<T> {
  const isOn = ({ node }: Draft<T>): boolean => isEnabled(node.config)
  return { drafts: drafts.filter(isOn), disabled: drafts.filter((draft) => !isOn(draft)), problems }
}

function columnInfo({
  name,
  description,
  dataType,
  tags,
  meta,
  quote,
  constraints,
  docBlocks,
  ...rest
}: ColumnSpec): ColumnInfo {
  const extra = { ...rest.extra, ...(Object.keys(rest.config).length > 0 && { config: rest.config }) }
  return {
    name,
    description,
    ...(dataType && { dataType }),
    tags,
    meta,
    ...(quote !== undefined && { quote }),
    ...(constraints.length > 0 && { constraints }),
    ...(Object.keys(extra).length > 0 && { extra }),
    ...(docBlocks && { docBlocks }),
  }
}
