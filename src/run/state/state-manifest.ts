import type { NodeId, Relation } from '../../core/node.ts'
import type { Entry } from './entry-values.ts'

/** An earlier manifest.json, ours or dbt's. */
export interface StateManifest {
  /** The entry of a node by its id there; null where it has none. */
  readonly entryOf: (id: string) => Entry | null
  readonly macros: Readonly<Record<string, Entry>>
  /** Where a node stands there, if it is a relation that can be read. */
  readonly relationOf: (id: string) => (Relation & { readonly database: string | null }) | null
  readonly entries: () => Iterable<readonly [NodeId, Entry]>
}

const sections = [
  'nodes',
  'sources',
  'exposures',
  'metrics',
  'semantic_models',
  'saved_queries',
  'unit_tests',
  'functions',
] as const

/** Makes a document of manifest.json easy to ask. */
export function stateManifest(document: Entry): StateManifest {
  const section = (name: string) => (document[name] ?? {}) as Readonly<Record<string, Entry>>
  const entryOf = (id: string): Entry | null => {
    for (const name of sections) {
      const entry = section(name)[id]
      if (entry) return entry
    }
    return null
  }
  return {
    entryOf,
    macros: section('macros'),
    relationOf: (id) => {
      const entry = entryOf(id)
      if (!entry || typeof entry['relation_name'] !== 'string') return null
      const { database, schema, alias, name } = entry
      return {
        database: typeof database === 'string' ? database : null,
        schema: String(schema),
        identifier: String(alias ?? name),
      }
    },
    entries: () => sections.flatMap((name) => Object.entries(section(name))),
  }
}
