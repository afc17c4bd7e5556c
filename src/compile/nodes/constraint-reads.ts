import type { Place } from '../../core/problem.ts'
import type { ColumnSpec } from '../../core/project.ts'
import type { Config } from '../config-tree.ts'
import type { Read } from './draft.ts'
import { readExpression } from './read-expression.ts'

/** What foreign keys point to: a table has to stand before another may refer to it. */
export function readConstraintReads(
  ofModel: readonly Config[],
  columns: readonly ColumnSpec[],
  place: Place,
): Read[] {
  return [...ofModel, ...columns.flatMap(({ constraints }) => constraints)].flatMap(({ type, to }) => {
    const read = type === 'foreign_key' && typeof to === 'string' ? readExpression(to) : null
    return read && read.kind !== 'metric' ? [{ ...read, place }] : []
  })
}
