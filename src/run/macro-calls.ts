import type { Renderer, RenderScope } from '../compile/renderer.ts'
import type { Relation } from '../core/node.ts'

/*
 * Calls of macros that dbt makes itself and a project may replace: for cloning, and for the catalogue.
 */

type Macros = Pick<Renderer, 'isOwnMacro' | 'compileInline' | 'target'>

/** A relation as it is written in a template. */
function written({ schema, identifier }: Relation, { target }: Macros, type: string | null): string {
  const parts = { database: target.database, schema, identifier, ...(type !== null && { type }) }
  const given = Object.entries(parts).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
  return `api.Relation.create(${given.join(', ')})`
}

/** Makes the statement that clones a table, where the project says that its database can do that; else null. */
export async function cloneByMacro(
  macros: Macros,
  scope: RenderScope,
): Promise<((clone: Relation, of: Relation) => Promise<string>) | null> {
  if (!macros.isOwnMacro('can_clone_table')) return null
  const { text } = await macros.compileInline('{{ can_clone_table() }}', scope)
  if (text.trim() !== 'True') return null
  return async (clone, of) => {
    const call = `create_or_replace_clone(${written(clone, macros, 'table')}, ${written(of, macros, 'table')})`
    return (await macros.compileInline(`{{ ${call} }}`, scope)).text
  }
}

/** A row of the catalogue as its macro gives it: one column of a relation. */
export interface CatalogMacroRow {
  readonly table_schema: string
  readonly table_name: string
  readonly table_type: string
  readonly table_comment: string | null
  readonly table_owner: string
  readonly column_name: string
  readonly column_index: number
  readonly column_type: string
  readonly column_comment: string | null
}

/** dbt asks for more relations than these by their schemas. */
const relationsAtMost = 100

/** Asks the project's own macro for the catalogue; undefined where it has none. */
export function catalogByMacro(
  macros: Macros,
  scope: RenderScope,
): ((relations: readonly Relation[]) => Promise<readonly CatalogMacroRow[]>) | undefined {
  if (!macros.isOwnMacro('get_catalog')) return undefined
  return async (relations) => {
    const schemas = [...new Set(relations.map(({ schema }) => schema))]
    const [macro, wanted] =
      relations.length <= relationsAtMost
        ? ['get_catalog_relations', relations.map((one) => written(one, macros, null)).join(', ')]
        : ['get_catalog', schemas.map((schema) => JSON.stringify(schema)).join(', ')]
    const information = `api.Relation.create(database=${JSON.stringify(macros.target.database)}).information_schema()`
    const { text } = await macros.compileInline(
      `{% set rows = [] %}{% for row in ${macro}(${information}, [${wanted}]).rows %}{% do rows.append(row.dict()) %}{% endfor %}{{ tojson(rows) }}`,
      scope,
    )
    return JSON.parse(text) as readonly CatalogMacroRow[]
  }
}
