import type { TestNode } from '../../core/node.ts'
import { makeProblem, type Problem } from '../../core/problem.ts'
import type { PatchSpec, Project, SourceTableSpec, TestSpec } from '../../core/project.ts'
import { asStrings, type Config } from '../config-tree.ts'
import type { Templates } from '../templates.ts'
import {
  type Draft,
  type Drafts,
  fileName,
  fqnOf,
  isEnabled,
  layeredConfig,
  type Naming,
  nodeBase,
  type Read,
} from './draft.ts'
import { genericTestName, testHash } from './test-name.ts'

/*
 * Tests are SELECTs of the rows that should not be there: generic ones are macros applied to a model or column
 * in YAML, singular ones are files.
 */

/** What a test is declared on. */
interface Subject {
  readonly name: string
  readonly isSource: boolean
  readonly read: Read
  /** The expression that gives the relation, as dbt writes it: `ref('orders')`. */
  readonly expression: string
}

/** The template of every generic test; what it calls it with is in the node. */
const genericCode = (macro: string): string => `{{ test_${macro}(**_dbt_generic_test_kwargs) }}`

/** Builds generic tests from YAML and singular tests from files. */
export function draftTests(
  project: Project,
  templates: Templates,
  naming: Naming,
  patches: ReadonlyMap<string, PatchSpec>,
): Drafts<TestNode> {
  const parts = [
    ...project.patches
      .filter(({ resource }) => resource !== 'test')
      .map((patch) => draftGeneric(project, templates, patchSubject(patch), patch)),
    ...project.sources.map((source) => draftGeneric(project, templates, sourceSubject(source), source)),
    ...project.jobs.map((job) => draftGeneric(project, templates, jobSubject(job.name, job.place), job)),
    ...project.tests.map((file) =>
      draftSingular(project, templates, naming, file, patches.get(fileName(file.path))),
    ),
  ]
  return {
    drafts: parts.flatMap(({ drafts }) => drafts),
    problems: parts.flatMap(({ problems }) => problems),
    disabled: parts.flatMap(({ disabled }) => disabled),
  }
}

function patchSubject({ name, place }: PatchSpec): Subject {
  return jobSubject(name, place)
}

function jobSubject(name: string, place: Subject['read']['place']): Subject {
  return { name, isSource: false, read: { kind: 'ref', name, place }, expression: `ref('${name}')` }
}

function sourceSubject({ sourceName, name, place }: SourceTableSpec): Subject {
  return {
    name: `${sourceName}_${name}`,
    isSource: true,
    read: { kind: 'source', source: sourceName, table: name, place },
    expression: `source('${sourceName}', '${name}')`,
  }
}

function draftGeneric(
  project: Project,
  templates: Templates,
  subject: Subject,
  { tests, columns }: Pick<PatchSpec, 'tests' | 'columns'>,
): Drafts<TestNode> {
  const drafts: Draft<TestNode>[] = []
  const problems: Problem[] = []
  const disabled: string[] = []
  const declared = [
    ...tests.map((spec) => ({ spec, column: undefined })),
    ...columns.flatMap(({ name, quote, tests: ofColumn }) =>
      ofColumn.map((spec) => ({ spec, column: quote ? `"${name}"` : name })),
    ),
  ]
  for (const { spec, column } of declared) {
    const name = spec.name ?? nameOf(subject, spec, column)
    const fqn = [project.config.name, name]
    const config = layeredConfig(project.config.configTrees.tests, fqn, spec.config)
    if (!isEnabled(config)) {
      disabled.push(name)
      continue
    }
    if (!templates.hasMacro(`test_${spec.test}`)) {
      problems.push(unknownTest(spec, templates, project))
      continue
    }
    const args = { ...spec.args, ...(column !== undefined && { column_name: column }) }
    const capture = templates.captureArguments(args, spec.place)
    problems.push(...capture.problems)
    const base = nodeBase({
      resourceType: 'test',
      project: project.config.name,
      name,
      path: spec.place.file,
      place: spec.place,
      fqn,
      description: spec.description,
      columns: [],
      config,
    })
    drafts.push({
      reads: [{ ...subject.read, place: spec.place }, ...capture.reads],
      node: {
        ...base,
        id: `${base.id}.${testHash(name, [args, spec.config])}`,
        resourceType: 'test',
        testKind: 'generic',
        rawCode: genericCode(spec.test),
        relation: auditRelation(templates, name),
        generic: {
          macro: spec.test,
          args,
          model: subject.expression,
          ...(column !== undefined && { column }),
        },
        ...thresholds(config),
      },
    })
  }
  return { drafts, problems, disabled }
}

function nameOf(subject: Subject, spec: TestSpec, column: string | undefined): string {
  return genericTestName({
    test: spec.test,
    subject: subject.name,
    isSource: subject.isSource,
    args: spec.args,
    ...(column !== undefined && { column }),
  })
}

function unknownTest(spec: TestSpec, templates: Templates, project: Project): Problem {
  const source = project.yamlFiles.find(({ path }) => path === spec.place.file)?.text
  const near = templates.closestMacro(`test_${spec.test}`)?.replace(/^test_/, '')
  const hint = near
    ? `did you mean '${near}'?`
    : `write it as {% test ${spec.test}(model, column_name) %} in a file below macros/`
  return makeProblem('macro-unknown', `there is no test '${spec.test}'`, {
    place: spec.place,
    ...(source !== undefined && { source }),
    hint,
  })
}

function draftSingular(
  project: Project,
  templates: Templates,
  naming: Naming,
  file: Project['tests'][number],
  patch: PatchSpec | undefined,
): Drafts<TestNode> {
  const name = fileName(file.path)
  const fqn = fqnOf(project.config.name, project.config.paths.tests, file.path)
  const outside = layeredConfig(project.config.configTrees.tests, fqn, patch?.config ?? {})
  const capture = templates.capture({ file, name, resourceType: 'test', config: outside, naming })
  const config = layeredConfig({}, [], outside, capture.config)
  if (!isEnabled(config)) return { drafts: [], problems: capture.problems, disabled: [name] }
  const draft: Draft<TestNode> = {
    reads: capture.reads,
    node: {
      ...nodeBase({
        resourceType: 'test',
        project: project.config.name,
        name,
        path: file.path,
        place: { file: file.path, line: 1, column: 1 },
        fqn,
        description: patch?.description ?? '',
        columns: [],
        config,
      }),
      resourceType: 'test',
      testKind: 'singular',
      rawCode: file.text,
      relation: auditRelation(templates, name),
      ...thresholds(config),
    },
  }
  return { drafts: [draft], problems: capture.problems, disabled: [] }
}

/** Where failing rows are kept. */
function auditRelation({ options }: Templates, name: string) {
  return { schema: `${options.target.schema}_dbt_test__audit`, identifier: name }
}

/** How many failing rows are too many. */
function thresholds(config: Config) {
  const [where] = asStrings(config.where)
  return {
    severity:
      String(config.severity ?? 'error').toLowerCase() === 'warn' ? ('warn' as const) : ('error' as const),
    errorIf: String(config.error_if ?? '!= 0'),
    warnIf: String(config.warn_if ?? '!= 0'),
    failCalc: String(config.fail_calc ?? 'count(*)'),
    ...(typeof config.limit === 'number' && { limit: config.limit }),
    ...(where !== undefined && { where }),
  }
}
