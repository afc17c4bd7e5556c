import { asStrings, isMap } from '../config-tree.ts'
import { quoteIdentifier } from './relation-value.ts'

/*
 * Constraints of columns and models, as YAML declares them, in the words of CREATE TABLE.
 */

type Constraint = Readonly<Record<string, unknown>>

/** One line for each column: its name, its type and its constraints. */
export function renderColumnConstraints(columns: unknown): string[] {
  if (!isMap(columns)) return []
  return Object.values(columns)
    .filter(isMap)
    .map((column) => {
      const name = column['quote'] === true ? quoteIdentifier(String(column['name'])) : String(column['name'])
      const constraints = list(column['constraints']).map(columnConstraint)
      return [name, String(column['data_type'] ?? ''), ...constraints].filter(Boolean).join(' ')
    })
}

/** One line for each constraint of the whole table. */
export function renderModelConstraints(constraints: unknown): string[] {
  return list(constraints).map(modelConstraint).filter(Boolean)
}

function list(value: unknown): readonly Constraint[] {
  return Array.isArray(value) ? value.filter(isMap) : []
}

/** The constraint of one column; empty when its type is not known. */
export function columnConstraint(constraint: Constraint): string {
  const expression = text(constraint['expression'])
  switch (constraint['type']) {
    case 'check':
      return `check (${expression})`
    case 'not_null':
      return joined('not null', expression)
    case 'unique':
      return joined('unique', expression)
    case 'primary_key':
      return joined('primary key', expression)
    case 'foreign_key':
      return constraint['to'] === undefined || constraint['to'] === null
        ? joined('references', expression)
        : `references ${text(constraint['to'])} (${asStrings(constraint['to_columns']).join(', ')})`
    case 'custom':
      return expression
    default:
      return ''
  }
}

function modelConstraint(constraint: Constraint): string {
  const named = constraint['name'] ? `constraint ${text(constraint['name'])} ` : ''
  const columns = `(${asStrings(constraint['columns']).join(', ')})`
  const expression = text(constraint['expression'])
  switch (constraint['type']) {
    case 'check':
      return `${named}check (${expression})`
    case 'unique':
      return named + joined(`unique ${columns}`, expression)
    case 'primary_key':
      return named + joined(`primary key ${columns}`, expression)
    case 'foreign_key':
      return constraint['to'] === undefined || constraint['to'] === null
        ? `${named}foreign key ${columns} references ${expression}`
        : `${named}foreign key ${columns} references ${text(constraint['to'])} (${asStrings(constraint['to_columns']).join(', ')})`
    case 'custom':
      return named + expression
    default:
      return ''
  }
}

function text(value: unknown): string {
  return value === undefined || value === null ? '' : String(value)
}

function joined(...parts: readonly string[]): string {
  return parts.filter(Boolean).join(' ')
}
