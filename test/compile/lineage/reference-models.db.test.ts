import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { columnLineage, type ProjectLineage } from '../../../src/compile/lineage/node-lineage.ts'
import { seedHeaders } from '../../../src/compile/lineage/seed-header.ts'
import { publishedSql } from '../../../src/compile/published-sql.ts'
import { makeGraph } from '../../../src/core/graph.ts'
import type { Manifest } from '../../../src/core/manifest.ts'
import { type NodeId, relationKey } from '../../../src/core/node.ts'
import { jobColumns } from '../../../src/jobs/index.ts'
import { readProject } from '../../../src/project/read-project.ts'
import { inferCsv } from '../../../src/run/csv/infer-types.ts'
import { createSchema, createTable, type Session, withWarehouse } from '../../../src/warehouse/index.ts'
import { compileProject } from '../../run/run-project.ts'
import { useTestDatabase } from '../../warehouse/test-database.ts'
import { namedColumns } from './named-columns.ts'
import { createView, type ViewFacts } from './view-dependencies.ts'

/*
 * The models at the root of this repository, each made a view on empty tables: PostgreSQL has to say the same of
 * their columns and of what they read as the SQL alone.
 */

const root = join(import.meta.dirname, '..', '..', '..')
const database = useTestDatabase()
const reference: { manifest?: Manifest; lineage?: ProjectLineage; facts: Map<string, ViewFacts> } = {
  facts: new Map(),
}

beforeAll(async () => {
  const project = await readProject(root)
  const { manifest, renderer } = await compileProject(root, database.connection)
  const texts = await publishedSql(manifest, renderer)
  reference.manifest = manifest
  reference.lineage = columnLineage(manifest, {
    sqlOf: (id) => texts.get(id)?.text ?? null,
    seedColumns: seedHeaders(manifest, project.seeds),
    columnsOfJob: (spec, suffix) => jobColumns(spec, suffix)?.map(({ name }) => name) ?? null,
  })
  const options = { threads: 1, applicationName: 'estimand test' }
  await withWarehouse(database.connection, options, (warehouse) =>
    warehouse.withSession(async (session) => {
      await createOrigins(session, manifest)
      for (const id of makeGraph(manifest).topologicalOrder()) {
        const node = manifest.nodes[id]!
        if (node.resourceType !== 'model') continue

        reference.facts.set(id, await createView(session, node.relation, texts.get(id)!.text))
      }
    }),
  )
})

/** The tables that no model makes, all empty. */
async function createOrigins(session: Session, manifest: Manifest): Promise<void> {
  const nodes = Object.values(manifest.nodes)
  const relations = nodes.flatMap((node) =>
    node.resourceType === 'load'
      ? node.spec.tables.map(({ schema }) => schema)
      : 'relation' in node
        ? [node.relation.schema]
        : [],
  )
  for (const schema of new Set(relations)) await session.query(createSchema(schema))
  for (const node of nodes) {
    if (node.resourceType === 'load')
      for (const { schema, name, columns } of node.spec.tables)
        await session.query(createTable({ schema, identifier: name }, columns))
    if (node.resourceType === 'seed')
      await session.query(
        createTable(node.relation, (await inferCsv(join(root, node.path), node.path, node)).columns),
      )
    if (node.resourceType === 'job')
      for (const { suffix, relation } of node.tables) {
        const columns = jobColumns(node.spec, suffix)
        // What a set of metrics keeps hangs on its metrics; no model reads it.
        if (columns) await session.query(createTable(relation, columns))
      }
  }
}

/** What a model names, with the ephemeral models that are written into it. */
function namedByModel(id: NodeId, { nodes }: Pick<Manifest, 'nodes'>, lineage: ProjectLineage): string[] {
  const ephemeral = (other: NodeId): boolean => {
    const node = nodes[other]
    return node?.resourceType === 'model' && node.materialized === 'ephemeral'
  }
  const own = namedColumns(lineage.nodes[id]!).filter(
    (name) => !nodes[id]!.dependsOn.some((read) => ephemeral(read) && name.startsWith(`${read}.`)),
  )
  const inherited = nodes[id]!.dependsOn.filter(ephemeral).flatMap((read) =>
    namedByModel(read, { nodes }, lineage),
  )
  return [...own, ...inherited]
}

/** `model.package.name.column` as `schema.name.column`. */
function inDatabase(named: readonly string[], { nodes }: Pick<Manifest, 'nodes'>): string[] {
  const translated = named.map((name) => {
    const split = name.lastIndexOf('.')
    const node = nodes[name.slice(0, split)]
    return node && 'relation' in node ? `${relationKey(node.relation)}${name.slice(split)}` : name
  })
  return [...new Set(translated)].sort()
}

describe('the models of the reference project', () => {
  it('are made from the columns that PostgreSQL names, and have those it lists', () => {
    const { manifest, lineage, facts } = reference
    expect(facts.size).toBeGreaterThan(15)
    for (const [id, { columns, dependencies }] of facts) {
      const node = lineage!.nodes[id]!
      const read = {
        id,
        isComplete: node.isComplete,
        unresolved: node.unresolved,
        columns: node.columns.map(({ name }) => name),
        named: inDatabase(namedByModel(id, manifest!, lineage!), manifest!),
      }
      expect(read).toEqual({ id, isComplete: true, unresolved: [], columns, named: dependencies })
    }
  })
})
