import { createHash } from 'node:crypto'
import type { NodeFingerprint, RowMaking } from '../core/fingerprint.ts'
import type { JobSpec } from '../core/job-spec.ts'
import type { MacroInfo, Manifest } from '../core/manifest.ts'
import type { Node, NodeId } from '../core/node.ts'
import { normalisedTemplate } from './normalised-template.ts'
import { normalisedSql } from './sql/normalised-sql.ts'

/*
 * The fingerprints of a manifest's nodes: what each one's result depends on.
 */

export interface FingerprintInput {
  readonly manifest: Pick<Manifest, 'nodes' | 'macros'>
  /** What a node's template becomes, in each of the ways in which it may be run; empty where it has none. */
  readonly sqlOf: (id: NodeId) => readonly string[]
  /** Fingerprints that only the caller can tell, such as those of loads with their parameters and files. */
  readonly given: ReadonlyMap<NodeId, string>
}

/** Gives a node's fingerprint. */
export type FingerprintOf = (id: NodeId) => NodeFingerprint

/** Makes the fingerprints of a manifest; each is worked out when it is first asked for. */
export function makeFingerprints({ manifest, sqlOf, given }: FingerprintInput): FingerprintOf {
  const known = new Map<NodeId, NodeFingerprint>()
  const macrosOf = makeMacroFinder(manifest.macros, ({ source }) => hash(source))
  const makingOf = makeMakings(manifest, (id) => fingerprintOf(id).compiled)
  const fingerprintOf: FingerprintOf = (id) => {
    const before = known.get(id)
    if (before) return before
    const node = manifest.nodes[id]!
    const upstream = Object.fromEntries(
      node.dependsOn
        .filter((parent) => manifest.nodes[parent] !== undefined)
        .map((parent) => [parent, fingerprintOf(parent).whole]),
    )
    const fingerprint = fingerprintNode(node, upstream, sqlOf(id), given.get(id), macrosOf)
    known.set(id, fingerprint)
    if (isIncremental(node)) known.set(id, { ...fingerprint, making: makingOf(id) })
    return known.get(id)!
  }
  return fingerprintOf
}

function fingerprintNode(
  node: Node,
  upstream: NodeFingerprint['upstream'],
  sql: readonly string[],
  given: string | undefined,
  macrosOf: (text: string) => NodeFingerprint['macros'],
): NodeFingerprint {
  const body = given ?? hash(bodyOf(node))
  const compiled = sql.length > 0 ? hash(sql.map(normalisedSql)) : body
  const config = hash(buildConfig(node.config))
  const macros = 'rawCode' in node ? macrosOf(node.rawCode) : {}
  return {
    body,
    compiled,
    config,
    macros,
    upstream,
    whole: hash([compiled, config, upstream]),
  }
}

function isIncremental(node: Node): boolean {
  return node.resourceType === 'model' && node.materialized === 'incremental'
}

/** Tells by what rows are made; only what incremental models are made from is ever asked for. */
function makeMakings(
  { nodes, macros }: FingerprintInput['manifest'],
  compiledOf: (id: NodeId) => string,
): (id: NodeId) => RowMaking {
  const known = new Map<NodeId, RowMaking>()
  const macrosOf = makeMacroFinder(macros, ({ source }) => hash(normalisedTemplate(source)))
  const makingOf = (id: NodeId): RowMaking => {
    const before = known.get(id)
    if (before) return before
    const node = nodes[id]!
    const parents = node.dependsOn.filter((parent) => nodes[parent] !== undefined).map(makingOf)
    const own = rowsDefinedBy(node)
    const config = rowConfig(node.config)
    const making =
      'rawCode' in node
        ? {
            written: hash([
              normalisedTemplate(node.rawCode),
              macrosOf(node.rawCode),
              own,
              config,
              parents.map(({ written }) => written),
            ]),
            result: hash([compiledOf(id), own, config, parents.map(({ result }) => result)]),
          }
        : {
            written: hash([own, parents.map(({ written }) => written)]),
            result: hash([own, parents.map(({ result }) => result)]),
          }
    known.set(id, making)
    return making
  }
  return makingOf
}

