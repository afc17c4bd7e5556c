import { makeProblem, type Problem } from '../../core/problem.ts'
import type { Origin, PatchSpec, Project, VersionSpec } from '../../core/project.ts'
import { fileName } from './draft.ts'

/*
 * What YAML says about a node, found by the node's package and name.
 */

type Resource = PatchSpec['resource']

/** A file that is one version of a model. */
export interface VersionedFile {
  readonly patch: PatchSpec
  readonly version: VersionSpec
  readonly latestVersion: string | number
}

export interface Patches {
  /** The patch of a node; one of another package counts where that package has no such node itself. */
  find(resource: Resource, packageName: string, name: string): PatchSpec | undefined
  /** What a model file is a version of, if it is. */
  version(packageName: string, file: string): VersionedFile | undefined
}

/**
 * Indexes the patches of a project; two for one node are a problem. `isOff` tells whether the project files switch
 * a model or seed off.
 */
export function indexPatches(
  project: Pick<Project, 'patches' | 'models' | 'seeds'>,
  problems: Problem[],
  textOf: (file: string) => string | undefined,
  isOff: (resource: 'model' | 'seed', origin: Origin) => boolean,
): Patches {
  const { patches } = project
  const files = new Map<string, Origin>([
    ...project.models.map((file) => [`model ${file.package} ${fileName(file.packagePath)}`, file] as const),
    ...project.seeds.map((seed) => [`seed ${seed.package} ${seed.name}`, seed] as const),
  ])
  const hasOwn = (patch: PatchSpec, key: string): boolean => {
    const file = files.get(key)
    return file !== undefined && !isOff(patch.resource as 'model' | 'seed', file)
  }
  const byNode = new Map<string, PatchSpec>()
  const byName = new Map<string, PatchSpec>()
  const versions = new Map<string, VersionedFile>()
  for (const patch of patches) {
    const key = `${patch.resource} ${patch.package} ${patch.name}`
    const first = byNode.get(key)
    if (first) problems.push(describedTwice(patch, first, textOf))
    else byNode.set(key, patch)
    if (!hasOwn(patch, key)) byName.set(`${patch.resource} ${patch.name}`, patch)
    for (const file of versionsOf(patch)) versions.set(...file)
  }
  return {
    find: (resource, packageName, name) =>
      byNode.get(`${resource} ${packageName} ${name}`) ?? byName.get(`${resource} ${name}`),
    version: (packageName, file) => versions.get(`${packageName} ${file}`),
  }
}

function versionsOf(patch: PatchSpec): [string, VersionedFile][] {
  if (patch.versions.length === 0) return []
  const latestVersion = patch.latestVersion ?? greatest(patch.versions.map(({ v }) => v))
  return patch.versions.flatMap((version): [string, VersionedFile][] => {
    const file: VersionedFile = { patch, version, latestVersion }
    const own: [string, VersionedFile] = [
      `${patch.package} ${version.definedIn ?? `${patch.name}_v${version.v}`}`,
      file,
    ]
    // The latest version may lie in a file without a suffix.
    const isLatest = String(version.v) === String(latestVersion)
    return isLatest ? [own, [`${patch.package} ${patch.name}`, file]] : [own]
  })
}

/** Numbers by value, texts by letter, as dbt orders versions. */
function greatest(versions: readonly (string | number)[]): string | number {
  const areNumbers = versions.every((version) => Number.isFinite(Number(version)))
  const after = (a: string | number, b: string | number) =>
    areNumbers ? Number(a) > Number(b) : String(a) > String(b)
  return versions.reduce((greatestSoFar, version) =>
    after(version, greatestSoFar) ? version : greatestSoFar,
  )
}

function describedTwice(
  patch: PatchSpec,
  first: PatchSpec,
  textOf: (file: string) => string | undefined,
): Problem {
  const source = textOf(patch.place.file)
  return makeProblem('name-duplicate', `${patch.resource} '${patch.name}' is described twice`, {
    place: patch.place,
    ...(source !== undefined && { source }),
    related: [{ place: first.place, message: 'first described here' }],
  })
}
