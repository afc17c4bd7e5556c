import { hash } from 'node:crypto'
import { join } from 'node:path'
import type { Keep } from '../../compile/cache/cache-index.ts'
import { manifestOnDemand } from '../../compile/cache/cached-manifest.ts'
import { numbersById } from '../../compile/cache/cached-nodes.ts'
import { outputBefore } from '../../compile/cache/cached-outputs.ts'
import { keptText } from '../../compile/cache/kept-text.ts'
import { makeLinks } from '../../compile/cache/links.ts'
import type { ColumnLineage } from '../../compile/lineage/lineage-meta.ts'
import type { NodeId, ResourceType, TestNode } from '../../core/node.ts'
import { renamedIds } from '../../run/artifacts/artifact-ids.ts'
import { manifestMetadata } from '../../run/artifacts/artifact-metadata.ts'
import { makeArtifactScope, makeEntryScope } from '../../run/artifacts/artifact-scope.ts'
import {
  changedEntries,
  type ManifestArtifactOptions,
  manifestSections,
  sectionOf,
} from '../../run/artifacts/manifest-artifact.ts'
import {
  entryText,
  type ImageChanges,
  type ManifestImage,
  missingEntries,
  writeFromImage,
  writeWithImage,
} from '../../run/artifacts/manifest-image.ts'
import { nodeEntry } from '../../run/artifacts/node-entry.ts'
import { lostTests } from '../../run/artifacts/project-entries.ts'
import { fillWholeFile, type NamelessFile, writeWholeFile } from '../../run/artifacts/whole-file.ts'
import { writeJson } from '../../run/artifacts/write-json.ts'
import type { CommandContext } from '../command-context.ts'
import { type CacheFile, readCacheFile, writeCacheFile } from './cache-file.ts'
import type { CompiledWorkspace, Reopened } from './compiled-workspace.ts'

/*
 * manifest.json as commands keep it for each other: its entries as they are without compiled SQL, and in another file
 * as they are with the SQL of what was compiled. The next one is put together from them and those that are others.
 */

interface KeptManifest {
  /** The kept compilation that it belongs to. */
  readonly of: string
  /** Nodes that have another id in the manifest. */
  readonly renamed: readonly (readonly [NodeId, string])[]
  readonly image: ManifestImage
  /** Hashes of lineage that stands in the entries and is not kept with the compilation. */
  readonly lineage: Readonly<Record<NodeId, string>>
}

/** Nodes that were compiled, for who keeps their entries with the SQL. */
export interface KeptCode {
  /** What the SQL depends on besides what has become of the nodes, and which nodes were compiled. */
  readonly of: string
  /** Those whose SQL may be another though that is the same, and they are. */
  readonly unsteady: ReadonlySet<NodeId>
}

/** A workspace as far as its manifest is written from it. */
type Source = Pick<CompiledWorkspace, 'manifest' | 'lineage' | 'keptId' | 'reopened'>

/**
 * Writes manifest.json, from the kept texts of another one as far as that is possible. The file gets its name when
 * `named` is done, which may go on meanwhile.
 */
export async function writeManifest(
  { log }: Pick<CommandContext, 'log'>,
  targetPath: string,
  source: Source,
  options: ManifestArtifactOptions,
  compiled: Iterable<NodeId>,
  code?: KeptCode,
  named: () => Promise<void> = async () => {},
): Promise<void> {
  const path = join(targetPath, 'manifest.json')
  const variant =
    code && source.keptId !== null ? withCode(source, options, code) : plain(source, options, compiled)
  const imagePath = join(targetPath, variant.fileName)
  const { reopened } = source
  const file = reopened && readCacheFile(imagePath)
  if (file === 'broken') log.write('debug', `${imagePath} is not what was written, and is made anew`)
  const kept = file !== null && file !== 'broken' ? (file.index as KeptManifest) : null
  const changes =
    reopened && kept && kept.of === variant.of
      ? changesOf(reopened, kept, variant.othersThan(kept), options)
      : null
  if (changes === null) return writeAnew(path, imagePath, source, options, variant, named)
  await named()
  writeWholeFile(path, options.invocationId, (out) =>
    writeFromImage(out, kept!.image, (file as CacheFile).bytes, changes),
  )
}

/** Where more than this part of the entries are others, making all of them is as quick. */
const othersAtMost = 0.3

