import type { SnapshotNode } from '../../core/node.ts'
import { makeProblem, type Place, type Problem } from '../../core/problem.ts'
import type { PatchSpec, ProjectFile } from '../../core/project.ts'
import type { Config } from '../config-tree.ts'
import { unknownStrategy } from '../own-snapshot.ts'
import { withFoldedNames } from '../quoting.ts'
import { templateProblem } from '../template-problem.ts'
import { yamlFolders } from './declared-drafts.ts'
import { describe } from './describe.ts'
import { type Draft, type Drafts, fqnOf, nodeBase, partByEnabled } from './draft.ts'
import { type DraftScope, firstTags } from './draft-scope.ts'
import { groupOf } from './group.ts'
import { readHooks } from './hooks.ts'
import { readExpression } from './read-expression.ts'
import { readIndexes } from './read-indexes.ts'
import { readSnapshotSpec } from './snapshot-config.ts'
import { textChecksum } from './text-checksum.ts'

/** Snapshots: those of `{% snapshot %}` blocks and those that YAML declares with a relation. */
export function draftSnapshots(scope: DraftScope): Drafts<SnapshotNode> {
  const problems: Problem[] = []
  const blocks = scope.project.snapshots.flatMap((file) => draftSnapshotFile(scope, file, problems))
  const declared = scope.project.patches
    .filter(({ resource, relation }) => resource === 'snapshot' && relation !== undefined)
    .map((patch) => draftSnapshot(scope, declaredSnapshot(scope, patch, problems), problems))
  return partByEnabled([...blocks, ...declared], problems)
}

/** The snapshots of one file. */
export function draftSnapshotFile(
  scope: DraftScope,
  file: ProjectFile,
  problems: Problem[],
): Draft<SnapshotNode>[] {
  return blocksOf(scope, file, problems).map((snapshot) => draftSnapshot(scope, snapshot, problems))
}

interface SnapshotSource {
  readonly file: ProjectFile
  readonly name: string
  readonly fqn: readonly string[]
  readonly place: Place
  readonly rawCode: string
  /** The text of the file that declares it. */
  readonly declaredBy: string
}

function blocksOf(scope: DraftScope, file: ProjectFile, problems: Problem[]): SnapshotSource[] {
  const { package: packageName, packagePath } = file
  const fqn = fqnOf(packageName, scope.packageOf(packageName).config.paths.snapshots, packagePath)
  try {
    return scope.templates
      .parse(file.text, file.path)
      .blocks.filter(({ kind }) => kind === 'snapshot')
      .map(({ name, place: { line, column }, bodyStart, bodyEnd }) => ({
        file,
        name,
        // The file counts as a folder, since it may hold several.
        fqn: [...fqn, name],
        place: { file: file.path, line, column },
        rawCode: file.text.slice(bodyStart, bodyEnd),
        declaredBy: file.text,
      }))
  } catch (error) {
    problems.push(templateProblem(error, scope.templates.options.textOf))
    return []
  }
}

function declaredSnapshot(scope: DraftScope, patch: PatchSpec, problems: Problem[]): SnapshotSource {
  const { package: packageName, packagePath, name, place, relation = '' } = patch
  if (!readExpression(relation))
    problems.push(
      makeProblem('yaml-invalid', `'${relation}' is neither ref('…') nor source('…', '…')`, {
        ...scope.sourceAt(place),
        hint: `write relation: ref('${name}')`,
      }),
    )
  const rawCode = `select * from {{ ${relation.replace(/^\s*\{\{|\}\}\s*$/g, '').trim()} }}`
  return {
    file: { path: place.file, package: packageName, packagePath, text: rawCode },
    name,
    fqn: fqnOf(packageName, yamlFolders(scope, packageName), packagePath, name),
    place,
    rawCode,
    declaredBy: scope.sourceAt(place).source ?? rawCode,
  }
}

function draftSnapshot(scope: DraftScope, source: SnapshotSource, problems: Problem[]): Draft<SnapshotNode> {
  const { templates, naming, patches } = scope
  const { file, name, fqn, place, rawCode } = source
  const { package: packageName, packagePath } = file
  const said = describe(scope, patches.find('snapshot', packageName, name), problems)
  const identity = { resourceType: 'snapshot' as const, package: packageName, name, packagePath, fqn }
  const standsAt = (config: Config) => {
    const relation = naming({ ...identity, config })
    const schema = config['target_schema']
    return typeof schema === 'string' && schema !== ''
      ? withFoldedNames({ ...relation, schema }, templates.quoting)
      : relation
  }
  const outside = scope.config('snapshots', fqn, said.config)
  // Empty lines in front keep what is reported on the lines where the block stands.
  const text = file.text === rawCode ? rawCode : `${'\n'.repeat(place.line - 1)}${rawCode}`
  const capture = templates.capture({
    file: { ...file, text },
    name,
    resourceType: 'snapshot',
    config: outside,
    relation: standsAt(outside),
  })
  const config = scope.config('snapshots', fqn, said.config, scope.asWritten(capture.config, capture.written))
  const own: Problem[] = [...capture.problems]
  const refuse = (message: string, hint: string): void => {
    own.push(
      makeProblem('config-invalid', `snapshot '${name}': ${message}`, { ...scope.sourceAt(place), hint }),
    )
  }
  const spec = readSnapshotSpec(config, refuse)
  const unknown = unknownStrategy(templates.macros, spec.strategy, packageName)
  if (unknown) refuse(...unknown)
  const hookReads = readHooks(templates, config, packageName, place, own)
  if (config['enabled'] !== false) problems.push(...own)
  return {
    reads: [...capture.reads, ...hookReads],
    node: {
      ...nodeBase({
        ...identity,
        ...said.patchPath,
        ...firstTags(scope, 'snapshots', fqn, { yaml: said.config, inFile: capture.config }),
        place,
        description: said.description,
        columns: said.columns,
        config,
      }),
      resourceType: 'snapshot',
      relation: standsAt(config),
      rawCode,
      checksum: textChecksum(source.declaredBy),
      spec,
      indexes: readIndexes(config, refuse),
      ...groupOf(config),
    },
  }
}
