import type { Node, NodeId, TestNode } from '../../core/node.ts'
import { startsWith } from '../check-config-trees.ts'
import { type NodeCheck, nodeProblems } from '../check-nodes.ts'
import { loadSqlParser } from '../sql/syntax.ts'
import { manifestOnDemand } from './cached-manifest.ts'
import { type CachedProject, cachedNode, type NodeChanges, numbersById } from './cached-nodes.ts'
import { keptText } from './kept-text.ts'
import { type Links, makeLinks } from './links.ts'
import { recheck } from './recheck.ts'
import { type Redrafted, redraft } from './redraft.ts'
import { openTemplates } from './reopen.ts'
import { Unpatchable } from './unpatchable.ts'
import type { Updated, UpdateRequest } from './updated.ts'

/*
 * Compiling a project again after some of its files have changed: their nodes are drafted again, and as long as those
 * look the same to others, only they and what reads their columns are looked at.
 */

/** Brings a kept project up to date for what has changed; throws Unpatchable where everything has to be compiled. */
export async function patchProject(todo: UpdateRequest): Promise<Updated> {
  const { cached, options } = todo
  const { sql, ids } = cached.index
  const checksSql = options.checksSql !== false
  const unsteady = checksSql && sql ? sql.unsteady : []
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
  const affected = new Set([
    ...changes.changed.keys(),
    ...links.ephemeralReaders(),
    ...testedOtherwise(cached, numbers, changes),
  ])
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

/** A file that there was something to tell about may have mended it, or moved it to another line. */
function refuseTold({ cached: { index }, files, yaml }: UpdateRequest): void {
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
    if (keptText(node) !== before) changed.set(node.id, node)
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

/** Nodes whose tests are others: those tell what their keys are. */
function testedOtherwise(
  cached: CachedProject,
  numbers: ReadonlyMap<NodeId, number>,
  { changed, ids }: NodeChanges,
): NodeId[] {
  const { ids: idsBefore, types } = cached.index
  const there = new Set(ids)
  const gone = ids === idsBefore ? [] : idsBefore.filter((id) => !there.has(id))
  const before = [...changed.keys(), ...gone].flatMap((id) => {
    const number = numbers.get(id)
    return number !== undefined && types[number] === 'test' ? [cachedNode(cached, number)] : []
  })
  return [...before, ...changed.values()].flatMap((node) =>
    node.resourceType === 'test' && node.attachedTo !== undefined && there.has(node.attachedTo)
      ? [node.attachedTo]
      : [],
  )
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
