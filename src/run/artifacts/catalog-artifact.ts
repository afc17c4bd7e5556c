import type { Manifest } from '../../core/manifest.ts'
import { type Node, type NodeId, type Relation, relationKey, relationOf } from '../../core/node.ts'
import { type Queryable, sql } from '../../warehouse/index.ts'
import type { CatalogMacroRow } from '../macro-calls.ts'
import { artifactIds } from './artifact-ids.ts'
import { type ArtifactOptions, artifactMetadata } from './artifact-metadata.ts'
import type { Entry } from './entry-parts.ts'

/** dbt's catalog, version 1: the relations of the nodes as they stand in the warehouse. */
export interface CatalogArtifact {
  readonly metadata: Entry
  readonly nodes: Readonly<Record<string, Entry>>
  readonly sources: Readonly<Record<string, Entry>>
  readonly errors: null
}

/** A relation with its columns, as the server describes it. */
export interface CatalogRow extends Relation {
  readonly type: string
  readonly owner: string
  readonly comment: string | null
  readonly columns: readonly {
    readonly name: string
    readonly type: string
    readonly index: number
    readonly comment: string | null
  }[]
}

/** The nodes whose relations are described; all that have one when none are named. */
export async function readCatalog(
  on: Queryable,
  manifest: Manifest,
  nodeIds?: readonly NodeId[],
): Promise<readonly CatalogRow[]> {
  const nodes = nodeIds ? nodeIds.map((id) => manifest.nodes[id]!) : Object.values(manifest.nodes)
  const relations = nodes.flatMap((node) => relationOf(node) ?? [])
  const schemas = relations.map(({ schema }) => schema)
  const names = relations.map(({ identifier }) => identifier)
  const { rows } = await on.query<CatalogRow>(sql`
    select
      n.nspname as schema,
      c.relname as identifier,
      case c.relkind
        when 'v' then 'VIEW'
        when 'm' then 'MATERIALIZED VIEW'
        when 'f' then 'FOREIGN'
        else 'BASE TABLE'
      end as type,
      pg_catalog.pg_get_userbyid(c.relowner) as owner,
      pg_catalog.obj_description(c.oid, 'pg_class') as comment,
      coalesce(
        (
          select json_agg(
            json_build_object(
              'name', a.attname,
              'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
              'index', a.attnum,
              'comment', pg_catalog.col_description(c.oid, a.attnum)
            )
            order by a.attnum
          )
          from pg_catalog.pg_attribute a
          where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        ),
        '[]'
      ) as columns
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where
      c.relkind in ('r', 'p', 'v', 'm', 'f')
      and (n.nspname, c.relname) in (select * from unnest(${schemas}::text[], ${names}::text[]))
    order by 1, 2
  `)
  return rows
}

/** The rows of columns that a macro of the project gives, by relation. */
export function catalogOfColumns(rows: readonly CatalogMacroRow[]): readonly CatalogRow[] {
  const byRelation = new Map<string, CatalogMacroRow[]>()
  for (const row of rows) {
    const key = relationKey({ schema: row.table_schema, identifier: row.table_name })
    byRelation.set(key, [...(byRelation.get(key) ?? []), row])
  }
  return [...byRelation.values()].map((own) => {
    const [first] = own as [CatalogMacroRow]
    return {
      schema: first.table_schema,
      identifier: first.table_name,
      type: first.table_type,
      owner: first.table_owner,
      comment: first.table_comment,
      columns: own.map((column) => ({
        name: column.column_name,
        type: column.column_type,
        index: column.column_index,
        comment: column.column_comment,
      })),
    }
  })
}

/** The catalog as dbt's tools read it. */
export function catalogArtifact(
  rows: readonly CatalogRow[],
  manifest: Manifest,
  options: ArtifactOptions,
): CatalogArtifact {
  const ids = artifactIds(manifest)
  const byRelation = new Map(rows.map((row) => [relationKey(row), row]))
  const entriesOf = (wanted: (node: Node) => boolean) =>
    Object.fromEntries(
      Object.values(manifest.nodes)
        .filter(wanted)
        .flatMap((node) => {
          const relation = relationOf(node)
          const row = relation && byRelation.get(relationKey(relation))
          const id = ids.get(node.id)!
          return row ? [[id, tableEntry(row, id, options.target.database)]] : []
        }),
    )
  return {
    metadata: artifactMetadata('catalog/v1', options),
    nodes: entriesOf(({ resourceType }) => resourceType !== 'source'),
    sources: entriesOf(({ resourceType }) => resourceType === 'source'),
    errors: null,
  }
}

function tableEntry(
  { schema, identifier, type, owner, comment, columns }: CatalogRow,
  id: string,
  database: string,
) {
  return {
    metadata: { type, schema, name: identifier, database, comment, owner },
    columns: Object.fromEntries(columns.map((column) => [column.name, column])),
    stats: {
      has_stats: {
        id: 'has_stats',
        label: 'Has Stats?',
        value: false,
        include: false,
        description: 'Indicates whether there are statistics for this table',
      },
    },
    unique_id: id,
  }
}
