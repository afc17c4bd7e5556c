import { expect, test } from 'vitest'
import {
  createIndex,
  createTable,
  indexName,
  renameRelation,
  setSchema,
  sqlText,
} from '../../src/warehouse/index.ts'

const index = { columns: ['user_id', 'day'], unique: false, type: 'btree' }

test('DDL quotes every name', () => {
  const relation = { schema: 'a"b', identifier: 'select' }
  expect(
    sqlText(createTable(relation, [{ name: 'x y', type: 'numeric(1,0)' }], { unlogged: true })).text,
  ).toBe('create unlogged table "a""b"."select" (\n  "x y" numeric(1,0)\n)')
  expect(sqlText(renameRelation(relation, 'materialized_view', 'new')).text).toBe(
    'alter materialized view "a""b"."select" rename to "new"',
  )
  expect(sqlText(setSchema(relation, 'table', 'c')).text).toBe('alter table "a""b"."select" set schema "c"')
  expect(sqlText(createIndex(relation, { ...index, unique: true })).text).toMatch(
    /^create unique index "select_user_id_day_[0-9a-f]{8}" on "a""b"."select" using "btree" \("user_id", "day"\)$/,
  )
})

test('the name of an index depends on what it is of, and fits however long that is', () => {
  const relation = { schema: 's', identifier: 'é'.repeat(31) }
  expect(Buffer.byteLength(indexName(relation, index))).toBeLessThanOrEqual(63)
  expect(indexName(relation, index)).not.toContain('\ufffd')
  const names = [
    indexName(relation, index),
    indexName(relation, { ...index, columns: ['day', 'user_id'] }),
    indexName(relation, { ...index, unique: true }),
    indexName({ ...relation, schema: 't' }, index),
  ]
  expect(new Set(names).size).toBe(4)
  expect(indexName(relation, index)).toBe(names[0])
})
