import { describedFolders } from '../../core/described-folders.ts'
import type { ExposureNode, LoadNode, SeedNode } from '../../core/node.ts'
import { makeProblem, type Problem } from '../../core/problem.ts'
import { isMap } from '../config-tree.ts'
import { describe } from './describe.ts'
import { type Draft, type Drafts, fqnOf, nodeBase, partByEnabled, type Read, startOf } from './draft.ts'
import type { DraftScope } from './draft-scope.ts'
import { groupOf } from './group.ts'
import { readHooks } from './hooks.ts'
import { readExpression } from './read-expression.ts'
import { readIndexes } from './read-indexes.ts'

/*
 * Nodes that are declared rather than written as a template: loads, seeds and exposures; jobs have a file of their own.
 */

/** Loads: what fills tables from outside. */
export function draftLoads(scope: DraftScope): Drafts<LoadNode> {
  const problems: Problem[] = []
  const drafts = scope.project.loads.map((load): Draft<LoadNode> => {
    const { package: packageName, packagePath, name, description, spec, checksum } = load
    const { paths } = scope.packageOf(packageName).config
    const fqn = fqnOf(packageName, paths.pipelines, packagePath, name)
    const config = scope.config('loads', fqn, scope.yaml.config(load.config, load, problems))
    const base = nodeBase({ ...load, resourceType: 'load', fqn, description, columns: [], config })
    return { reads: [], node: { ...base, resourceType: 'load', spec, checksum } }
  })
  return partByEnabled(drafts, problems)
}

/** Seeds: the CSV files of the project. */
export function draftSeeds(scope: DraftScope): Drafts<SeedNode> {
  const problems: Problem[] = []
  const drafts = scope.project.seeds.map((seed): Draft<SeedNode> => {
    const { package: packageName, packagePath, name, checksum } = seed
    const said = describe(scope, scope.patches.find('seed', packageName, name), problems)
    const fqn = fqnOf(packageName, scope.packageOf(packageName).config.paths.seeds, packagePath)
    const config = scope.config('seeds', fqn, said.config)
    const identity = { resourceType: 'seed' as const, package: packageName, name, packagePath, fqn, config }
    const types = isMap(config['column_types']) ? config['column_types'] : {}
    const place = startOf(seed.path)
    return {
      reads: readHooks(scope.templates, config, packageName, place, problems),
      node: {
        ...nodeBase({
          ...identity,
          ...said.patchPath,
          place,
          description: said.description,
          columns: said.columns,
        }),
        resourceType: 'seed',
        relation: scope.naming(identity),
        columnTypes: Object.fromEntries(
          Object.entries(types).map(([column, type]) => [column, String(type)]),
        ),
        delimiter: typeof config['delimiter'] === 'string' ? config['delimiter'] : ',',
        ...(scope.project.configPath === 'dbt_project.yml' && { likeDbt: true }),
        ...(typeof config['quote_columns'] === 'boolean' && { quoteColumns: config['quote_columns'] }),
        indexes: readIndexes(config, (message, hint) =>
          problems.push(
            makeProblem('config-invalid', `seed '${name}': ${message}`, { ...scope.sourceAt(place), hint }),
          ),
        ),
        ...groupOf(config),
        checksum,
      },
    }
  })
  return partByEnabled(drafts, problems)
}

/** Exposures: what outside reads our tables. */
export function draftExposures(scope: DraftScope): Drafts<ExposureNode> {
  const problems: Problem[] = []
  const drafts = scope.project.exposures.map((exposure): Draft<ExposureNode> => {
    const { package: packageName, packagePath, name, place } = exposure
    const fqn = fqnOf(packageName, yamlFolders(scope, packageName), packagePath, name)
    const said = scope.yaml.config(exposure.config, exposure, problems)
    // Tags and meta beside the config are none of it for dbt.
    const config = scope.config(
      'exposures',
      fqn,
      scope.asWritten(said, (exposure.extra['config'] ?? {}) as typeof said),
    )
    const read = exposure.dependsOn.map((expression) => ({ expression, read: readExpression(expression) }))
    for (const { expression, read: known } of read)
      if (!known)
        problems.push(
          makeProblem(
            'yaml-invalid',
            `'${expression}' is neither ref('…') nor source('…', '…')`,
            scope.sourceAt(place),
          ),
        )
    const description = scope.yaml.description(exposure.description, exposure, problems)
    return {
      reads: read.flatMap(({ read: known }): Read[] =>
        known && known.kind !== 'metric' ? [{ ...known, place }] : [],
      ),
      dependsOn: read.flatMap(({ read: known }) =>
        known?.kind === 'metric' ? [`metric.${known.package ?? packageName}.${known.name}`] : [],
      ),
      node: {
        ...nodeBase({
          resourceType: 'exposure',
          package: packageName,
          name,
          packagePath,
          place,
          fqn,
          description,
          columns: [],
          config,
        }),
        resourceType: 'exposure',
        exposureType: exposure.type,
        owner: exposure.owner,
        ...(exposure.url && { url: exposure.url }),
        ...(exposure.label && { label: exposure.label }),
        ...(exposure.maturity && { maturity: exposure.maturity }),
      },
    }
  })
  return partByEnabled(drafts, problems)
}

/** The folders below which YAML may lie; what is between them and the file is in the fqn. */
export function yamlFolders(scope: DraftScope, packageName: string): readonly string[] {
  return describedFolders(scope.packageOf(packageName).config.paths)
}
