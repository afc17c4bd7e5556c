import { expect, test } from 'vitest'
import {
  analyzeRelation,
  columnsOf,
  commentOnColumn,
  commentOnRelation,
  createIndex,
  createSchema,
  createTable,
  createTableAs,
  createView,
  dropRelation,
  dropSchema,
  existingRelations,
  indexName,
  relationsInSchemas,
  sql,
  unsafeSql,
} from '../../src/warehouse/index.ts'
import { useWarehouse } from './test-database.ts'

const warehouse = useWarehouse()

test('what is created is found again, with kinds, columns and types in order', async () => {
  const at = (identifier: string) => ({ schema: `odd "schema"`, identifier })
  const on = warehouse()
  await on.query(createSchema(`odd "schema"`))
  await on.query(createSchema(`odd "schema"`))
  const columns = [
    { name: 'Id', type: 'bigint' },
    { name: 'amount', type: 'numeric(12,2)' },
    { name: 'at', type: 'timestamptz' },
  ]
  await on.query(createTable(at('table'), columns, { primaryKey: ['Id', 'at'] }))
  await on.query(
    createTableAs(at('as'), unsafeSql('select 1 as one\nfrom generate_series(1, 3) -- three'), {
      unlogged: true,
    }),
  )
  await on.query(
    createView(at('view'), sql`select ${sql.ident('Id')} from ${sql.ident(`odd "schema"`, 'table')}`),
  )
  await on.query(sql`create materialized view ${sql.ident(`odd "schema"`, 'mat')} as select 1 as one`)
  await on.query(analyzeRelation(at('as')))

  const found = await relationsInSchemas(on, [`odd "schema"`])
  expect(found.map(({ identifier, kind }) => [identifier, kind])).toEqual([
    ['as', 'table'],
    ['mat', 'materialized_view'],
    ['table', 'table'],
    ['view', 'view'],
  ])
  expect(found[0]!.estimatedRows).toBe(3)
  expect(await columnsOf(on, at('table'))).toEqual([
    { name: 'Id', type: 'bigint', notNull: true },
    { name: 'amount', type: 'numeric(12,2)', notNull: false },
    { name: 'at', type: 'timestamp with time zone', notNull: true },
  ])
  expect(await columnsOf(on, at('nothing'))).toBeUndefined()
  expect(
    (await existingRelations(on, [at('view'), at('nothing'), at('as')])).map(({ identifier }) => identifier),
  ).toEqual(['as', 'view'])

  await on.query(commentOnRelation(at('view'), 'view', `it's a \\view`))
  await on.query(commentOnColumn(at('table'), 'Id', 'key'))
  await on.query(createIndex(at('as'), { columns: ['one'], unique: false, type: 'btree' }, at('published')))
  const { rows } = await on.query(sql`
    select
      obj_description((select oid from pg_class where relname = 'view' and relkind = 'v' and relnamespace = (select oid from pg_namespace where nspname like 'odd%'))) as view,
      (select count(*) from pg_indexes where indexname = ${indexName(at('published'), { columns: ['one'], unique: false, type: 'btree' })}) as indexes`)
  expect(rows).toEqual([{ view: `it's a \\view`, indexes: 1 }])

  await on.query(dropRelation(at('table'), 'table', { cascade: true }))
  await on.query(dropRelation(at('mat'), 'materialized_view'))
  expect((await relationsInSchemas(on, [`odd "schema"`])).map(({ identifier }) => identifier)).toEqual(['as'])
  await on.query(dropSchema(`odd "schema"`))
  expect(await relationsInSchemas(on, [`odd "schema"`])).toEqual([])
})
