import { createHash } from 'node:crypto'
import type { NodeFingerprint } from '../core/fingerprint.ts'
import type { JobSpec } from '../core/job-spec.ts'
import type { MacroInfo, Manifest } from '../core/manifest.ts'
import type { Node, NodeId } from '../core/node.ts'
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
  const macrosOf = makeMacroFinder(manifest.macros)
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
    return fingerprint
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
    ...('begin' in node.config && { version: hash([compiled, hash(versionConfig(node.config)), upstream]) }),
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

/** Keys that say what a table carries besides its rows, or which stretches of time it has. */
const rowlessKeys = new Set(['begin', 'grants', 'indexes', 'persist_docs', 'unlogged'])

function versionConfig(config: Node['config']): Node['config'] {
  return Object.fromEntries(Object.entries(buildConfig(config)).filter(([key]) => !rowlessKeys.has(key)))
}

/** Finds the macros whose names stand in a template, and those in theirs, each with the hash of its source. */
function makeMacroFinder(macros: Readonly<Record<string, MacroInfo>>) {
  const byName = new Map(Object.values(macros).map((macro) => [macro.name, macro]))
  const hashes = new Map<string, string>()
  const namedIn = (text: string): MacroInfo[] =>
    [...new Set(text.match(/\w+(?=\s*\()/g))].flatMap((name) => byName.get(name) ?? [])
  return (text: string): Readonly<Record<string, string>> => {
    const found = new Map<string, string>()
    const pending = namedIn(text)
    for (let macro = pending.pop(); macro; macro = pending.pop()) {
      if (found.has(macro.name)) continue
      const known = hashes.get(macro.name) ?? hash(macro.source)
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
