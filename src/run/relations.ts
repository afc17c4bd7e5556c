import { createHash } from 'node:crypto'
import { type Relation, relationKey } from '../core/node.ts'

/*
 * Where a run reads and writes. While it builds, each relation stands in the run's own schema; whoever refers
 * to it within the run reads that build, everything else reads what is published.
 */

/** Postgres cuts names after this many bytes. */
const maxNameBytes = 63

/** The schema in which a run builds. */
export function buildSchemaOf(runId: string): string {
  return `estimand_build_${runId.replaceAll('-', '').slice(0, 12)}`
}

/** Gives SQL that a run sent the names under which its builds are published. */
export function publishedNames(buildSchema: string, relations: Iterable<Relation>): (text: string) => string {
  const byBuild = new Map<string, string>()
  for (const relation of relations)
    byBuild.set(quoted(buildRelation(buildSchema, relation)), quoted(relation))
  // The schema's name holds nothing that a pattern would take for more than itself.
  const build = new RegExp(`"${buildSchema}"\\."(?:[^"]|"")+"`, 'g')
  return (text) => text.replace(build, (name) => byBuild.get(name) ?? name)
}

function quoted({ schema, identifier }: Relation): string {
  return [schema, identifier].map((name) => `"${name.replaceAll('"', '""')}"`).join('.')
}

/** The place of a relation in the run's build schema: its schema and name in one, cut with a hash when too long. */
export function buildRelation(buildSchema: string, published: Relation): Relation {
  const name = `${published.schema}__${published.identifier}`
  if (Buffer.byteLength(name) <= maxNameBytes) return { schema: buildSchema, identifier: name }
  const hash = createHash('sha256').update(relationKey(published)).digest('hex').slice(0, 10)
  return { schema: buildSchema, identifier: `${published.identifier.slice(0, 40)}__${hash}` }
}

/** A relation that stands beside a build and is a part of it, such as its delta. */
export function partRelation({ schema, identifier }: Relation, part: string): Relation {
  const ending = `__${part}`
  if (Buffer.byteLength(identifier + ending) <= maxNameBytes)
    return { schema, identifier: identifier + ending }
  const hash = createHash('sha256').update(identifier).digest('hex').slice(0, 10)
  return { schema, identifier: `${identifier.slice(0, 50 - 12 - ending.length)}__${hash}${ending}` }
}

/** The relations built so far in a run: which build stands for a published relation. */
export interface Builds {
  add(published: Relation, build: Relation): void
  /** The build that stands for `published` in this run, or `published` itself. */
  resolve(published: Relation): Relation
  /** Says that a build has been published: from now on it is read where it stands for everybody. */
  publish(published: Relation): void
}

export function makeBuilds(): Builds {
  const builds = new Map<string, Relation>()
  return {
    add: (published, build) => void builds.set(relationKey(published), build),
    resolve: (published) => builds.get(relationKey(published)) ?? published,
    publish: (published) => void builds.delete(relationKey(published)),
  }
}
