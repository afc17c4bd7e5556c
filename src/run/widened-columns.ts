import type { CatalogColumn } from '../warehouse/index.ts'

/*
 * Text that got longer: a column declared as varchar(10) grows when new rows come with more, as it does in dbt.
 */

/** The columns of a table that have to grow before rows with these columns go in, with their new types. */
export function widenedColumns(
  published: readonly CatalogColumn[],
  built: readonly CatalogColumn[],
): CatalogColumn[] {
  return published.flatMap((column) => {
    const fresh = built.find(({ name }) => name === column.name)
    const before = textLength(column.type)
    const after = fresh && textLength(fresh.type)
    if (before === undefined || after === undefined || after <= before) return []
    return [{ ...column, type: after === Number.POSITIVE_INFINITY ? 'text' : `character varying(${after})` }]
  })
}

/** The characters that a text type holds; undefined for other types. */
function textLength(type: string): number | undefined {
  const [, name, length] = /^(text|character varying|character)(?:\((\d+)\))?$/.exec(type) ?? []
  if (name === undefined) return undefined
  return length === undefined ? Number.POSITIVE_INFINITY : Number(length)
}
