import { randomUUID } from 'node:crypto'
import type { Manifest } from '../core/manifest.ts'
import { type NodeId, type Relation, relationKey, relationsOf } from '../core/node.ts'
import {
  createSchema,
  createTableAs,
  dropSchema,
  type PublishAction,
  publish,
  relationIdent,
  sql,
  type Warehouse,
  withRunLock,
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
  /** How long to wait for a run on the same target. */
  readonly lockTimeoutMs: number
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
  const { warehouse, manifest, lockTimeoutMs, signal } = request
  const lock = {
    project: manifest.project,
    schema: warehouse.target.schema,
    waitMs: lockTimeoutMs,
    signal,
    onWaiting: () => {},
  }
  await withRunLock(warehouse, lock, () =>
    request.asTables ? copyTables(clones, request) : publish(warehouse, clones.map(viewOf), { signal }),
  )
  return clones
}

function viewOf({ relation, of }: Clone): PublishAction {
  // The definition of a view is SQL text; the names come from the catalogue of the other target.
  const name = [of.schema, of.identifier].map((part) => `"${part.replaceAll('"', '""')}"`).join('.')
  return { kind: 'view', published: relation, definition: `select * from ${name}` }
}

async function copyTables(clones: readonly Clone[], { warehouse, signal }: CloneRequest): Promise<unknown> {
  const buildSchema = buildSchemaOf(randomUUID())
  const builds = clones.map((clone) => ({ ...clone, build: buildRelation(buildSchema, clone.relation) }))
  const schemas = [...new Set(builds.map(({ build }) => build.schema))]
  try {
    for (const schema of schemas) await warehouse.query(createSchema(schema))
    for (const { build, of } of builds)
      await warehouse.query(createTableAs(build, sql`select * from ${relationIdent(of)}`))
    const swaps = builds.map(({ build, relation }): PublishAction => {
      return { kind: 'swap-table', build, published: relation }
    })
    return await publish(warehouse, swaps, { signal, buildSchema })
  } finally {
    for (const schema of schemas) await warehouse.control.query(dropSchema(schema))
  }
}
