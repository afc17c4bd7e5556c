import type { ColumnInput, InfluenceRole, SqlLineage } from './column-lineage.ts'

/*
 * A node's column lineage as it goes into the manifest's meta, for tools that read artifacts.
 */

interface MetaRef {
  /** The id of a node, or `schema.name` of a relation that is no node. */
  readonly node: string
  readonly column: string
}

type MetaInfluence = MetaRef & { readonly role: InfluenceRole }

export interface LineageMeta {
  /** Whether these are all columns. */
  readonly is_complete: boolean
  readonly columns: Readonly<
    Record<
      string,
      {
        readonly inputs: readonly (MetaRef & { readonly kind: ColumnInput['kind'] })[]
        /** What decides about this column alone. */
        readonly influences?: readonly MetaInfluence[]
        /** Set where there may be inputs that the SQL does not show. */
        readonly is_unknown?: true
      }
    >
  >
  /** What decides about the rows. */
  readonly influences: readonly MetaInfluence[]
}

/** What of a node's lineage goes there. */
export type ColumnLineage = Pick<SqlLineage, 'isComplete' | 'columns' | 'influences'>

/** The lineage as plain data; `idOf` gives the id that a node has there. */
export function lineageMeta(
  { isComplete, columns, influences }: ColumnLineage,
  idOf: (node: string) => string = (node) => node,
): LineageMeta {
  const influence = ({ relation, column, role }: SqlLineage['influences'][number]) => ({
    node: idOf(relation),
    column,
    role,
  })
  return {
    is_complete: isComplete,
    columns: Object.fromEntries(
      columns.map((column) => [
        column.name,
        {
          inputs: column.inputs.map(({ relation, column: name, kind }) => ({
            node: idOf(relation),
            column: name,
            kind,
          })),
          ...(column.influences.length > 0 && { influences: column.influences.map(influence) }),
          ...(column.isUnknown && { is_unknown: true as const }),
        },
      ]),
    ),
    influences: influences.map(influence),
  }
}
