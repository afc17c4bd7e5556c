import { expect, test } from 'vitest'
import { sql } from '../../src/warehouse/sql.ts'
import { useWarehouse } from './test-database.ts'

const warehouse = useWarehouse()

test('runs a statement with parameters on the server', async () => {
  const { rows } = await warehouse().query(sql`select ${41}::int + 1 as answer`)
  expect(rows).toEqual([{ answer: 42 }])
  expect(warehouse().serverVersion).toBeGreaterThanOrEqual(140000)
})
