import { extended } from '../../core/extended.ts'
import type { FunctionArgument, FunctionNode, FunctionOverload, FunctionReturns } from '../../core/node.ts'
import { makeProblem, type Problem } from '../../core/problem.ts'
import type { PatchSpec, ProjectFile } from '../../core/project.ts'
import { asList, type Config, isMap } from '../config-tree.ts'
import { type Draft, type Drafts, fileName, partByEnabled, type Read, startOf } from './draft.ts'
import type { DraftScope } from './draft-scope.ts'
import { groupOf } from './group.ts'
import { type QueryFileKind, readQueryFile } from './query-file.ts'
import { textChecksum } from './text-checksum.ts'

/*
 * Functions of the database: a file with the body, and YAML that says what goes in and what comes out. A function
 * may have overloads, each with a file of its own that is then no function by itself.
 */

/** The functions of a project and its packages. */
export function draftFunctions(scope: DraftScope): Drafts<FunctionNode> {
  const problems: Problem[] = []
  const { functions, patches } = scope.project
  const fileOf = new Map(functions.map((file) => [keyOf(file.package, fileName(file.packagePath)), file]))
  const owners = overloadOwners(scope, patches, fileOf, problems)
  const drafts = functions
    .filter((file) => !owners.has(file))
    .map((file) => draftFunction(scope, file, fileOf, problems))
  return partByEnabled(drafts, problems)
}

/** A function and its overloads. */
function draftFunction(
  scope: DraftScope,
  file: ProjectFile,
  fileOf: ReadonlyMap<string, ProjectFile>,
  problems: Problem[],
): Draft<FunctionNode> {
  const { base, config, reads, identity, extra } = readQueryFile(scope, file, kindIn(scope), problems)
  const overloads: FunctionOverload[] = []
  const more: Read[] = []
  for (const written of asList(extra['overloads']).filter(isMap)) {
    const body = fileOf.get(keyOf(file.package, String(written['defined_in'])))
    if (!body) continue
    more.push(...readQueryFile(scope, body, kindIn(scope), problems).reads)
    overloads.push({
      definedIn: String(written['defined_in']),
      arguments: argumentsOf(written['arguments']),
      ...(isMap(written['returns']) && { returns: returnsOf(written['returns']) }),
      ...described(written),
      rawCode: body.text,
      place: startOf(body.path),
    })
  }
  const { volatility } = config
  const given = argumentsOf(extra['arguments'])
  const refusal = refusalOf(scope, file, config)
  if (config['enabled'] !== false) problems.push(...misplacedDefaults(scope, file, given))
  return {
    reads: [...reads, ...more],
    node: extended(base, {
      resourceType: 'function' as const,
      relation: scope.naming(identity),
      rawCode: file.text,
      checksum: textChecksum(file.text),
      arguments: given,
      // One that YAML does not describe gives nothing, and the database says so.
      returns: returnsOf(isMap(extra['returns']) ? extra['returns'] : {}),
      overloads,
      ...(isVolatility(volatility) && { volatility }),
      ...groupOf(config),
      ...(refusal && { refusal }),
    }),
  }
}

const kindIn = (scope: DraftScope): QueryFileKind => ({
  resourceType: 'function',
  tree: 'functions',
  folders: 'functions',
  fqnPrefix: [],
  relationOf: scope.naming,
})

const keyOf = (packageName: string, name: string): string => `${packageName} ${name}`

/** The files that are overloads, each of one function. */
function overloadOwners(
  { sourceAt }: DraftScope,
  patches: readonly PatchSpec[],
  fileOf: ReadonlyMap<string, ProjectFile>,
  problems: Problem[],
): ReadonlyMap<ProjectFile, string> {
  const owners = new Map<ProjectFile, string>()
  for (const { resource, name, package: packageName, place, extra } of patches) {
    if (resource !== 'function') continue
    const refuse = (message: string, hint: string): void => {
      problems.push(makeProblem('yaml-invalid', message, { ...sourceAt(place), hint }))
    }
    for (const { defined_in: named } of asList(extra['overloads']).filter(isMap)) {
      const file = fileOf.get(keyOf(packageName, String(named)))
      const owner = file && owners.get(file)
      if (named === name)
        refuse(`function '${name}' names itself as overload`, 'name the file of another body')
      else if (!file)
        refuse(`overload '${named}' of function '${name}' has no file`, `expected is functions/${named}.sql`)
      else if (owner)
        refuse(`overload '${named}' is one of function '${owner}' already`, 'a file belongs to one function')
      else owners.set(file, name)
    }
  }
  return owners
}

function argumentsOf(written: unknown): readonly FunctionArgument[] {
  return asList(written)
    .filter(isMap)
    .map((argument) => {
      const { name, data_type: dataType, default_value: value } = argument
      const isSaid = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      return {
        name: String(name),
        dataType: String(dataType),
        ...described(argument),
        ...(isSaid && { defaultValue: value }),
      }
    })
}

function returnsOf(written: Config): FunctionReturns {
  return { dataType: String(written['data_type'] ?? ''), ...described(written) }
}

function described({ description }: Config): { readonly description?: string } {
  return typeof description === 'string' ? { description } : {}
}

const volatilities = ['deterministic', 'stable', 'non-deterministic'] as const

function isVolatility(value: unknown): value is (typeof volatilities)[number] {
  return volatilities.some((one) => one === value)
}

/** What PostgreSQL, or dbt for it, does not make. */
function refusalOf(scope: DraftScope, { path }: ProjectFile, config: Config): Problem | null {
  const refuse = (message: string, hint: string): Problem =>
    makeProblem('not-supported', message, { ...scope.sourceAt(startOf(path)), hint })
  if (!path.endsWith('.sql'))
    return refuse(`${path} is not in SQL`, 'functions in other languages are made by a hook or a macro')
  const { type = 'scalar', volatility } = config
  if (type !== 'scalar')
    return refuse(`a function of type ${JSON.stringify(type)} is not made on PostgreSQL`, 'allowed: scalar')
  if (volatility !== undefined && volatility !== null && !isVolatility(volatility))
    return refuse(
      `volatility: ${JSON.stringify(volatility)} is not allowed`,
      `allowed: ${volatilities.join(', ')}`,
    )
  return null
}

/** What has a default comes last. */
function misplacedDefaults(
  scope: DraftScope,
  { path }: ProjectFile,
  given: readonly FunctionArgument[],
): Problem[] {
  const first = given.findIndex(({ defaultValue }) => defaultValue !== undefined)
  const late =
    first < 0 ? undefined : given.slice(first).find(({ defaultValue }) => defaultValue === undefined)
  if (!late) return []
  return [
    makeProblem('yaml-invalid', `argument '${late.name}' has no default and follows one that has`, {
      ...scope.sourceAt(startOf(path)),
      hint: 'put those with defaults last',
    }),
  ]
}
