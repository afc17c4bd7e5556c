import type { Node, NodeId, TestNode } from '../../core/node.ts'
import type { Problem } from '../../core/problem.ts'
import { startsWith } from '../check-config-trees.ts'
import { type NodeCheck, nodeProblems } from '../check-nodes.ts'
import type { CompileOptions } from '../compile.ts'
import { loadSqlParser } from '../sql/syntax.ts'
import type { ChangedFile } from './cache-index.ts'
import { manifestOnDemand } from './cached-manifest.ts'
import { type CachedProject, cachedNode, type NodeChanges, numbersById } from './cached-nodes.ts'
import type { ChangedOutputs } from './cached-outputs.ts'
import { type Links, makeLinks } from './links.ts'
import { type ReadText, saidBefore, type YamlFile } from './partial-project.ts'
import { recheck } from './recheck.ts'
import { type Redrafted, redraft } from './redraft.ts'
import { openTemplates } from './reopen.ts'
import { Unpatchable } from './unpatchable.ts'

/*
 * Compiling a project again after some of its files have changed: their nodes are drafted again, and as long as those
 * look the same to others, only they and what reads their columns are looked at.
 */

export interface PatchRequest {
  readonly cached: CachedProject
  readonly readText: ReadText
  /** Files of nodes that have changed, with their text as it is now. */
  readonly files: readonly ChangedFile[]
  /** YAML files beside nodes that have changed, with what they say now. */
  readonly yaml: readonly YamlFile[]
  readonly options: CompileOptions
}

export interface Patched extends NodeChanges {
  /** Nodes that others name in their lists of parents or children, or no longer. */
  readonly relinked: ReadonlySet<NodeId>
  /** Nodes whose SQL may be another than before. */
  readonly affected: ReadonlySet<NodeId>
  readonly outputs: ChangedOutputs
  /** What is worth saying of the manifest, in the order in which compiling everything would say it. */
  readonly warnings: readonly Problem[]
}

/** Brings a kept project up to date; throws Unpatchable where everything has to be compiled. */
export async function patchProject(request: PatchRequest): Promise<Patched> {
  const { cached, options } = request
  const { sql, ids } = cached.index
  const checksSql = options.checksSql !== false
  if (checksSql && !sql) throw new Unpatchable('nobody has looked at the SQL')
  if (!checksSql && sql && sql.heirs.length > 0)
    throw new Unpatchable('what is inherited takes a look at the SQL')
  if (cached.index.until !== null && options.clock() >= new Date(cached.index.until))
    throw new Unpatchable('a model has come to its deprecation date')
  const todo = withTimed(request)
  const unsteady = checksSql && sql ? sql.unsteady : []
  if (todo.files.length + todo.yaml.length + unsteady.length === 0) return unchanged(cached, checksSql)
  refuseTold(todo)
  if (checksSql) await loadSqlParser()
  const numbers = numbersById(cached.index)
  const opened = openTemplates(todo)
  const redrafted = redraft({ ...todo, ...opened, numbers })
  const changes = changesOf(cached, numbers, redrafted)
  const links = makeLinks(cached, numbers, changes)
  const manifest = manifestOnDemand(cached, numbers, changes)
  const { project } = opened
  refuseProblems({ manifest, project, now: options.clock() }, [...changes.changed.values()], links)
  const affected = new Set([...changes.changed.keys(), ...links.ephemeralReaders()])
  const patched = { ...changes, affected, relinked: links.relinked() }
  if (!checksSql) return { ...patched, outputs: new Map(), warnings: cached.index.drafting }
  const { problems, outputs } = await recheck({
    ...todo,
    ...opened,
    sql: sql!,
    numbers,
    manifest,
    renderer: opened.rendererOf(manifest),
    ids: changes.ids,
    affected: new Set([...affected, ...unsteady.map((number) => ids[number]!)]),
    described: redrafted.described,
  })
  return { ...patched, outputs, warnings: [...cached.index.drafting, ...problems] }
}

function unchanged({ index }: CachedProject, checksSql: boolean): Patched {
  const { ids, drafting, sql } = index
  const found = checksSql && sql ? [sql.rendering, sql.syntax, sql.columns] : []
  const warnings = found.flatMap((list) => list.flatMap(([, problems]) => problems))
  const none = new Set<NodeId>()
  return {
    ids,
    changed: new Map(),
    outputs: new Map(),
    affected: none,
    relinked: none,
    warnings: [...drafting, ...warnings],
  }
}

