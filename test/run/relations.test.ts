import { expect, test } from 'vitest'
import {
  buildRelation,
  buildSchemaOf,
  buildSchemas,
  makeBuilds,
  partRelation,
  publishedNames,
} from '../../src/run/relations.ts'

const buildSchema = buildSchemaOf('5f5c9f7e-49c5-4c30-bf72-d708d35f9548')
const orders = { schema: 'shop', identifier: 'orders' }

test('a build keeps its name, in a schema of the run', () => {
  expect(buildSchema).toBe('estimand_build_5f5c9f7e49c5')
  expect(buildRelation(buildSchema, orders)).toEqual({ schema: `${buildSchema}__shop`, identifier: 'orders' })
  expect(buildSchemas(buildSchema, [orders, { ...orders, identifier: 'items' }])).toEqual([
    buildSchema,
    `${buildSchema}__shop`,
  ])
})

test('builds of long schemas stay apart and fit', () => {
  const long = (end: string) => ({ schema: `${'é'.repeat(30)}${end}`, identifier: 'orders' })
  const [a, b] = [buildRelation(buildSchema, long('a')), buildRelation(buildSchema, long('b'))]
  expect(a.schema).not.toBe(b.schema)
  expect(Buffer.byteLength(a.schema)).toBeLessThanOrEqual(63)
})

test('an auxiliary table stands where no build does', () => {
  const build = buildRelation(buildSchema, orders)
  expect(partRelation(build, 'delta')).toEqual({ schema: buildSchema, identifier: 'shop__orders__delta' })
})

test('a build stands for the published relation until it is published itself', () => {
  const builds = makeBuilds()
  const build = buildRelation(buildSchema, orders)
  builds.add(orders, build)
  expect(builds.resolve(orders)).toEqual(build)
  builds.publish(orders)
  expect(builds.resolve(orders)).toEqual(orders)
})

test("SQL of a run gets the published names back, and nothing else's", () => {
  const quote = { schema: 'shop', identifier: 'a "b"' }
  const toPublished = publishedNames(buildSchema, [orders, quote])
  const sent = `select * from "db"."${buildSchema}__shop"."orders" join "db"."${buildSchema}__shop"."a ""b""" on '${buildSchema}' = "x"."y"`
  expect(toPublished(sent)).toBe(
    `select * from "db"."shop"."orders" join "db"."shop"."a ""b""" on '${buildSchema}' = "x"."y"`,
  )
})
