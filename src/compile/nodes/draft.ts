import { basename, dirname } from 'node:path'
import type { ColumnInfo, Node, Relation, ResourceType } from '../../core/node.ts'
import type { Place, Problem } from '../../core/problem.ts'
import type { ColumnSpec, ProjectConfig } from '../../core/project.ts'
import { asStrings, type Config, configAlong, isMap, mergeConfig } from '../config-tree.ts'
import type { RefCall, SourceCall } from '../context/context.ts'

/*
 * A draft is a node before its references are resolved: what it reads is still a name with a place.
 */

/** Something that a node asked for by name. */
export type Read = { readonly place: Place } & (
  | ({ readonly kind: 'ref' } & RefCall)
  | ({ readonly kind: 'source' } & SourceCall)
)

// Omit over a union keeps only what all members share; this keeps each member.
type WithoutDependencies<T> = T extends Node ? Omit<T, 'dependsOn'> : never

export interface Draft<T extends Node = Node> {
  readonly node: WithoutDependencies<T>
  readonly reads: readonly Read[]
}

/** What building the drafts of one kind of node gives. */
export interface Drafts<T extends Node = Node> {
  readonly drafts: readonly Draft<T>[]
  readonly problems: readonly Problem[]
  /** Names of nodes that are switched off with `enabled: false`. */
  readonly disabled: readonly string[]
}

export interface Identity {
  readonly resourceType: ResourceType
  readonly project: string
  readonly name: string
  readonly path: string
  readonly place: Place
  readonly fqn: readonly string[]
  readonly description: string
  readonly columns: readonly ColumnSpec[]
  readonly config: Config
}

/** The fields that nodes of every kind share. */
export function nodeBase(identity: Identity) {
  const { resourceType, project, name, path, place, fqn, description, columns, config } = identity
  return {
    id: `${resourceType}.${project}.${name}`,
    name,
    package: project,
    path,
    place,
    fqn,
    description,
    tags: [...new Set(asStrings(config.tags))],
    meta: isMap(config.meta) ? config.meta : {},
    columns: columns.map(columnInfo),
    config,
  }
}

/** Package, folders below the resource path that holds the file, and the node's name. */
export function fqnOf(
  project: string,
  resourcePaths: readonly string[],
  path: string,
  name?: string,
): string[] {
  const root = resourcePaths.find((folder) => path.startsWith(`${folder}/`)) ?? ''
  const folders = dirname(path.slice(root.length))
    .split('/')
    .filter((part) => part !== '' && part !== '.')
  return [project, ...folders, name ?? fileName(path)]
}

/** The file's name without its folder and last extension. */
export function fileName(path: string): string {
  return basename(path).replace(/\.[^.]+$/, '')
}

/** project.yml along the node's folders, then its YAML, then what the file itself declares. */
export function layeredConfig(
  tree: ProjectConfig['configTrees'][keyof ProjectConfig['configTrees']],
  fqn: readonly string[],
  ...nearer: readonly Config[]
): Config {
  return nearer.reduce(mergeConfig, configAlong(tree, fqn))
}

export function isEnabled(config: Config): boolean {
  return config.enabled !== false
}

/** Decides where a node's relation stands. */
export type Naming = (node: { readonly name: string; readonly config: Config }) => Relation

function columnInfo({ name, description, dataType, tags, meta }: ColumnSpec): ColumnInfo {
  return { name, description, ...(dataType && { dataType }), tags, meta }
}
