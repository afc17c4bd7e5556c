import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { deadLetterTable } from '../core/dead-letter-table.ts'
import { didYouMean, quotedList } from '../core/did-you-mean.ts'
import type { LoadSpecBase, StreamSpec } from '../core/load-spec.ts'
import { makeProblem, type Problem } from '../core/problem.ts'
import { messageFields, type StreamSchemas } from '../core/stream-spec.ts'
import type { StreamYaml } from './load-schema.ts'
import { type YamlDocument, type YamlPath, yamlProblem } from './yaml-document.ts'

/** A stream as its YAML declares it: files beside the YAML, the table of dead letters behind the declared one. */
export function streamSpec(document: YamlDocument, yaml: StreamYaml, base: LoadSpecBase): StreamSpec {
  const [table] = base.tables
  const beside = (file: string): string => posix.join(posix.dirname(document.file), file)
  const { sasl, tls } = yaml
  return {
    kind: 'stream',
    ...base,
    tables: table && yaml.on_bad_row === 'quarantine' ? [table, deadLetterTable(table)] : base.tables,
    brokers: yaml.brokers,
    topics: yaml.topics,
    group: yaml.group ?? `estimand-${yaml.name}`,
    format: yaml.format,
    schemas: schemasOf(yaml, beside),
    fields: (table?.columns ?? []).map(({ name }) => ({
      column: name,
      ...(yaml.fields[name] ?? { from: name, unit: null }),
    })),
    batch: yaml.batch,
    start: yaml.start,
    onBadRow: yaml.on_bad_row,
    security: {
      tls: tls !== false,
      tlsCa: typeof tls === 'object' ? beside(tls.ca) : null,
      sasl: sasl ?? null,
    },
  }
}

function schemasOf(yaml: StreamYaml, beside: (file: string) => string): StreamSchemas {
  const { schema_file: file, schema_files: files, schema_registry: registry } = yaml
  const isNumbered = registry != null || Object.keys(files).length > 0
  return {
    wireFormat: yaml.wire_format ?? (isNumbered ? 'confluent' : 'plain'),
    file: file == null ? null : beside(file),
    byId: Object.fromEntries(Object.entries(files).map(([id, path]) => [id, beside(path)])),
    registry: registry
      ? { url: registry.url, username: registry.username ?? null, password: registry.password ?? null }
      : null,
  }
}

/** What the shape alone does not show. */
export function checkStream(
  root: string,
  document: YamlDocument,
  path: YamlPath,
  yaml: StreamYaml,
  problems: Problem[],
): void {
  const refuse = (at: YamlPath, message: string, hint?: string) =>
    problems.push(yamlProblem(document, [...path, ...at], message, { hint }))
  checkSecrets(document, path, yaml, problems)
  checkFields(yaml, refuse)
  checkSchemas(root, document, yaml, refuse)
}

const fromEnvironment = /^\s*\{\{\s*env_var\(.*\)\s*\}\}\s*$/

/** A secret is taken from the environment when it is needed, so that it stands in no file and no artifact. */
function checkSecrets(
  document: YamlDocument,
  path: YamlPath,
  { sasl, schema_registry: registry }: StreamYaml,
  problems: Problem[],
): void {
  const secrets: [YamlPath, string | null | undefined][] = [
    [['sasl', 'password'], sasl?.password],
    [['schema_registry', 'password'], registry?.password],
  ]
  for (const [at, secret] of secrets) {
    if (secret == null || fromEnvironment.test(secret)) continue
    const message = "'password' must be {{ env_var('…') }}: secrets stand in no file"
    // Without the line, which is not to be printed either.
    problems.push(makeProblem('yaml-invalid', message, { place: document.placeOf([...path, ...at]) }))
  }
}

type Refuse = (at: YamlPath, message: string, hint?: string) => void

function checkFields({ fields, tables }: StreamYaml, refuse: Refuse): void {
  const columns = (tables[0]?.columns ?? []).map(({ name }) => name)
  for (const [column, { from }] of Object.entries(fields)) {
    if (!columns.includes(column))
      refuse(
        ['fields', column],
        `'fields' names '${column}', which is no column`,
        didYouMean(column, columns),
      )
    if (from.startsWith('$') && !(messageFields as readonly string[]).includes(from))
      refuse(
        ['fields', column],
        `'${from}' is nothing that a message has`,
        didYouMean(from, messageFields) ?? `a message has ${quotedList(messageFields, 'and')}`,
      )
  }
}

function checkSchemas(root: string, document: YamlDocument, yaml: StreamYaml, refuse: Refuse): void {
  const { schema_file: file, schema_files: files, schema_registry: registry, format } = yaml
  const isNumbered = registry != null || Object.keys(files).length > 0
  const isConfluent = yaml.wire_format === 'confluent' || (yaml.wire_format == null && isNumbered)
  if (format !== 'json' && !isConfluent && file == null)
    refuse(['format'], `payloads of format ${format} need a schema`, 'give schema_file or schema_registry')
  if (format !== 'json' && isConfluent && !isNumbered)
    refuse(
      ['wire_format'],
      'payloads that name their schema by a number need a place to find it',
      'give schema_registry or schema_files',
    )
  const paths: [YamlPath, string][] = Object.entries(files).map(([id, path]) => [['schema_files', id], path])
  if (file != null) paths.push([['schema_file'], file])
  for (const [at, path] of paths) {
    const absolute = posix.join(posix.dirname(document.file), path)
    if (!existsSync(join(root, absolute)))
      refuse(at, `there is no file ${absolute}`, "the path counts from the YAML file's folder")
  }
}
