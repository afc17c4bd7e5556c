import type { ExposureNode, JobNode, LoadNode, SeedNode, SourceNode } from '../../core/node.ts'
import { makeProblem, type Problem } from '../../core/problem.ts'
import type { PatchSpec, Project } from '../../core/project.ts'
import { isMap } from '../config-tree.ts'
import {
  type Draft,
  type Drafts,
  fqnOf,
  isEnabled,
  layeredConfig,
  type Naming,
  nodeBase,
  type Read,
} from './draft.ts'

/*
 * Nodes that are declared rather than written as a template: sources, loads, seeds, jobs and exposures.
 */

/** Sources; one that stands where a load writes reads that load. */
export function draftSources(project: Project): Drafts<SourceNode> {
  const { name: projectName, configTrees } = project.config
  return collect(project.sources, ({ sourceName, name, schema, identifier, ...spec }) => {
    const fqn = [projectName, sourceName, name]
    const config = layeredConfig(configTrees.sources, fqn, spec.config)
    const base = nodeBase({
      ...spec,
      resourceType: 'source',
      project: projectName,
      name,
      path: spec.place.file,
      fqn,
      config,
    })
    return {
      reads: [],
      node: {
        ...base,
        id: `source.${projectName}.${sourceName}.${name}`,
        resourceType: 'source',
        sourceName,
        sourceDescription: spec.sourceDescription,
        relation: { schema, identifier },
        extra: spec.extra,
      },
    }
  })
}

/** Loads: what fills tables from outside. */
export function draftLoads(project: Project): Drafts<LoadNode> {
  const { name: projectName, configTrees, paths } = project.config
  return collect(project.loads, ({ name, description, spec, place, checksum, config: own }) => {
    const fqn = fqnOf(projectName, paths.pipelines, place.file, name)
    const config = layeredConfig(configTrees.loads, fqn, own)
    const identity = {
      resourceType: 'load' as const,
      project: projectName,
      name,
      path: place.file,
      place,
      fqn,
    }
    return {
      reads: [],
      node: {
        ...nodeBase({ ...identity, description, columns: [], config }),
        resourceType: 'load',
        spec,
        checksum,
      },
    }
  })
}

/** Seeds: the CSV files of the project. */
export function draftSeeds(
  project: Project,
  naming: Naming,
  patches: ReadonlyMap<string, PatchSpec>,
): Drafts<SeedNode> {
  const { name: projectName, configTrees, paths } = project.config
  return collect(project.seeds, ({ name, path, checksum }) => {
    const patch = patches.get(name)
    const fqn = fqnOf(projectName, paths.seeds, path)
    const config = layeredConfig(configTrees.seeds, fqn, patch?.config ?? {})
    const types = isMap(config.column_types) ? config.column_types : {}
    return {
      reads: [],
      node: {
        ...nodeBase({
          resourceType: 'seed',
          project: projectName,
          name,
          path,
          place: { file: path, line: 1, column: 1 },
          fqn,
          description: patch?.description ?? '',
          columns: patch?.columns ?? [],
          config,
        }),
        resourceType: 'seed',
        relation: naming({ name, config }),
        columnTypes: Object.fromEntries(
          Object.entries(types).map(([column, type]) => [column, String(type)]),
        ),
        delimiter: typeof config.delimiter === 'string' ? config.delimiter : ',',
        checksum,
      },
    }
  })
}

/** Jobs: the analyses. */
export function draftJobs(
  project: Project,
  naming: Naming,
  patches: ReadonlyMap<string, PatchSpec>,
): Drafts<JobNode> {
  const { name: projectName, configTrees, paths } = project.config
  return collect(project.jobs, (job) => {
    const { name, place } = job
    const patch = patches.get(name)
    const fqn = fqnOf(projectName, paths.analytics, place.file, name)
    const config = layeredConfig(configTrees.jobs, fqn, job.config, patch?.config ?? {})
    const reads: Read[] = job.refs.map((ref) => ({ kind: 'ref', name: ref.name, place: ref.place }))
    return {
      reads,
      node: {
        ...nodeBase({
          resourceType: 'job',
          project: projectName,
          name,
          path: place.file,
          place,
          fqn,
          description: job.description || patch?.description || '',
          columns: [...job.columns, ...(patch?.columns ?? [])],
          config,
        }),
        resourceType: 'job',
        spec: job.spec,
        relation: naming({ name, config }),
      },
    }
  })
}

/** Exposures: what outside reads our tables. */
export function draftExposures(project: Project): Drafts<ExposureNode> {
  const { name: projectName } = project.config
  const problems: Problem[] = []
  const built = collect<Project['exposures'][number], ExposureNode>(project.exposures, (exposure) => {
    const { name, place, config } = exposure
    const reads = exposure.dependsOn.flatMap((expression): Read[] => {
      const read = readExpression(expression)
      if (!read)
        problems.push(
          makeProblem('yaml-invalid', `'${expression}' is neither ref('…') nor source('…', '…')`, { place }),
        )
      return read ? [{ ...read, place }] : []
    })
    const identity = {
      ...exposure,
      resourceType: 'exposure' as const,
      project: projectName,
      path: place.file,
    }
    return {
      reads,
      node: {
        ...nodeBase({ ...identity, name, fqn: [projectName, name], columns: [], config }),
        resourceType: 'exposure',
        exposureType: exposure.type,
        owner: exposure.owner,
        ...(exposure.url && { url: exposure.url }),
      },
    }
  })
  return { ...built, problems: [...built.problems, ...problems] }
}

/** `ref('a')`, `ref('package', 'a')` or `source('a', 'b')` as YAML writes it. */
function readExpression(
  expression: string,
):
  | { kind: 'ref'; name: string; package?: string }
  | { kind: 'source'; source: string; table: string }
  | null {
  const match = /^\s*(ref|source)\(\s*(['"])(.+?)\2\s*(?:,\s*(['"])(.+?)\4\s*)?\)\s*$/.exec(expression)
  if (!match) return null
  const [, kind, , first = '', , second] = match
  if (kind === 'source') return second === undefined ? null : { kind: 'source', source: first, table: second }
  return second === undefined ? { kind: 'ref', name: first } : { kind: 'ref', package: first, name: second }
}

function collect<Spec, T extends SourceNode | LoadNode | SeedNode | JobNode | ExposureNode>(
  specs: readonly Spec[],
  draft: (spec: Spec) => Draft<T>,
): Drafts<T> {
  const all = specs.map(draft)
  const isOn = ({ node }: Draft<T>): boolean => isEnabled(node.config)
  return {
    drafts: all.filter(isOn),
    problems: [],
    disabled: all.filter((one) => !isOn(one)).map(({ node }) => node.name),
  }
}
