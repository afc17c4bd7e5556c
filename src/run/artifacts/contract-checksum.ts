import { createHash } from 'node:crypto'
import type { ModelNode } from '../../core/node.ts'
import { constraintEntries, type Entry } from './entry-parts.ts'

/**
 * The hash by which dbt tells whether a contract is still the same: of the columns by name with their types and
 * constraints, and for tables of the model's own constraints. dbt hashes what Python prints of its objects.
 */
export function contractChecksum(node: ModelNode, constraints: readonly Entry[]): string {
  const columns = [...node.columns].sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)))
  const parts = columns.map(({ name, dataType, constraints: own }) => {
    const printed = constraintEntries(own ?? []).map(({ columns: _, ...constraint }) =>
      printedObject('ColumnLevelConstraint', constraint),
    )
    return `|${name}${dataType ?? 'None'}[${printed.join(', ')}]`
  })
  const { materialized } = node
  const ofTable = constraints.map((constraint) => printedObject('ModelLevelConstraint', constraint))
  const holds = materialized === 'table' || materialized === 'incremental'
  const text = parts.join('') + (holds ? `${materialized}[${ofTable.join(', ')}]` : '')
  return createHash('sha256').update(text).digest('hex')
}

function printedObject(name: string, { type, ...fields }: Entry): string {
  const rest = Object.entries(fields).map(([key, value]) => `, ${key}=${printed(value)}`)
  return `${name}(type=<ConstraintType.${type}: '${type}'>${rest.join('')})`
}

function printed(value: unknown): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (Array.isArray(value)) return `[${value.map(printed).join(', ')}]`
  const text = String(value)
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote
}
