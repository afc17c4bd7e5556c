import type { RelationCatalog } from '../../../src/compile/lineage/lineage-of-sql.ts'

/*
 * The tables that the queries of these tests read, once for the database and once for the analysis.
 */

/** By name as it stands in the schema `lin`: the columns with their types. */
export const lineageTables: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  users: {
    id: 'int primary key',
    name: 'text',
    email: 'text',
    country: 'text',
    created_at: 'timestamptz',
    tags: 'text[]',
    profile: 'jsonb',
  },
  orders: {
    id: 'int',
    user_id: 'int',
    amount: 'numeric',
    status: 'text',
    ordered_at: 'timestamptz',
    lines: 'jsonb',
  },
  events: { user_id: 'int', ts: 'timestamptz', kind: 'text', value: 'int' },
  edges: { src: 'int', dst: 'int', weight: 'int' },
  'Odd Names': { Id: 'int', 'User Name': 'text', order: 'int', lower: 'int' },
}

/** The analysis knows the tables by `lin.name`; any other relation is not known. */
export const lineageCatalog: RelationCatalog = {
  lookUp: ({ schema, name }) => {
    const columns = schema === undefined || schema === 'lin' ? lineageTables[name] : undefined
    return {
      relation: columns ? `lin.${name}` : schema === undefined ? name : `${schema}.${name}`,
      columns: Object.keys(columns ?? {}),
      isComplete: columns !== undefined,
    }
  },
}

/** The statements that create the tables. */
export function createTables(): string[] {
  const tables = Object.entries(lineageTables).map(([name, columns]) => {
    const definitions = Object.entries(columns).map(([column, type]) => `"${column}" ${type}`)
    return `create table lin."${name}" (${definitions.join(', ')})`
  })
  return ['create schema lin', ...tables]
}
