import type { Node, NodeId, TestNode } from '../../core/node.ts'
import type { Problem } from '../../core/problem.ts'
import type { PatchSpec, Project, TestSpec } from '../../core/project.ts'
import { draftProblems } from '../check-nodes.ts'
import { openDrafting } from '../compile.ts'
import { draftAnalysis } from '../nodes/analysis-drafts.ts'
import { type Draft, isEnabled } from '../nodes/draft.ts'
import type { DraftScope } from '../nodes/draft-scope.ts'
import { draftGeneric } from '../nodes/generic-test.ts'
import { draftModel } from '../nodes/model-drafts.ts'
import { draftSnapshotFile } from '../nodes/snapshot-drafts.ts'
import { draftSingular } from '../nodes/test-drafts.ts'
import { testSubjects } from '../nodes/test-subjects.ts'
import { withWrittenConfig } from '../nodes/written-config.ts'
import type { Resolver } from '../resolve.ts'
import { resolveReads } from '../resolve-reads.ts'
import type { Templates } from '../templates.ts'
import type { CacheIndex, ChangedFile } from './cache-index.ts'
import { type CachedProject, cachedNode } from './cached-nodes.ts'
import { nameKey } from './described-keys.ts'
import { keptText } from './kept-text.ts'
import { saidBefore, type YamlFile } from './kept-yaml.ts'
import { type PartialProjectRequest, withFocus } from './partial-project.ts'
import { Unpatchable } from './unpatchable.ts'
import { looksTheSame } from './visible-parts.ts'

/*
 * Drafting the nodes of changed files again, by the same code that drafts all of them. Whatever is odd about them is
 * left to compiling the whole project, which says it in the right words and order.
 */

export interface RedraftRequest extends PartialProjectRequest {
  readonly cached: CachedProject
  readonly numbers: ReadonlyMap<NodeId, number>
  /** Files of nodes with their text as it is now. */
  readonly files: readonly ChangedFile[]
  readonly project: Project
  readonly templates: Templates
  readonly resolver: Resolver
}

export interface Redrafted {
  /** The nodes that take the place of those that had the same id. */
  readonly nodes: readonly Node[]
  /** The generic tests of each YAML file that has changed. */
  readonly tests: ReadonlyMap<string, readonly TestNode[]>
  /** The models that those files describe. */
  readonly described: readonly NodeId[]
}

/** Drafts again what files and YAML define. */
export function redraft(request: RedraftRequest): Redrafted {
  const { cached, numbers, yaml } = request
  const described = yaml.map((file) => describedAnew(request, file))
  const nodes = redraftNodes(
    request,
    distinct([...request.files, ...described.flatMap(({ files }) => files)]),
  )
  for (const node of nodes) {
    const number = numbers.get(node.id)
    if (number === undefined) throw new Unpatchable(`${node.id} is new`)
    if (!isLeaf(node) && !looksTheSame(cachedNode(cached, number), node))
      throw new Unpatchable(`others see that ${node.id} has changed`)
  }
  const tests = new Map(yaml.map((file) => [file.path, redraftTests(request, file)]))
  return { nodes, tests, described: described.flatMap(({ models }) => models) }
}

function redraftNodes(request: RedraftRequest, files: readonly ChangedFile[]): Node[] {
  if (files.length === 0) return []
  const { cached, project, templates } = request
  const problems: Problem[] = []
  const { scope } = openDrafting(withFocus(project, request, files), templates, problems)
  const drafts = files.flatMap((file) => draftFile(scope, file, problems))
  const nodes = resolved(request, scope, drafts, problems)
  for (const { path } of files) {
    const before = (cached.index.definedIn[path] ?? []).map((number) => cached.index.ids[number])
    const after = nodes.filter(({ place }) => place.file === path).map(({ id }) => id)
    if (before.length === 0 || before.join() !== after.join())
      throw new Unpatchable(`${path} defines other nodes`)
  }
  return nodes
}

function draftFile(scope: DraftScope, file: ChangedFile, problems: Problem[]): Draft[] {
  switch (file.role) {
    case 'models':
      return [draftModel(scope, file, problems)]
    case 'tests':
      return [draftSingular(scope, file, problems)]
    case 'analyses':
      return [draftAnalysis(scope, file, problems)]
    case 'snapshots':
      return draftSnapshotFile(scope, file, problems)
    default:
      throw new Unpatchable(`${file.path} is one of the ${file.role}`)
  }
}

/** The generic tests that a YAML file declares on nodes of the project. */
function redraftTests(request: RedraftRequest, { said }: YamlFile): TestNode[] {
  const problems: Problem[] = []
  const project = { ...request.project, patches: said.patches }
  const { scope } = openDrafting(project, request.templates, problems)
  const drafts = testSubjects(scope).flatMap((subject) => draftGeneric(scope, subject, problems))
  return resolved(request, scope, drafts, problems) as TestNode[]
}