/** Nodes whose entries say more than that of a manifest without compiled SQL. */
function nodesWithMore(
  { lineage }: Source,
  { lineage: known }: ManifestArtifactOptions,
  compiled: Iterable<NodeId>,
): Set<NodeId> {
  const ids = new Set(compiled)
  if (known === undefined) return ids
  for (const [id, own] of known) if (lineage.get(id) !== own) ids.add(id)
  return ids
}

/** One way of keeping entries. */
interface Variant {
  readonly fileName: string
  readonly of: string | null
  /** Nodes whose entries are not those that are kept, though the nodes are. */
  readonly othersThan: (kept: Pick<KeptManifest, 'lineage'>) => ReadonlySet<NodeId>
  /** Whether the entries of those can be kept without what makes them others. */
  readonly isPlain: boolean
  readonly lineage: KeptManifest['lineage']
}

function plain(source: Source, options: ManifestArtifactOptions, compiled: Iterable<NodeId>): Variant {
  const others = nodesWithMore(source, options, compiled)
  return {
    fileName: 'partial_manifest.bin',
    of: source.keptId,
    othersThan: () => others,
    isPlain: true,
    lineage: {},
  }
}

/** Entries with the SQL of the same nodes that are compiled now. */
function withCode(
  source: Source,
  { lineage: known = new Map() }: ManifestArtifactOptions,
  { of, unsteady }: KeptCode,
): Variant {
  const found = [...known].filter(([id, own]) => source.lineage.get(id) !== own)
  const lineage = Object.fromEntries(found.map(([id, own]) => [id, hash('sha1', keptText(own))]))
  return {
    fileName: 'partial_compiled.bin',
    of: hash('sha1', keptText([source.keptId, of])),
    othersThan: ({ lineage: before }) => {
      const ids = [...Object.keys(before), ...Object.keys(lineage)]
      return new Set([...unsteady, ...ids.filter((id) => before[id] !== lineage[id])])
    },
    isPlain: false,
    lineage,
  }
}

/** What is to be written instead of the kept texts; null where everything is better made anew. */
function changesOf(
  { kept, updated }: Reopened,
  { renamed, image }: KeptManifest,
  more: ReadonlySet<NodeId>,
  options: ManifestArtifactOptions,
): ImageChanges | null {
  const { index } = kept
  const there = new Set(updated.ids)
  const missing = missingNodes(image, new Map(renamed.map(([id, key]) => [key, id])))
  const others = [
    ...new Set([...updated.affected, ...updated.outputs.keys(), ...more, ...missing.entries]),
  ].filter((id) => there.has(id))
  const numbers = numbersById(index)
  if (others.length > updated.ids.length * othersAtMost || hasOtherGroups(kept, updated, numbers)) return null
  const manifest = manifestOnDemand(kept, numbers, updated)
  const hookIds = manifest.hooks.map(({ id }) => id)
  const ids = new Map(renamed)
  const idOf = (id: NodeId): string => ids.get(id) ?? id
  const { parentsOf, childrenOf } = makeLinks(kept, numbers, updated)
  const relinked = [...new Set([...updated.relinked, ...missing.neighbours])].filter((id) => there.has(id))
  const nodes = others.map((id) => manifest.nodes[id]!)
  const scope = makeEntryScope(manifest, options, idOf, {
    ...options,
    lineage: lineageOf({ kept, updated }, others, numbers, options),
  })
  const testsOf = (id: NodeId): TestNode[] =>
    childrenOf(id)
      .filter((child) => typeOf({ kept, updated }, numbers, child) === 'test')
      .map((child) => manifest.nodes[child] as TestNode)
      .filter(({ attachedTo }) => attachedTo === id)
  const entries = changedEntries({ nodes, relinked, parentsOf, childrenOf }, { ...scope, testsOf })
  return {
    metadata: manifestMetadata(manifest, options),
    entries: new Map([...entries].map(([section, own]) => [section, textsOf(own)])),
    keys: updated.ids === index.ids ? new Map() : keysNow({ kept, updated }, numbers, idOf, hookIds),
  }
}

function textsOf(entries: ReadonlyMap<string, unknown>): ReadonlyMap<string, string> {
  return new Map([...entries].map(([key, entry]) => [key, entryText(key, entry)]))
}

/** The nodes whose entries, or whose neighbours, were not kept. */
function missingNodes(image: ManifestImage, ids: ReadonlyMap<string, NodeId>) {
  const missing = [...missingEntries(image)]
  const isMap = (section: string): boolean => section.endsWith('_map')
  const nodes = (sections: typeof missing): NodeId[] =>
    sections.flatMap(([, keys]) => keys.map((key) => ids.get(key) ?? key))
  return {
    entries: nodes(missing.filter(([section]) => !isMap(section))),
    neighbours: nodes(missing.filter(([section]) => isMap(section))),
  }
}

