import type { AsyncBuffer, RowGroup, SchemaTree } from 'hyparquet'
import { assembleNested } from 'hyparquet/src/assemble.js'
import { getTreePath } from 'hyparquet/src/schema.js'
import { type LeafOptions, type ParquetLeaf, parquetLeaf } from './parquet-leaf.ts'

/*
 * A column of a group of rows: of one part as it is, of several put together to objects and lists.
 */

/** Values of a column, as many as there are at a time. */
export type ParquetColumn = Omit<ParquetLeaf, 'path'>

/** Begins to read a column within a group of rows. */
export function parquetColumn(
  file: AsyncBuffer,
  group: RowGroup,
  schema: SchemaTree,
  field: SchemaTree,
  options: LeafOptions,
): ParquetColumn {
  const name = field.element.name
  const leaves = group.columns.flatMap(({ meta_data: metadata }) =>
    metadata && metadata.path_in_schema[0] === name
      ? [parquetLeaf(file, metadata, getTreePath(schema, metadata.path_in_schema), options)]
      : [],
  )
  const [first] = leaves
  if (!first) throw new Error(`${name} is missing in a group of rows`)
  if (field.children.length === 0) return first
  return {
    get available() {
      return Math.min(...leaves.map((leaf) => leaf.available))
    },
    async fill() {
      for (const leaf of leaves) if (leaf.available === 0) await leaf.fill()
    },
    take(rows) {
      const parts = new Map(
        leaves.map((leaf) => [leaf.path.join('.'), Array.from(leaf.take(rows))] as [string, unknown[]]),
      )
      assembleNested(parts, field, options.parsers)
      return parts.get(name)!
    },
  }
}
