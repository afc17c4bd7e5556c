import { extended } from '../../core/extended.ts'
import type { Access, ModelNode, TimeSpine } from '../../core/node.ts'
import { makeProblem, type Problem } from '../../core/problem.ts'
import type { PatchSpec, ProjectFile, VersionSpec } from '../../core/project.ts'
import { asList, type Config, isMap } from '../config-tree.ts'
import type { Capture, CaptureRequest, Templates } from '../templates.ts'
import { readConstraintReads } from './constraint-reads.ts'
import { type Described, describe } from './describe.ts'
import { type Draft, type Drafts, fileName, fqnOf, nodeBase, partByEnabled, startOf } from './draft.ts'
import { type DraftScope, firstTags } from './draft-scope.ts'
import { groupOf } from './group.ts'
import { readHooks } from './hooks.ts'
import { readModelConfig } from './model-config.ts'
import { capturePython, isPythonFile, pythonRefusal } from './python-model.ts'
import { textChecksum } from './text-checksum.ts'

/** Renders every model once, to learn what it declares and what it reads. */
export function draftModels(scope: DraftScope): Drafts<ModelNode> {
  const problems: Problem[] = []
  const drafts = scope.project.models.map((file) => draftModel(scope, file, problems))
  return partByEnabled(drafts, problems)
}

/** One model. */
export function draftModel(scope: DraftScope, file: ProjectFile, problems: Problem[]): Draft<ModelNode> {
  const { templates, naming, patches } = scope
  const { package: packageName, packagePath } = file
  const versioned = patches.version(packageName, fileName(packagePath))
  const name = versioned?.patch.name ?? fileName(packagePath)
  const patch = versioned?.patch ?? patches.find('model', packageName, name)
  const paths = scope.packageOf(packageName).config.paths.models
  const fqn = fqnOf(packageName, paths, packagePath, name, ...(versioned ? [`v${versioned.version.v}`] : []))
  const place = startOf(file.path)
  const said = describe(scope, patch && withVersion(patch, versioned?.version), problems)

  const identity = {
    name,
    package: packageName,
    resourceType: 'model' as const,
    packagePath,
    fqn,
    ...(versioned && { version: versioned.version.v }),
  }
  const outside = scope.config('models', fqn, said.config)
  const isPython = isPythonFile(packagePath)
  const capture = (isPython ? capturePython : captureSql)(templates, {
    file,
    name,
    resourceType: 'model',
    config: outside,
    relation: naming(extended({ config: outside }, identity)),
  })
  const config = withPythonDefaults(
    scope.config('models', fqn, said.config, scope.asWritten(capture.config, capture.written)),
    capture.usedKeys,
  )
  const { description, columns, patchPath } = said
  const tags = firstTags(scope, 'models', fqn, { yaml: said.config, inFile: capture.config })
  const base = nodeBase(extended({ place, description, columns, config }, identity, patchPath, tags))
  const { build, problems: configProblems } = readModelConfig(config, {
    place: capture.configPlace ?? place,
    source: file.text,
    isMaterialization: (named) => templates.macros.findMaterialization(named, packageName) !== undefined,
    isStrategy: (named) => scope.isIncrementalStrategy(named, packageName),
    misspelled: scope.misspelled,
  })
  const ownBuild = templates.ownMacros.buildOf(extended({ config }, build), packageName)
  const constraints = constraintsOf(said)
  const own: Problem[] = [...capture.problems, ...configProblems]
  const access = accessOf(config, scope, place, own)
  const hookReads = readHooks(templates, config, packageName, place, own)
  // A model that is switched off may well read what is not there.
  if (config['enabled'] !== false) problems.push(...own)
  return {
    reads: [...capture.reads, ...hookReads, ...readConstraintReads(constraints, columns, place)],
    node: extended(base, build, {
      ...(ownBuild && { ownBuild }),
      ...(isPython && { refusal: pythonRefusal(build.materialized, place, file.text) }),
      id: versioned ? `${base.id}.v${versioned.version.v}` : base.id,
      resourceType: 'model' as const,
      relation: naming(extended({ config }, identity)),
      rawCode: file.text,
      checksum: textChecksum(file.text),
      ...groupOf(config),
      access,
      contractEnforced: isMap(config['contract']) && config['contract']['enforced'] === true,
      constraints,
      ...(versioned && { version: versioned.version.v, latestVersion: versioned.latestVersion }),
      ...deprecation(said),
      ...timeSpine(said),
    }),
  }
}

function captureSql(
  templates: Pick<Templates, 'capture'>,
  request: CaptureRequest,
): Capture & { readonly usedKeys?: undefined } {
  return templates.capture(request)
}

/** A Python model is a table unless it says otherwise, and its config lists the keys that its code asks for. */
function withPythonDefaults(config: Config, usedKeys: readonly string[] | undefined): Config {
  if (!usedKeys) return config
  return {
    materialized: 'table',
    ...config,
    ...(usedKeys.length > 0 && { config_keys_used: usedKeys }),
  }
}

/** What is said of a version takes the place of what is said of the model. */
function withVersion(patch: PatchSpec, version: VersionSpec | undefined): PatchSpec {
  if (!version) return patch
  const { description, columns, tests, config, extra } = version
  return { ...patch, description, columns, tests, config: { ...patch.config, ...config }, extra }
}

function constraintsOf({ extra }: Described): readonly Config[] {
  const constraints = extra['constraints']
  return Array.isArray(constraints) ? constraints.filter(isMap) : []
}

function deprecation({ extra }: Described): { readonly deprecationDate?: string } {
  const date = extra['deprecation_date']
  return date === undefined || date === null ? {} : { deprecationDate: String(date) }
}

const accesses: readonly Access[] = ['private', 'protected', 'public']

function accessOf(
  config: Config,
  scope: DraftScope,
  place: Draft['node']['place'],
  problems: Problem[],
): Access {
  const { access } = config
  if (access === undefined || access === null) return 'protected'
  const known = accesses.find((one) => one === access)
  if (!known)
    problems.push(
      makeProblem('config-invalid', `access: ${JSON.stringify(access)} is not allowed`, {
        ...scope.sourceAt(place),
        hint: `allowed: ${accesses.join(', ')}`,
      }),
    )
  return known ?? 'protected'
}

/** Its shape was checked when it was read. */
function timeSpine({ extra }: Described): { readonly timeSpine?: TimeSpine } {
  const spine = extra['time_spine']
  if (!isMap(spine)) return {}
  const custom = asList(spine['custom_granularities']).filter(isMap)
  return {
    timeSpine: {
      column: String(spine['standard_granularity_column']),
      customGranularities: custom.map(({ name, column_name: column }) => ({
        name: String(name),
        ...(typeof column === 'string' && { column }),
      })),
    },
  }
}
