import type { ColumnRef, SqlLineage } from '../../../src/compile/lineage/column-lineage.ts'

/** Every column that a query names, in whatever part of it, as `relation.column`, sorted. */
export function namedColumns(lineage: SqlLineage): string[] {
  const refs: ColumnRef[] = [
    ...lineage.columns.flatMap(({ inputs, influences }) => [...inputs, ...influences]),
    ...lineage.influences,
    ...lineage.unused,
  ]
  return [...new Set(refs.map(({ relation, column }) => `${relation}.${column}`))].sort()
}
