import type { Manifest } from '../../core/manifest.ts'
import type { NodeId } from '../../core/node.ts'
import { type Problem, ProblemError } from '../../core/problem.ts'
import type { Project } from '../../core/project.ts'
import { checkSql, type SqlCheck } from '../check-sql.ts'
import type { ProblemsByNode } from '../findings.ts'
import type { NodeOutput } from '../lineage/node-lineage.ts'
import type { Renderer } from '../renderer.ts'
import type { Templates } from '../templates.ts'
import type { NumberedProblems, SqlIndex } from './cache-index.ts'
import { type ChangedOutputs, outputBefore } from './cached-outputs.ts'
import { nameKey } from './described-keys.ts'
import { type PartialProjectRequest, patchesFor } from './partial-project.ts'
import { Unpatchable } from './unpatchable.ts'

/*
 * Looking again at the SQL of what has changed, and of those that read other columns because of it.
 */

export interface RecheckRequest extends PartialProjectRequest {
  readonly sql: SqlIndex
  readonly numbers: ReadonlyMap<NodeId, number>
  readonly manifest: Manifest
  readonly project: Project
  readonly templates: Templates
  readonly renderer: Renderer
  /** All nodes that there are now, in the order of the manifest. */
  readonly ids: readonly NodeId[]
  /** Nodes whose SQL may be another. */
  readonly affected: ReadonlySet<NodeId>
  /** Models of which YAML may say something else. */
  readonly described: readonly NodeId[]
}

/** More nodes than this are looked at by compiling everything. */
const nodesAtMost = 200

export interface Rechecked {
  /** Everything that there is to tell of SQL now. */
  readonly problems: readonly Problem[]
  readonly outputs: ChangedOutputs
}

/** Looks again at the SQL of what is affected. */
export async function recheck(request: RecheckRequest): Promise<Rechecked> {
  const affected = new Set(request.affected)
  for (;;) {
    if (affected.size > nodesAtMost) throw new Unpatchable(`${affected.size} nodes are affected`)
    refuseHeirs(request, affected)
    const checked = await check(request, affected)
    const more = readersOf(request, changedOutputs(request, affected, checked))
    if (more.every((id) => affected.has(id)))
      return {
        problems: allProblems(request, affected, checked),
        outputs: outputsNow(request, affected, checked),
      }
    for (const id of more) affected.add(id)
  }
}

async function check(request: RecheckRequest, affected: ReadonlySet<NodeId>): Promise<SqlCheck> {
  const { cached, manifest, numbers, ids, readText } = request
  const nodesOf = (wanted: ReadonlySet<NodeId>) =>
    ids.filter((id) => wanted.has(id)).map((id) => manifest.nodes[id]!)
  const described = nodesOf(new Set([...affected, ...request.described]))
  const patches = patchesFor(
    request,
    described.map(({ name }) => nameKey('model', name)),
  )
  const paths = [...new Set(patches.map(({ place }) => place.file))]
  const yamlFiles = paths.map((path) => ({ path, text: readText(path) ?? '' }))
  const named = (pairs: readonly (readonly [string, number])[]) =>
    new Map(pairs.map(([name, number]) => [name, cached.index.ids[number]!]))
  const relations = { byRelation: named(cached.index.relations), ephemeral: named(cached.index.ephemeral) }
  const outputOf = (id: NodeId): NodeOutput | undefined => {
    if (affected.has(id)) return undefined
    const output = outputBefore(cached, numbers.get(id))
    if (!output) throw new Unpatchable(`the columns of ${id} are not known`)
    return output
  }
  try {
    return await checkSql({
      ...request,
      nodes: nodesOf(affected),
      described,
      project: { ...request.project, patches, yamlFiles },
      lineage: { seedColumns: new Map(), relations, outputOf },
    })
  } catch (error) {
    // What is wrong is told by compiling everything, along with whatever else is wrong.
    if (error instanceof ProblemError) throw new Unpatchable(`the SQL is wrong: ${error.message}`)
    throw error
  }
}