/**
 * What says which rows there are besides a template and its config. Of data that come from elsewhere nothing does: other
 * rows of a seed, a load or an analysis are new data, and no other definition.
 */
function rowsDefinedBy(node: Node): unknown {
  switch (node.resourceType) {
    case 'function':
      return [node.arguments, node.returns, node.volatility, node.overloads]
    case 'seed':
      return [node.id, node.columnTypes]
    case 'source':
      return node.relation
    case 'job':
      return node.spec.kind === 'metrics' ? definedBy(node.spec) : node.id
    default:
      return node.id
  }
}

/** What a node's own file or declaration says. */
function bodyOf(node: Node): unknown {
  if (node.resourceType === 'function')
    return [node.rawCode.trim(), node.arguments, node.returns, node.volatility, node.overloads]
  if ('rawCode' in node) return node.rawCode.trim()
  switch (node.resourceType) {
    case 'seed':
      return [node.checksum, node.delimiter, node.columnTypes]
    case 'load':
      return [node.checksum, node.spec]
    case 'job':
      return definedBy(node.spec)
    case 'source':
    case 'job_table':
      return node.relation
    default:
      return node.id
  }
}

/** Metrics are the same ones on the next day: how far they go is no part of what they are. */
function definedBy(spec: JobSpec): unknown {
  if (spec.kind !== 'metrics') return spec
  const { asOf: _, ...definition } = spec
  return definition
}

/** Keys that say something about a node, or when and how it is built, without changing what it becomes. */
const describingKeys = new Set([
  'access',
  'concurrent_batches',
  'docs',
  'enabled',
  'full_refresh',
  'group',
  'inherit_descriptions',
  'inherit_tests',
  'lookback',
  'meta',
  'on_change',
  'on_error',
  'pool',
  'retries',
  'retry_delay',
  'reuse',
  'tags',
  'timeout',
  'unknown_columns',
])

function buildConfig(config: Node['config']): Node['config'] {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !describingKeys.has(key)))
}

/** Keys that say what a table carries besides its rows, which of them it gets when, or what is done around that. */
const rowlessKeys = new Set([
  'alias',
  'begin',
  'database',
  'grants',
  'incremental_predicates',
  'indexes',
  'on_schema_change',
  'persist_docs',
  'post_hook',
  'pre_hook',
  'predicates',
  'schema',
  'unlogged',
])

function rowConfig(config: Node['config']): Node['config'] {
  return Object.fromEntries(Object.entries(buildConfig(config)).filter(([key]) => !rowlessKeys.has(key)))
}

/** Finds the macros whose names stand in a template, and those in theirs, each with its hash. */
function makeMacroFinder(macros: Readonly<Record<string, MacroInfo>>, hashOf: (macro: MacroInfo) => string) {
  const byName = new Map(Object.values(macros).map((macro) => [macro.name, macro]))
  const hashes = new Map<string, string>()
  const namedIn = (text: string): MacroInfo[] =>
    [...new Set(text.match(/\w+(?=\s*\()/g))].flatMap((name) => byName.get(name) ?? [])
  return (text: string): Readonly<Record<string, string>> => {
    const found = new Map<string, string>()
    const pending = namedIn(text)
    for (let macro = pending.pop(); macro; macro = pending.pop()) {
      if (found.has(macro.name)) continue
      const known = hashes.get(macro.name) ?? hashOf(macro)
      hashes.set(macro.name, known)
      found.set(macro.name, known)
      pending.push(...namedIn(macro.source))
    }
    return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}

/** A short hash of plain data; the order of keys does not count. */
function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value, sortedKeys)).digest('hex').slice(0, 16)
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
