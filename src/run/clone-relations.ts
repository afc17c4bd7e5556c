import { randomUUID } from 'node:crypto'
import type { Manifest } from '../core/manifest.ts'
import { type NodeId, type Relation, relationKey, relationsOf } from '../core/node.ts'
import { migrateStore, type StartedBy, withLease } from '../store/index.ts'
import {
  createSchema,
  createTableAs,
  dropSchema,
  existingRelations,
  type PublishAction,
  type PublishOptions,
  publish,
  relationIdent,
  sql,
  unsafeSql,
  type Warehouse,
} from '../warehouse/index.ts'
import { buildRelation, buildSchemaOf } from './relations.ts'

/*
 * Cloning gives a target the relations of another one, so that somebody can work on a few nodes without building
 * all the others: as views on what is there, or as tables of their own.
 */

export interface CloneRequest {
  readonly warehouse: Warehouse
  readonly manifest: Manifest
  /** The nodes to clone. */
  readonly nodeIds: readonly NodeId[]
  /** Where the other target has what this one lacks, by the key of this one's relation. */
  readonly elsewhere: ReadonlyMap<string, Relation>
  /** Whether rows are copied; a view on them costs nothing and follows them. */
  readonly asTables: boolean
  /** Makes the statement by which the project clones tables, where it has one. */
  readonly cloneTable?: (clone: Relation, of: Relation) => Promise<string>
  /** How long to wait for runs that publish some of the same. */
  readonly waitMs: number
  /** Where and by whom the command was called. */
  readonly startedBy: StartedBy
  readonly signal: AbortSignal
}

/** A relation that was made, and what it was made of. */
export interface Clone {
  readonly nodeId: NodeId
  readonly relation: Relation
  readonly of: Relation
}

/** Clones in one publication: all relations or none. Those that stand already are left alone. */
export async function cloneRelations(request: CloneRequest): Promise<readonly Clone[]> {
  const clones = request.nodeIds.flatMap((nodeId): Clone[] =>
    relationsOf(request.manifest.nodes[nodeId]!).flatMap((relation) => {
      const of = request.elsewhere.get(relationKey(relation))
      return of && relationKey(of) !== relationKey(relation) ? [{ nodeId, relation, of }] : []
    }),
  )
  if (clones.length === 0) return clones
  const { warehouse, manifest, waitMs, startedBy, signal } = request
  await migrateStore(warehouse.control)
  await withLease(
    warehouse,
    {
      ...{ waitMs, startedBy, signal },
      runId: null,
      command: 'clone',
      project: manifest.project,
      schema: warehouse.target.schema,
      relations: clones.map(({ relation }) => relation),
    },
    (lease) => {
      const options = { signal, first: lease.beginPublication }
      return cloneAll(clones, request, options)
    },
  )
  return clones
}

function viewOf({ relation, of }: Clone): PublishAction {
  // The definition of a view is SQL text; the names come from the catalogue of the other target.
  const name = [of.schema, of.identifier].map((part) => `"${part.replaceAll('"', '""')}"`).join('.')
  return { kind: 'view', published: relation, definition: `select * from ${name}` }
}

/** Copies what is to be copied; the others become views. */
async function cloneAll(
  clones: readonly Clone[],
  request: CloneRequest,
  options: PublishOptions,
): Promise<unknown> {
  const { warehouse, cloneTable, asTables } = request
  if (!cloneTable && !asTables) return publish(warehouse, clones.map(viewOf), options)
  if (!cloneTable) return copyTables(clones, [], request, options)
  const standing = await existingRelations(
    warehouse,
    clones.map(({ of }) => of),
  )
  const tables = new Set(standing.filter(({ kind }) => kind === 'table').map(relationKey))
  const isTable = ({ of }: Clone) => asTables || tables.has(relationKey(of))
  const views = clones.filter((clone) => !isTable(clone))
  return copyTables(clones.filter(isTable), views, request, options)
}

async function copyTables(
  clones: readonly Clone[],
  views: readonly Clone[],
  { warehouse, cloneTable }: CloneRequest,
  options: PublishOptions,
): Promise<unknown> {
  const buildSchema = buildSchemaOf(randomUUID())
  const builds = clones.map((clone) => ({ ...clone, build: buildRelation(buildSchema, clone.relation) }))
  const schemas = [...new Set(builds.map(({ build }) => build.schema))]
  try {
    for (const schema of schemas) await warehouse.query(createSchema(schema))
    for (const { build, of } of builds) {
      const statement = cloneTable && unsafeSql(await cloneTable(build, of))
      await warehouse.query(statement ?? createTableAs(build, sql`select * from ${relationIdent(of)}`))
    }
    const swaps = builds.map(({ build, relation }): PublishAction => {
      return { kind: 'swap-table', build, published: relation }
    })
    return await publish(warehouse, [...swaps, ...views.map(viewOf)], { ...options, buildSchema })
  } finally {
    for (const schema of schemas) await warehouse.control.query(dropSchema(schema))
  }
}