function resolved(
  { cached: { index }, numbers, resolver }: RedraftRequest,
  scope: DraftScope,
  drafts: readonly Draft[],
  problems: Problem[],
): Node[] {
  const off = drafts.find(({ node }) => !isEnabled(node.config))
  if (off) throw new Unpatchable(`${off.node.id} is switched off`)
  const {
    nodes,
    disabled,
    problems: lost,
  } = resolveReads(drafts, {
    resolver,
    textOf: () => undefined,
    isLenient: false,
    groupOf: (id) => index.groups[numbers.get(id) ?? -1],
  })
  const told = drafts.flatMap((draft) => draftProblems(draft, scope))
  const problem = [...problems, ...told, ...lost][0]
  if (problem) throw new Unpatchable(`there is something to tell: ${problem.message}`)
  if (disabled[0]) throw new Unpatchable(`${disabled[0].id} is switched off`)
  return nodes.map((node) => withWrittenConfig(node, scope))
}

/** Nodes of which a YAML file says something else than before. */
interface DescribedAnew {
  readonly files: readonly ChangedFile[]
  /** All models that the file describes, since the places in it may be others. */
  readonly models: readonly NodeId[]
}

function describedAnew(request: RedraftRequest, file: YamlFile): DescribedAnew {
  const { cached, numbers } = request
  const before = saidBefore(cached, file.path)
  const { patches: _, ...others } = file.said
  const { patches: __, ...othersBefore } = before
  if (keptText(others) !== keptText(othersBefore))
    throw new Unpatchable(`${file.path} declares something else than before`)
  const changed = changedPatches(cached.index, file, before.patches)
  const files = changed.map(({ resource, package: packageName, name }) => {
    const number = numbers.get(`${resource}.${packageName}.${name}`)
    if (number === undefined) throw new Unpatchable(`${file.path} describes what is not there`)
    return fileOf(request, cachedNode(cached, number).place.file)
  })
  const models = file.said.patches.flatMap(({ resource, package: packageName, name }) =>
    resource === 'model' ? [`model.${packageName}.${name}`] : [],
  )
  return { files, models: models.filter((id) => numbers.has(id)) }
}

const redraftable: readonly PatchSpec['resource'][] = ['model', 'test', 'analysis']

/** The patches that say something else, or nothing any more; those of nodes that are not drafted again may not. */
function changedPatches(
  { described, properties }: CacheIndex,
  { path, said }: YamlFile,
  before: readonly PatchSpec[],
): PatchSpec[] {
  const old = new Map(before.map((patch) => [patchKey(patch), patch]))
  const now = new Map(said.patches.map((patch) => [patchKey(patch), patch]))
  if (now.size < said.patches.length) throw new Unpatchable(`${path} describes something twice`)
  const changed = [...new Set([...old.keys(), ...now.keys()])].flatMap((key): PatchSpec[] => {
    const [a, b] = [old.get(key), now.get(key)]
    if (!b) return [a!]
    if (!a && elsewhere(described[nameKey(b.resource, b.name)], properties, path))
      throw new Unpatchable(`${path} describes ${b.name}, which another file does as well`)
    return a && withoutPlaces(a) === withoutPlaces(b) ? [] : [b]
  })
  const isOdd = ({ resource, versions }: PatchSpec): boolean =>
    !redraftable.includes(resource) || versions.length > 0
  const odd = changed.find((patch) => isOdd(patch) || isOdd(old.get(patchKey(patch)) ?? patch))
  if (odd) throw new Unpatchable(`${path} says something else of the ${odd.resource} ${odd.name}`)
  return changed
}

function patchKey({ resource, package: packageName, name }: PatchSpec): string {
  return `${resource} ${packageName} ${name}`
}

/** What a patch says, wherever it stands; its tests have places too. */
function withoutPlaces({ place: _, tests, columns, ...rest }: PatchSpec): string {
  const said = (list: readonly TestSpec[]) => list.map((test) => ({ ...test, place: null }))
  const ofColumns = columns.map((column) => ({ ...column, tests: said(column.tests) }))
  return keptText([rest, said(tests), ofColumns])
}

function elsewhere(
  files: readonly number[] = [],
  properties: CacheIndex['properties'],
  path: string,
): boolean {
  return files.some((number) => properties[number]![0] !== path)
}

function fileOf({ cached: { index }, readText }: RedraftRequest, path: string): ChangedFile {
  const entry = index.files.find((file) => file.path === path)
  const text = readText(path)
  if (!entry || text === undefined) throw new Unpatchable(`${path} is not there`)
  return { ...entry, text }
}

function distinct(files: readonly ChangedFile[]): ChangedFile[] {
  return [...new Map(files.map((file) => [file.path, file])).values()]
}

/** A node that no other can refer to. */
function isLeaf({ resourceType }: Node): boolean {
  return resourceType === 'test' || resourceType === 'analysis'
}
