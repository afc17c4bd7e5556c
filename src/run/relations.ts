import { createHash } from 'node:crypto'
import { type Relation, relationKey } from '../core/node.ts'
import type { BuildRelation } from '../core/plan.ts'

/*
 * Where a run reads and writes. While it builds, each relation stands in a schema of the run's own, one for each
 * schema that it publishes to, under the name that it will have: a query may use that name to qualify columns.
 * Whoever refers to it within the run reads that build, everything else reads what is published.
 */

/** Postgres cuts names after this many bytes. */
const maxNameBytes = 63

/** The schema of a run's auxiliary tables; the names of its other schemas begin with it. */
export function buildSchemaOf(runId: string): string {
  return `estimand_build_${runId.replaceAll('-', '').slice(0, 12)}`
}

/** Where what a run replaced is kept; the names of its other schemas begin with it. */
export function keptSchemaOf(runId: string): string {
  return `estimand_kept_${runId.replaceAll('-', '').slice(0, 12)}`
}

/** Gives SQL that a run sent the names under which its builds are published. */
export function publishedNames(buildSchema: string, relations: Iterable<Relation>): (text: string) => string {
  const byBuild = new Map<string, string>()
  for (const relation of relations)
    byBuild.set(quoted(buildRelation(buildSchema, relation)), quoted(relation))
  // The schema's name holds nothing that a pattern would take for more than itself.
  const build = new RegExp(`"${buildSchema}__(?:[^"]|"")+"\\."(?:[^"]|"")+"`, 'g')
  return (text) => text.replace(build, (name) => byBuild.get(name) ?? name)
}

function quoted({ schema, identifier }: Relation): string {
  return [schema, identifier].map((name) => `"${name.replaceAll('"', '""')}"`).join('.')
}

/** Where a relation is built: under its own name, in the run's schema for the one that it is published to. */
export function buildRelation(buildSchema: string, { schema, identifier }: Relation): Relation {
  return { schema: fitted(`${buildSchema}__${schema}`), identifier }
}

/** Every schema that a run builds in, for the relations that it publishes. */
export function buildSchemas(buildSchema: string, published: Iterable<Relation>): string[] {
  const schemas = [...published].map((relation) => buildRelation(buildSchema, relation).schema)
  return [buildSchema, ...new Set(schemas)]
}

/** What builds are made of besides themselves. */
const buildParts = ['batches', 'begun', 'contract', 'delta', 'ended', 'so_far', 'source'] as const
export type BuildPart = (typeof buildParts)[number]

/** An auxiliary table of a build, such as its delta; it stands where no build does. */
export function partRelation({ schema, identifier }: Relation, part: BuildPart): Relation {
  const [base, ...rest] = schema.split('__')
  return { schema: base!, identifier: fitted(`${rest.join('__')}__${identifier}__${part}`) }
}

/** Every auxiliary table that a build may have, and that those may have. */
export function partRelations(build: Relation): Relation[] {
  const partsOf = (relation: Relation) => buildParts.map((part) => partRelation(relation, part))
  return partsOf(build).flatMap((part) => [part, ...partsOf(part)])
}

/** The name, or its beginning and a hash when it is too long. */
function fitted(name: string): string {
  if (Buffer.byteLength(name) <= maxNameBytes) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 10)
  let start = name.slice(0, maxNameBytes - hash.length - 2)
  while (Buffer.byteLength(start) > maxNameBytes - hash.length - 2) start = start.slice(0, -1)
  return `${start}__${hash}`
}

/** A table for the rows that a unit test writes down; named by the test and by what the rows stand for. */
export function fixtureRelation(buildSchema: string, testId: string, part: string): Relation {
  const hash = createHash('sha256')
    .update(JSON.stringify([testId, part]))
    .digest('hex')
    .slice(0, 16)
  return { schema: buildSchema, identifier: `fixture__${hash}` }
}

/** The relations built so far in a run: which build stands for a published relation. */
export interface Builds {
  add(published: Relation, build: Relation): void
  /** The build that stands for `published` in this run, or `published` itself. */
  resolve(published: Relation): Relation
  /** Every build that stands for a published relation. */
  all(): readonly BuildRelation[]
  /** Says that there is no build any more. */
  remove(published: Relation): void
  /** Says that a build has been published: from now on it is read where it stands for everybody. */
  publish(published: Relation): void
}

export function makeBuilds(): Builds {
  const builds = new Map<string, BuildRelation>()
  return {
    add: (published, build) => void builds.set(relationKey(published), { published, build }),
    resolve: (published) => builds.get(relationKey(published))?.build ?? published,
    all: () => [...builds.values()],
    remove: (published) => void builds.delete(relationKey(published)),
    publish: (published) => void builds.delete(relationKey(published)),
  }
}