/** What asks for the time has to be drafted again as if it had changed. */
function withTimed<T extends PatchRequest>(request: T): T {
  const { cached, readText, files, yaml } = request
  const { timed, files: entries } = cached.index
  const isNew = (path: string): boolean => ![...files, ...yaml].some((file) => file.path === path)
  const more = timed.filter(isNew)
  return {
    ...request,
    files: [
      ...files,
      ...entries
        .filter(({ path }) => more.includes(path))
        .map((entry): ChangedFile => ({ ...entry, text: readText(entry.path) ?? '' })),
    ],
    yaml: [
      ...yaml,
      ...more
        .filter((path) => !entries.some((entry) => entry.path === path))
        .map((path) => ({ path, said: saidBefore(cached, path) })),
    ],
  }
}

/** A file that there was something to tell about may have mended it, or moved it to another line. */
function refuseTold({ cached: { index }, files, yaml }: PatchRequest): void {
  const paths = new Set([...files, ...yaml].map(({ path }) => path))
  const told = [...index.reading, ...index.drafting].find(({ place, related = [] }) =>
    [place, ...related.map((other) => other.place)].some((one) => one && paths.has(one.file)),
  )
  if (told) throw new Unpatchable(`there was something to tell: ${told.message}`)
  const off = index.switchedOffIn.find((path) => paths.has(path))
  if (off !== undefined) throw new Unpatchable(`something in ${off} is switched off`)
}

function refuseProblems(check: Omit<NodeCheck, 'textOf'>, nodes: readonly Node[], links: Links): void {
  const problem = nodeProblems({ ...check, textOf: () => undefined }, nodes)[0]
  if (problem) throw new Unpatchable(`there is something to tell: ${problem.message}`)
  if (links.hasCycle()) throw new Unpatchable('nodes depend on each other in a circle')
}

function changesOf(
  cached: CachedProject,
  numbers: ReadonlyMap<NodeId, number>,
  { nodes, tests }: Redrafted,
): NodeChanges {
  const changed = new Map<NodeId, Node>()
  const note = (node: Node): void => {
    const number = numbers.get(node.id)
    const before = number === undefined ? undefined : cached.pieces.read(cached.index.nodes[number]!)
    if (JSON.stringify(node) !== before) changed.set(node.id, node)
  }
  nodes.forEach(note)
  let ids = cached.index.ids
  for (const [path, own] of tests) {
    ids = withTests(cached, numbers, ids, path, own)
    own.forEach(note)
  }
  refuseOtherConfig(cached, ids, changed)
  return { changed, ids }
}

/** The ids with the generic tests of one YAML file in the place of those that it had. */
function withTests(
  cached: CachedProject,
  numbers: ReadonlyMap<NodeId, number>,
  ids: readonly NodeId[],
  path: string,
  tests: readonly TestNode[],
): readonly NodeId[] {
  const { definedIn, ids: idsBefore, types } = cached.index
  const before = (definedIn[path] ?? []).filter(
    (number) => types[number] === 'test' && isOnRef(cachedNode(cached, number)),
  )
  const old = before.map((number) => idsBefore[number]!)
  const now = tests.map(({ id }) => id)
  if (old.join() === now.join()) return ids
  const isNew = (id: NodeId): boolean => !old.includes(id)
  if (new Set(now).size < now.length || now.some((id) => isNew(id) && numbers.has(id)))
    throw new Unpatchable(`${path} declares a test twice`)
  const start = ids.indexOf(old[0] ?? '')
  const isTogether = old.every((id, position) => ids[start + position] === id)
  if (start < 0 || !isTogether) throw new Unpatchable(`the tests of ${path} do not stand together`)
  return [...ids.slice(0, start), ...now, ...ids.slice(start + old.length)]
}

/** Tests of sources are not those that say something about a node of the project. */
function isOnRef(node: Node): boolean {
  return node.resourceType === 'test' && node.generic?.model.startsWith('ref(') === true
}

/** Config for tests that are not there any more is worth a warning, and no longer when they are. */
function refuseOtherConfig(
  cached: CachedProject,
  ids: readonly NodeId[],
  changed: ReadonlyMap<NodeId, Node>,
): void {
  const { configuredTests, ids: idsBefore } = cached.index
  if (ids === idsBefore || configuredTests.length === 0) return
  const [before, now] = [new Set(idsBefore), new Set(ids)]
  const gone = idsBefore.flatMap((id, number) => (now.has(id) ? [] : [cachedNode(cached, number)]))
  const added = ids.flatMap((id) => (before.has(id) ? [] : [changed.get(id)!]))
  for (const [path, count] of configuredTests) {
    const below = (nodes: readonly Node[]): number => nodes.filter(({ fqn }) => startsWith(fqn, path)).length
    if (count > 0 !== count - below(gone) + below(added) > 0)
      throw new Unpatchable(`the config of ${path.join('.')} has another meaning`)
  }
}
