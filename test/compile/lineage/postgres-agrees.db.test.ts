import { beforeAll, describe, expect, it } from 'vitest'
import { lineageOfSql } from '../../../src/compile/lineage/lineage-of-sql.ts'
import { loadSqlParser } from '../../../src/compile/sql/syntax.ts'
import { unsafeSql } from '../../../src/warehouse/index.ts'
import { useWarehouse } from '../../warehouse/test-database.ts'
import { generateQuery, seededChoices } from './generate-query.ts'
import { lineageQueries } from './lineage-queries.ts'
import { createTables, lineageCatalog } from './lineage-tables.ts'
import { namedColumns } from './named-columns.ts'
import { viewFacts } from './view-dependencies.ts'

/*
 * PostgreSQL is asked about each query by making a view of it: its columns are called as it says, and it notes in
 * pg_depend every column that the view names. Both have to come out of the text alone.
 */

const warehouse = useWarehouse()

beforeAll(async () => {
  await loadSqlParser()
  for (const statement of createTables()) await warehouse().query(unsafeSql(statement))
})

async function expectAgreement(text: string, wholeRows: readonly string[] = []): Promise<void> {
  const facts = await warehouse().withSession((session) => viewFacts(session, text))
  const lineage = lineageOfSql(text, lineageCatalog)!
  expect(lineage.columns.map(({ name }) => name)).toEqual(facts.columns)
  expect(lineage.isComplete).toBe(true)
  expect(lineage.unresolved).toEqual([])
  expect(lineage.columns.filter(({ isUnknown }) => isUnknown)).toEqual([])
  const named = namedColumns(lineage).filter(
    (name) => facts.dependencies.includes(name) || !wholeRows.some((table) => name.startsWith(`${table}.`)),
  )
  expect(named).toEqual(facts.dependencies)
}

describe('what PostgreSQL knows of a view', () => {
  it.each(lineageQueries)('$sql', ({ sql: text, wholeRows }) => expectAgreement(text, wholeRows))

  it('of generated queries', async () => {
    for (let seed = 1; seed <= 400; seed++) {
      const text = generateQuery(seededChoices(seed))
      await expectAgreement(text).catch((error: unknown) => {
        throw new Error(`seed ${seed}: ${text}`, { cause: error })
      })
    }
  })
})
