import type { Relation } from '../../core/node.ts'
import { type HostObject, hostFunction, hostObject, type Value } from '../dialect/index.ts'

/*
 * A relation as templates see it: prints as a quoted, fully qualified name, and offers its parts.
 */

export interface RelationParts extends Relation {
  /** The database written in front; templates print three-part names. */
  readonly database: string
}

/** A relation for a template; equal to another with the same parts. */
export function relationValue(parts: RelationParts): HostObject {
  const rendered = renderRelation(parts)
  const attributes: Record<string, () => Value> = {
    database: () => parts.database,
    schema: () => parts.schema,
    identifier: () => parts.identifier,
    name: () => parts.identifier,
    table: () => parts.identifier,
    render: () => hostFunction('render', () => rendered),
    include: () => hostFunction('include', (_args, kwargs) => partialRelation(parts, kwargs)),
  }
  return hostObject({
    type: 'Relation',
    str: () => rendered,
    repr: () => `<Relation ${rendered}>`,
    attribute: (name) => attributes[name]?.(),
    equals: (other) => isRelationValue(other) && String(other.protocol.str?.()) === rendered,
    hashKey: () => rendered,
    toJs: () => parts,
  })
}

/** An ephemeral model in its reader: prints as the name of the CTE that holds it. */
export function cteValue(name: string): HostObject {
  return hostObject({
    type: 'Relation',
    str: () => name,
    repr: () => `<Relation ${name}>`,
    attribute: (attribute) => (attribute === 'identifier' || attribute === 'name' ? name : undefined),
    toJs: () => ({ identifier: name }),
  })
}

/** `"database"."schema"."identifier"`, each part quoted as Postgres quotes identifiers. */
export function renderRelation({ database, schema, identifier }: RelationParts): string {
  return [database, schema, identifier].map(quoteIdentifier).join('.')
}

/** An identifier for text that a template prints; our own statements use sql.ident. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** The name of the CTE that stands for an ephemeral model. */
export function cteName(model: string): string {
  return `__dbt__cte__${model}`
}

function isRelationValue(value: Value): value is HostObject {
  return (
    typeof value === 'object' && value !== null && 'protocol' in value && value.protocol.type === 'Relation'
  )
}

/** `relation.include(database=false)`: the name without some of its parts. */
function partialRelation(parts: RelationParts, kwargs: Readonly<Record<string, Value>>): HostObject {
  const kept = (['database', 'schema', 'identifier'] as const).filter((part) => kwargs[part] !== false)
  const rendered = kept.map((part) => quoteIdentifier(parts[part])).join('.')
  return hostObject({ type: 'Relation', str: () => rendered, repr: () => `<Relation ${rendered}>` })
}
