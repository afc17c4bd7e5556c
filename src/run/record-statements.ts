import { type Session, type SQLQuery, sqlText, type Warehouse } from '../warehouse/index.ts'

/** A warehouse that notes what is sent over it, and what that was. */
export interface RecordedWarehouse {
  readonly warehouse: Warehouse
  /** The statements that changed something, or all of them, as SQL for people to read. */
  statements(): string
}

/**
 * Notes the statements of one node: what it creates and fills, or where it only asks (a test), what it asks. Questions
 * about the catalogue, which carry values, and what begins and ends transactions are left out.
 */
export function recordStatements(warehouse: Warehouse, isTest: boolean): RecordedWarehouse {
  const texts: string[] = []
  const note = (query: SQLQuery): SQLQuery => {
    const { text, values } = sqlText(query)
    if (values.length === 0 && (isTest || changesSomething(text))) texts.push(text.trim())
    return query
  }
  const recorded = (session: Session): Session => ({
    processId: session.processId,
    query: (query) => session.query(note(query)),
    queryTable: (query) => session.queryTable(note(query)),
    runAll: (statements) => session.runAll(statements.map(note)),
    transaction: (body) => session.transaction(body),
    copyIn: (relation, columns, format) => session.copyIn(relation, columns, format),
    copyOut: (query, format) => session.copyOut(query, format),
  })
  return {
    warehouse: {
      ...warehouse,
      query: (query) => warehouse.query(note(query)),
      runTogether: (statement) => warehouse.runTogether(note(statement)),
      withSession: (body, ...settings) =>
        warehouse.withSession((session) => body(recorded(session)), ...settings),
    },
    statements: () => texts.map((text) => (text.endsWith(';') ? text : `${text};`)).join('\n\n'),
  }
}

const asks = /^(?:select|table|values|show|set|explain|savepoint|release|rollback|begin|commit)\b/i

/** A query with CTEs may do both. */
function changesSomething(text: string): boolean {
  const code = text.replace(/^(?:\s+|--.*\n|\/\*[\s\S]*?\*\/)+/, '')
  if (/^with\b/i.test(code)) return /\b(?:insert\s+into|update|delete\s+from|merge\s+into)\b/i.test(code)
  return code !== '' && !asks.test(code)
}
