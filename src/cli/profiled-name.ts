import { didYouMean } from '../core/did-you-mean.ts'
import type { Manifest } from '../core/manifest.ts'
import { type Node, type Relation, relationOf, relationsOf } from '../core/node.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import { nodeName } from './project-lineage.ts'

/** A relation with what the project says of it. */
export interface NamedRelation {
  readonly relation: Relation
  /** What the project says is unique; empty where it says nothing. */
  readonly key: readonly string[]
  /** Whether it is a node of the project. */
  readonly isNode: boolean
}

/**
 * The relation that a name means: a node of the project (a source, and a table of a load, by `source.table`), or
 * else `schema.table` as it stands in the warehouse, with double quotes around names that have dots in them.
 */
export function relationNamed(name: string, manifest: Manifest): NamedRelation {
  const nodes = Object.values(manifest.nodes)
  const found = nodes.find((node) => nodeName(node) === name || node.id === name)
  if (found && found.resourceType !== 'load') return nodeRelation(found)
  const table = nodes.flatMap(loadTables).find(({ names }) => names.includes(name))
  if (table) return table.named
  if (found) return nodeRelation(found)
  const [schema, identifier, ...others] = nameParts(name)
  if (schema !== undefined && identifier !== undefined && others.length === 0)
    return { relation: { schema, identifier }, key: [], isNode: false }
  const known = nodes.filter((node) => relationsOf(node).length > 0).map(nodeName)
  throw new ProblemError(
    makeProblem('selection-empty', `there is no relation '${name}'`, {
      hint:
        didYouMean(name, known) ??
        'name a model, seed or source, or a table of the warehouse as schema.table',
    }),
  )
}

function nodeRelation(node: Node): NamedRelation {
  const [first, ...others] = relationsOf(node)
  const relation = relationOf(node) ?? (others.length === 0 ? first : undefined)
  if (relation) return { relation, key: node.resourceType === 'model' ? node.uniqueKey : [], isNode: true }
  const hint = first
    ? `it fills ${[first, ...others].map(({ schema, identifier }) => `${schema}.${identifier}`).join(', ')}`
    : 'name a model, seed or source that is a table or a view'
  throw new ProblemError(
    makeProblem('usage', `${node.resourceType} ${node.name} is not one relation`, { hint }),
  )
}

/** The tables of a load, each with the names that it goes by. */
function loadTables(node: Node): { readonly names: readonly string[]; readonly named: NamedRelation }[] {
  if (node.resourceType !== 'load') return []
  const { tables } = node.spec
  return tables.map(({ schema, name, primaryKey }) => ({
    names: [`${schema}.${name}`, ...(tables.length === 1 ? [node.name, node.id] : [])],
    named: { relation: { schema, identifier: name }, key: primaryKey, isNode: true },
  }))
}

/** `a."b.c"` → `a`, `b.c`; a doubled quote inside quotes is one. */
export function nameParts(name: string): string[] {
  const parts = name.match(/"(?:[^"]|"")+"|[^."]+|\.(?=\.|$)/g) ?? []
  if (parts.join('.') !== name) return []
  return parts.map((part) => (part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part))
}
