import { expect, test } from 'vitest'
import { buildRelation, buildSchemaOf, makeBuilds, publishedNames } from '../../src/run/relations.ts'

const buildSchema = buildSchemaOf('5f5c9f7e-49c5-4c30-bf72-d708d35f9548')
const orders = { schema: 'shop', identifier: 'orders' }

test('a build is named after its schema and name', () => {
  expect(buildSchema).toBe('estimand_build_5f5c9f7e49c5')
  expect(buildRelation(buildSchema, orders)).toEqual({ schema: buildSchema, identifier: 'shop__orders' })
})

test('builds of long names stay apart and fit', () => {
  const long = (end: string) => ({ schema: 'shop', identifier: `${'x'.repeat(60)}${end}` })
  const [a, b] = [buildRelation(buildSchema, long('a')), buildRelation(buildSchema, long('b'))]
  expect(a.identifier).not.toBe(b.identifier)
  expect(Buffer.byteLength(a.identifier)).toBeLessThanOrEqual(63)
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
  const sent = `select * from "db"."${buildSchema}"."shop__orders" join "db"."${buildSchema}"."shop__a ""b""" on '${buildSchema}' = "x"."y"`
  expect(toPublished(sent)).toBe(
    `select * from "db"."shop"."orders" join "db"."shop"."a ""b""" on '${buildSchema}' = "x"."y"`,
  )
})