/** Whether lists in which many nodes stand are not those of the kept compilation, with which the texts are kept. */
function hasOtherLists({ kept, updated }: Reopened): boolean {
  return updated.ids !== kept.index.ids || hasOtherGroups(kept, updated, numbersById(kept.index))
}

/** Whether nodes have come into groups or left them, of whose members the manifest has lists. */
function hasOtherGroups(
  { index }: Reopened['kept'],
  { changed, ids }: Reopened['updated'],
  numbers: ReadonlyMap<NodeId, number>,
): boolean {
  const before = (id: NodeId): string | undefined => index.groups[numbers.get(id) ?? -1]
  const there = new Set(ids)
  return (
    [...changed].some(([id, node]) => ('group' in node ? node.group : undefined) !== before(id)) ||
    (ids !== index.ids && index.ids.some((id) => !there.has(id) && before(id) !== undefined))
  )
}

function lineageOf(
  { kept, updated }: Reopened,
  ids: readonly NodeId[],
  numbers: ReadonlyMap<NodeId, number>,
  { lineage }: ManifestArtifactOptions,
): ReadonlyMap<NodeId, ColumnLineage> {
  const known = (id: NodeId): ColumnLineage | undefined =>
    (updated.outputs.has(id) ? updated.outputs.get(id) : outputBefore(kept, numbers.get(id)))?.lineage
  return new Map(
    ids.flatMap((id) => {
      const own = lineage?.get(id) ?? known(id)
      return own ? [[id, own] as const] : []
    }),
  )
}

function typeOf(
  { kept: { index }, updated }: Reopened,
  numbers: ReadonlyMap<NodeId, number>,
  id: NodeId,
): ResourceType {
  return index.types[numbers.get(id) ?? -1] ?? updated.changed.get(id)!.resourceType
}

/** The keys of the sections in which tests have come or gone. */
function keysNow(
  { kept, updated }: Reopened,
  numbers: ReadonlyMap<NodeId, number>,
  idOf: (id: NodeId) => string,
  hooks: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const isInNodes = (id: NodeId): boolean =>
    sectionOf({ resourceType: typeOf({ kept, updated }, numbers, id) }) === 'nodes'
  const inNodes = updated.ids.filter(isInNodes)
  const all = [...updated.ids.map(idOf), ...hooks]
  return new Map([
    ['nodes', [...inNodes.map(idOf), ...hooks]],
    ['parent_map', all],
    ['child_map', all],
  ])
}

/** Writes the whole manifest and, where the compiled project was kept, keeps its entries too. */
async function writeAnew(
  path: string,
  imagePath: string,
  source: Source,
  options: ManifestArtifactOptions,
  variant: Variant,
  named: () => Promise<void>,
): Promise<void> {
  const { manifest, lineage, reopened } = source
  const { of, isPlain } = variant
  const sections = manifestSections(manifest, { lineage, ...options })
  const others = variant.othersThan(variant)
  if (
    of === null ||
    lostTests(manifest).length > 0 ||
    others.size > Object.keys(manifest.nodes).length * othersAtMost ||
    (reopened !== null && hasOtherLists(reopened))
  ) {
    await named()
    return writeJson(path, sections, options)
  }
  const renamed = [...renamedIds(manifest)]
  const idOf = new Map(renamed.map(([id, key]) => [key, id]))
  const scope = once(() => makeArtifactScope(manifest, options, { lineage }))
  const updated = reopened?.updated
  const isOther = (id: NodeId): boolean =>
    updated !== undefined && (updated.affected.has(id) || updated.outputs.has(id) || updated.relinked.has(id))
  let artifact: NamelessFile<ManifestImage> | undefined
  const fill = (keep: Keep): KeptManifest => {
    artifact = fillWholeFile(path, options.invocationId, (out) =>
      writeWithImage(out, sections, keep, (section, key) => {
        const id = idOf.get(key) ?? key
        // The kept compilation has them as they were.
        if (isOther(id)) return null
        if (section.endsWith('_map') || !others.has(id)) return undefined
        return isPlain ? entryText(key, nodeEntry(manifest.nodes[id]!, scope())) : null
      }),
    )
    return { of, renamed, image: artifact.result, lineage: variant.lineage }
  }
  try {
    writeCacheFile(imagePath, options.invocationId, fill)
    await named()
  } catch (error) {
    artifact?.discard()
    throw error
  }
  artifact!.publish()
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
