import { jobTableName, jobTables } from '../../core/job-tables.ts'
import type { JobNode, JobTableNode, JobTableRelation } from '../../core/node.ts'
import { makeProblem, type Problem } from '../../core/problem.ts'
import type { JobDeclaration, PatchSpec } from '../../core/project.ts'
import type { Config } from '../config-tree.ts'
import { type Described, describe, describeColumns } from './describe.ts'
import { type Draft, type Drafts, fqnOf, nodeBase, partByEnabled } from './draft.ts'
import type { DraftScope } from './draft-scope.ts'
import { withInstants } from './job-instants.ts'

/*
 * Jobs and the tables that they write: the main one is the job's own, each other one a node that depends on the job.
 */

/** Jobs: the analyses. */
export function draftJobs(scope: DraftScope): Drafts<JobNode | JobTableNode> {
  const problems: Problem[] = []
  const drafts = scope.project.jobs.flatMap((job) => draftJob(scope, job, problems))
  return partByEnabled<JobNode | JobTableNode>(drafts, problems)
}

function draftJob(
  scope: DraftScope,
  job: JobDeclaration,
  problems: Problem[],
): Draft<JobNode | JobTableNode>[] {
  const { package: packageName, packagePath, name, place } = job
  const said = describe(scope, patchOf(scope, packageName, name), problems)
  const fqn = fqnOf(packageName, scope.packageOf(packageName).config.paths.analytics, packagePath, name)
  const declared = scope.yaml.config(job.config, job, problems)
  const config = scope.config('jobs', fqn, declared, said.config)
  const identity = { resourceType: 'job' as const, package: packageName, name, packagePath, fqn, config }
  const relation = scope.naming(identity)
  const [main, ...others] = jobTables(job.spec)
  const tables = [main!, ...others].map(({ suffix }): JobTableRelation => {
    return { suffix, relation: { ...relation, identifier: jobTableName(relation.identifier, suffix) } }
  })
  problems.push(...tooLongNames(scope, job, tables))
  const draft: Draft<JobNode> = {
    reads: job.refs.map((ref) => ({ kind: 'ref', name: ref.name, place: ref.place })),
    node: {
      ...nodeBase({
        ...identity,
        ...said.patchPath,
        place,
        description: job.description || said.description,
        columns: [...describeColumns(scope, job, problems), ...said.columns],
      }),
      resourceType: 'job',
      spec: withInstants(scope, job, problems),
      relation,
      tables,
      columnReads: job.columnReads,
    },
  }
  const folders = fqn.slice(0, -1)
  // What is said of the job holds for all its tables, but for the name of the main one.
  const { alias: _, ...inherited } = declared
  const { alias: __, ...patched } = said.config
  return [
    draft,
    ...others.map(({ suffix, description }): Draft<JobTableNode> => {
      const table = jobTableName(name, suffix)
      const patch = patchOf(scope, packageName, table)
      const own = describe(scope, patch, problems)
      problems.push(...movedTables(scope, name, patch, own))
      const tableFqn = [...folders, table]
      return {
        reads: [],
        dependsOn: [draft.node.id],
        node: {
          ...nodeBase({
            ...{ resourceType: 'job_table', package: packageName, name: table, packagePath, place },
            ...own.patchPath,
            fqn: tableFqn,
            description: own.description || description,
            columns: own.columns,
            config: scope.config('jobs', tableFqn, inherited, patched, own.config),
          }),
          resourceType: 'job_table',
          job: draft.node.id,
          suffix,
          relation: tables.find((each) => each.suffix === suffix)!.relation,
        },
      }
    }),
  ]
}

/** Jobs and their tables are described under `jobs:`, or under `models:` by whoever takes them for tables. */
function patchOf({ patches }: DraftScope, packageName: string, name: string) {
  return patches.find('job', packageName, name) ?? patches.find('model', packageName, name)
}

/** Postgres cuts names after this many bytes, and two tables would become one. */
const maxNameBytes = 63

function tooLongNames(
  scope: DraftScope,
  { name, place }: JobDeclaration,
  tables: readonly JobTableRelation[],
): Problem[] {
  return tables
    .filter(({ relation }) => Buffer.byteLength(relation.identifier) > maxNameBytes)
    .map(({ relation: { identifier } }) => {
      const bytes = Buffer.byteLength(identifier)
      const message = `job '${name}' writes the table '${identifier}', whose name has ${bytes} bytes`
      const hint = `Postgres keeps ${maxNameBytes}: shorten the name of the job, or give it an alias in its config`
      return makeProblem('config-invalid', message, { ...scope.sourceAt(place), hint })
    })
}

/** A further table stands beside its job's main one and is switched on and off with it. */
function movedTables(
  scope: DraftScope,
  job: string,
  patch: PatchSpec | undefined,
  { config }: Described,
): Problem[] {
  if (!patch) return []
  const keys = (
    ['alias', 'schema', 'database', 'enabled'] as const satisfies readonly (keyof Config)[]
  ).filter((key) => config[key] !== undefined)
  return keys.map((key) =>
    makeProblem('config-invalid', `'${patch.name}' cannot have a config '${key}' of its own`, {
      ...scope.sourceAt(patch.place),
      hint: `it is a table of the job '${job}': set '${key}' there`,
    }),
  )
}
