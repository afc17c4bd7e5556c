import { beforeAll, describe, expect, it } from 'vitest'
import { columnKey } from '../../../src/compile/lineage/derivation.ts'
import { lineageOfSql } from '../../../src/compile/lineage/lineage-of-sql.ts'
import { loadSqlParser } from '../../../src/compile/sql/syntax.ts'
import { type Session, unsafeSql } from '../../../src/warehouse/index.ts'
import { useWarehouse } from '../../warehouse/test-database.ts'
import { generateQuery, seededChoices } from './generate-query.ts'
import { createTables, lineageCatalog, lineageTables } from './lineage-tables.ts'

/*
 * What lineage promises, tried out: when every value of an input column changes, an output column whose lineage
 * does not name it keeps its values.
 */

const warehouse = useWarehouse()

const numericColumns = Object.entries(lineageTables).flatMap(([table, columns]) =>
  Object.entries(columns).flatMap(([column, type]) =>
    /^(int|numeric)/.test(type) ? [{ relation: `lin.${table}`, table, column }] : [],
  ),
)

beforeAll(async () => {
  await loadSqlParser()
  for (const statement of createTables()) await warehouse().query(unsafeSql(statement))
  for (const table of Object.keys(lineageTables)) {
    const columns = numericColumns.filter((each) => each.table === table).map(({ column }) => column)
    // Small numbers, so that joins and filters find some and not all rows; the first column is unique.
    const values = columns.map((_, index) => (index === 0 ? 'n' : `(n * ${index * 3 + 2} + ${index}) % 7`))
    await warehouse().query(
      unsafeSql(
        `insert into lin."${table}" (${columns.map((column) => `"${column}"`).join(', ')})
         select ${values.join(', ')} from generate_series(1, 9) as n`,
      ),
    )
  }
})

/** The values of each output column, without the order of rows. */
async function valuesOf(session: Session, text: string): Promise<Record<string, unknown[]>> {
  const { rows } = await session.query<Record<string, unknown>>(unsafeSql(text))
  const names = Object.keys(rows[0] ?? {})
  return Object.fromEntries(names.map((name) => [name, rows.map((row) => String(row[name])).sort()]))
}

describe('an input that lineage does not name', () => {
  it('changes nothing', async () => {
    const tried = { kept: 0, changed: 0 }
    await warehouse().withSession(async (session) => {
      for (let seed = 1000; seed < 1300; seed++) {
        // Which rows a limit takes among equals is up to the server.
        const text = generateQuery(seededChoices(seed)).replace(/ limit \d+/g, '')
        const lineage = lineageOfSql(text, lineageCatalog)!
        const before = await valuesOf(session, text)
        for (const changed of numericColumns) {
          const decides = (refs: readonly { relation: string; column: string }[]): boolean =>
            refs.some((ref) => columnKey(ref) === columnKey(changed))
          if (decides(lineage.influences)) continue
          // What the query does not read at all is no test.
          const isRead = lineage.unused
            .concat(lineage.columns.flatMap(({ inputs }) => inputs))
            .some((ref) => columnKey(ref) === columnKey(changed))
          const after = await perturbed(session, changed, () => valuesOf(session, text))
          for (const { name, inputs, influences } of lineage.columns) {
            if (decides([...inputs, ...influences])) {
              if (JSON.stringify(after[name]) !== JSON.stringify(before[name])) tried.changed++
              continue
            }
            expect({ seed, text, changed, name, values: after[name] }).toEqual({
              seed,
              text,
              changed,
              name,
              values: before[name],
            })
            if (before[name] && isRead) tried.kept++
          }
        }
      }
    })
    // Both happen often enough for the comparison to mean something.
    expect(tried.kept).toBeGreaterThan(100)
    expect(tried.changed).toBeGreaterThan(100)
  })
})

/** Runs the body while the column has other values. */
async function perturbed<T>(
  session: Session,
  { table, column }: (typeof numericColumns)[number],
  body: () => Promise<T>,
): Promise<T> {
  await session.query(unsafeSql('begin'))
  try {
    await session.query(unsafeSql(`update lin."${table}" set "${column}" = ("${column}" * 5 + 3) % 11 + 100`))
    return await body()
  } finally {
    await session.query(unsafeSql('rollback'))
  }
}