/** The nodes that give other columns than before, of those whose columns anybody has asked for. */
function changedOutputs(
  { cached, numbers }: RecheckRequest,
  affected: ReadonlySet<NodeId>,
  { lineageOf }: SqlCheck,
): NodeId[] {
  return [...affected].filter((id) => {
    const before = outputBefore(cached, numbers.get(id))
    if (!before) return false
    const { columns, isComplete } = lineageOf(id)!
    return (
      isComplete !== before.isComplete ||
      columns.map(({ name }) => name).join('\0') !== before.columns.join('\0')
    )
  })
}

function readersOf({ cached, sql, numbers }: RecheckRequest, ids: readonly NodeId[]): NodeId[] {
  if (ids.length === 0) return []
  const wanted = new Set(ids.map((id) => numbers.get(id)))
  return sql.reads.flatMap((reads, number) =>
    reads.some((read) => wanted.has(read)) ? [cached.index.ids[number]!] : [],
  )
}

/** What is inherited along lineage is for compiling everything. */
function refuseHeirs({ sql, numbers, described }: RecheckRequest, affected: ReadonlySet<NodeId>): void {
  if (sql.heirs.length === 0) return
  const looked = new Set<number>(sql.heirs)
  for (const number of looked) for (const read of sql.reads[number]!) looked.add(read)
  for (const id of [...affected, ...described])
    if (looked.has(numbers.get(id) ?? -1)) throw new Unpatchable(`something is inherited from ${id}`)
}

/** What was found now, and what was found before of the nodes that were not looked at. */
function allProblems(
  { cached, sql, ids, described }: RecheckRequest,
  affected: ReadonlySet<NodeId>,
  { findings }: SqlCheck,
): readonly Problem[] {
  const updated = (
    before: NumberedProblems,
    now: ProblemsByNode,
    isNew: (id: NodeId) => boolean,
  ): Problem[] => {
    if (before.length === 0 && now.size === 0) return []
    const old = new Map(before.map(([number, problems]) => [cached.index.ids[number]!, problems]))
    return ids.flatMap((id) => (isNew(id) ? now.get(id) : old.get(id)) ?? [])
  }
  const isAffected = (id: NodeId): boolean => affected.has(id)
  const isDescribed = new Set(described)
  return [
    ...updated(sql.rendering, findings.rendering, isAffected),
    ...updated(sql.syntax, findings.syntax, isAffected),
    ...updated(sql.columns, findings.columns, (id) => affected.has(id) || isDescribed.has(id)),
  ]
}

/** What comes out of nodes now, as far as that is not what came out of them; null where nobody asks any more. */
function outputsNow(
  request: RecheckRequest,
  affected: ReadonlySet<NodeId>,
  { findings, lineageOf }: SqlCheck,
): ChangedOutputs {
  const { cached, sql, numbers, described } = request
  const lookedAt = new Set([...affected, ...described])
  const idsOf = (list: readonly number[]): NodeId[] => list.map((number) => cached.index.ids[number]!)
  const readsBefore = (id: NodeId): NodeId[] => idsOf(sql.reads[numbers.get(id) ?? -1] ?? [])
  const compared = [...idsOf(sql.compared).filter((id) => !lookedAt.has(id)), ...findings.compared]
  const asked = new Set(compared)
  for (const id of asked) {
    if (affected.has(id)) lineageOf(id)
    for (const read of affected.has(id) ? (findings.outputs.get(id)?.reads ?? []) : readsBefore(id))
      asked.add(read)
  }
  const dropped = cached.index.ids.filter((id, number) => sql.outputs[number] && !asked.has(id))
  if (sql.heirs.length > 0 && dropped.length > 0) {
    // What is inherited asks for columns too.
    if (
      [...affected].some((id) =>
        readsBefore(id).some((read) => !findings.outputs.get(id)?.reads.includes(read)),
      )
    )
      throw new Unpatchable('something may be inherited from what nobody reads any more')
    return outputsOf(asked, affected, findings, [])
  }
  return outputsOf(asked, affected, findings, dropped)
}

function outputsOf(
  asked: ReadonlySet<NodeId>,
  affected: ReadonlySet<NodeId>,
  { outputs }: SqlCheck['findings'],
  dropped: readonly NodeId[],
): ChangedOutputs {
  const now = [...affected].filter((id) => asked.has(id)).map((id) => [id, outputs.get(id) ?? null] as const)
  return new Map([...now, ...dropped.map((id) => [id, null] as const)])
}
