import type { Node } from '../core/node.ts'
import type { RelationDetails } from '../warehouse/index.ts'

/** What a node's configuration says of its relation besides its rows: grants, and descriptions kept as comments. */
export function relationDetails(node: Node): { readonly details?: RelationDetails } {
  const { grants, persist_docs: persistDocs } = node.config
  const keep = isMap(persistDocs) ? persistDocs : {}
  const described = node.columns.filter(({ description }) => description !== '')
  const details: RelationDetails = {
    ...(isMap(grants) && Object.keys(grants).length > 0 && { grants: roleLists(grants) }),
    ...(keep['relation'] === true && node.description !== '' && { comment: node.description }),
    ...(keep['columns'] === true &&
      described.length > 0 && {
        columnComments: Object.fromEntries(described.map(({ name, description }) => [name, description])),
      }),
  }
  return Object.keys(details).length > 0 ? { details } : {}
}

function roleLists(grants: Readonly<Record<string, unknown>>): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(grants).map(([privilege, roles]) => [
      privilege.replace(/^\+/, ''),
      (Array.isArray(roles) ? roles : [roles]).map(String),
    ]),
  )
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
