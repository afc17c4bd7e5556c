import type { PatchSpec, Project, ProjectFile } from '../../core/project.ts'
import { fileName } from '../nodes/draft.ts'
import type { CacheIndex, FileEntry, FileRole } from './cache-index.ts'
import type { CachedProject } from './cached-nodes.ts'
import { describedKeys, fileKey, nameKey } from './described-keys.ts'
import { fromKeptText } from './kept-text.ts'
import type { ReadText, YamlFile } from './kept-yaml.ts'
import type { SaidInYaml } from './properties-by-file.ts'

/*
 * The part of a project that is needed to draft some of its nodes: macros and docs, since anything may use them, and
 * of everything else what has to do with those nodes.
 */

export interface PartialProjectRequest {
  readonly cached: CachedProject
  readonly readText: ReadText
  /** YAML files that say something else than before. */
  readonly yaml: readonly YamlFile[]
}

/** A project that has no nodes, only what they are made with. */
export function projectWithoutNodes({
  cached: { index },
  readText,
}: Pick<PartialProjectRequest, 'cached' | 'readText'>): Project {
  const texts = (role: FileRole): ProjectFile[] =>
    index.files
      .filter((file) => file.role === role)
      .map(({ role: _, ...file }) => ({ ...file, text: readText(file.path) ?? '' }))
  const { root, configPath, packages } = index
  return {
    root,
    configPath,
    config: packages[0]!.config,
    packages,
    macros: texts('macros'),
    docs: texts('docs'),
    ...nothing,
  }
}

const nothing = {
  models: [],
  tests: [],
  snapshots: [],
  analyses: [],
  functions: [],
  fixtures: [],
  seeds: [],
  patches: [],
  macroPatches: [],
  sources: [],
  loads: [],
  jobs: [],
  exposures: [],
  groups: [],
  unitTests: [],
  semantic: [],
  selectors: [],
  yamlFiles: [],
  warnings: [],
} as const

/** The project with what YAML says of some files, and with all models that are called as those are. */
export function withFocus(
  project: Project,
  request: PartialProjectRequest,
  files: readonly FileEntry[],
): Project {
  const { index } = request.cached
  const names = new Set(files.map(({ packagePath }) => fileName(packagePath)))
  const patches = patchesFor(
    request,
    files.flatMap((file) => keysOf(index, file)),
  )
  // Whether a package has a model of its own decides whose patch counts.
  for (const { name } of patches) names.add(name)
  const models = index.files.filter(
    ({ role, packagePath }) => role === 'models' && names.has(fileName(packagePath)),
  )
  return {
    ...project,
    patches,
    models: models.map((file) => ({ ...file, text: '' })),
  }
}

/** Everything that YAML says under some keys, in the order of the files. */
export function patchesFor(
  { cached: { index, pieces }, yaml }: PartialProjectRequest,
  keys: readonly string[],
): PatchSpec[] {
  const wanted = new Set(keys)
  const now = new Map(yaml.map(({ path, said }) => [path, said]))
  const before = new Set(keys.flatMap((key) => index.described[key] ?? []))
  return index.properties.flatMap(([path, , span], number): PatchSpec[] => {
    const said =
      now.get(path) ?? (before.has(number) ? (fromKeptText(pieces.read(span)) as SaidInYaml) : undefined)
    return (said?.patches ?? []).filter((patch) => describedKeys(patch).some((key) => wanted.has(key)))
  })
}

const resources: Readonly<Partial<Record<FileRole, PatchSpec['resource']>>> = {
  models: 'model',
  tests: 'test',
  analyses: 'analysis',
}

/** The keys under which something may be said of the nodes of a file. */
function keysOf(
  { ids, definedIn }: CacheIndex,
  { role, path, package: packageName, packagePath }: FileEntry,
): string[] {
  const resource = resources[role]
  const name = fileName(packagePath)
  if (resource) return [nameKey(resource, name), fileKey(packageName, name)]
  const snapshots = role === 'snapshots' ? (definedIn[path] ?? []).map((number) => ids[number]!) : []
  return snapshots.map((id) => nameKey('snapshot', id.slice(`snapshot.${packageName}.`.length)))
}
