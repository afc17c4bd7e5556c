import { didYouMean, quotedList } from '../core/did-you-mean.ts'
import type {
  BadRowPolicy,
  FieldMapping,
  FilesSpec,
  LoadTable,
  ParamValue,
  S3Spec,
} from '../core/load-spec.ts'
import type { Problem } from '../core/problem.ts'
import type { CsvYaml, FilesYaml, LoadTableYaml, S3Yaml } from './load-schema.ts'
import { type YamlDocument, type YamlPath, yamlProblem } from './yaml-document.ts'

/*
 * What the YAML says of a load from files, as a spec.
 */

interface Base {
  readonly tables: readonly LoadTable[]
  readonly params: Readonly<Record<string, ParamValue>>
}

/** The short form `csv`: one file, by position, in which a bad row is a failure. */
export function specOfCsv(base: Base, { file, delimiter, header, null_text }: CsvYaml): FilesSpec {
  return {
    kind: 'files',
    ...base,
    from: file,
    format: 'csv',
    dialect: {
      delimiter,
      quote: '"',
      header: header ? 'skip' : 'none',
      nullText: null_text,
      encoding: 'utf8',
      unknownFields: 'refuse',
    },
    fields: (base.tables[0]?.columns ?? []).map(({ name }) => ({
      column: name,
      origin: 'field',
      path: [name],
    })),
    badRows: { onBadRow: 'fail' },
    mode: 'replace',
    key: [],
    onChangedFile: 'refuse',
  }
}

/** The spec of a load of kind `files`. */
export function specOfFiles(base: Base, yaml: FilesYaml): FilesSpec {
  const { from, format, delimiter, quote, header, mode, null_text, encoding } = yaml
  return {
    kind: 'files',
    ...base,
    from,
    ...(yaml.s3 && { s3: specOfS3(yaml.s3) }),
    ...(format && { format }),
    dialect: {
      ...(delimiter !== undefined && { delimiter }),
      quote: quote ?? '"',
      header: header === 'skip' ? 'skip' : header ? 'match' : 'none',
      nullText: null_text,
      encoding,
      unknownFields: yaml.unknown_fields,
    },
    fields: (yaml.tables[0]?.columns ?? []).map(mappingOf),
    badRows: policyOf(yaml),
    mode,
    key: keyOf(yaml, base.tables[0]),
    onChangedFile: yaml.on_changed_file,
  }
}

function specOfS3({ endpoint, region, profile, path_style, anonymous }: S3Yaml): S3Spec {
  return {
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...(path_style !== undefined && { pathStyle: path_style }),
    ...(anonymous !== undefined && { isAnonymous: anonymous }),
  }
}

/** What tells rows apart: the primary key where nothing else is said. */
export function keyOf(
  { mode, key }: Pick<FilesYaml, 'mode' | 'key'>,
  table: LoadTable | undefined,
): readonly string[] {
  if (key.length > 0 || mode !== 'upsert') return key
  return table?.primaryKey ?? []
}

function mappingOf({
  name,
  from,
  partition,
  format,
}: FilesYaml['tables'][number]['columns'][number]): FieldMapping {
  const written = format === undefined ? {} : { format }
  if (partition !== undefined) return { column: name, origin: 'partition', path: [partition], ...written }
  return { column: name, origin: 'field', path: from === undefined ? [name] : pathOf(from), ...written }
}

/** `user.address[0]` is a way through objects, `$` the whole; a list names keys with any characters. */
function pathOf(from: string | readonly string[]): readonly string[] {
  if (typeof from !== 'string') return from
  if (!from.startsWith('$')) return [from]
  return from
    .slice(1)
    .split(/[.[\]]/)
    .filter((part) => part !== '')
}

/** Where nothing is said, a file of which more than a tenth is bad is another file than was meant. */
const usualShare = 0.1

/** What is to become of bad rows. */
export function policyOf({
  on_bad_row: onBadRow,
  bad_row_limit: limit,
}: Pick<FilesYaml, 'on_bad_row' | 'bad_row_limit'>): BadRowPolicy {
  if (onBadRow === 'fail') return { onBadRow }
  if (limit === null || limit === undefined) return { onBadRow, limit: { share: usualShare } }
  if (typeof limit === 'number') return { onBadRow, limit: { rows: limit } }
  return { onBadRow, limit: { share: Number.parseFloat(limit) / 100 } }
}

const takesFormat = /^(bool|date|timestamp|numeric|decimal|smallint|int|bigint|real|double|float)/i

/** Checks what only the whole of a load from files tells. */
export function checkFiles(
  document: YamlDocument,
  path: YamlPath,
  yaml: FilesYaml,
  problems: Problem[],
): void {
  const refuse = (at: YamlPath, message: string, hint?: string) =>
    problems.push(yamlProblem(document, [...path, ...at], message, { hint }))
  const [table] = yaml.tables
  checkKey(yaml, refuse)
  // Of a template only rendering tells.
  if (yaml.s3 && !/^s3:|\{[{%]/i.test(yaml.from))
    refuse(
      ['s3'],
      "'s3' means nothing for this 'from'",
      'it is for addresses such as s3://bucket/folder/*.csv',
    )
  if (yaml.s3?.anonymous && yaml.s3.profile !== undefined)
    refuse(['s3', 'profile'], "'profile' means nothing with 'anonymous: true'")
  for (const [index, { from, partition }] of (table?.columns ?? []).entries())
    if (from !== undefined && partition !== undefined)
      refuse(['tables', 0, 'columns', index, 'partition'], "a column has either 'from' or 'partition'")
  for (const [index, { type, format }] of (table?.columns ?? []).entries())
    if (format !== undefined)
      checkFormat(type, format, (...said) => refuse(['tables', 0, 'columns', index, 'format'], ...said))
}

function checkFormat(type: string, format: string, refuse: (message: string, hint: string) => void): void {
  // Roman numbers, ordinals and powers are for writing.
  if (!takesFormat.test(type))
    refuse(`'format' means nothing for ${type}`, 'it is for dates, times, numbers and booleans')
  else if (!/^(bool|date|timestamp)/i.test(type) && /EEEE|RN|TH|V/i.test(format.replace(/"[^"]*"/g, '')))
    refuse(
      `no number is read by '${format}'`,
      'a template of to_number has 9, 0, D, G, a point, commas and signs: 999G999D99',
    )
}

/** Checks that rows to be replaced can be told apart by columns that there are. */
export function checkKey(
  yaml: Pick<FilesYaml, 'mode' | 'key'> & { readonly tables: readonly LoadTableYaml[] },
  refuse: (at: YamlPath, message: string, hint?: string) => void,
): void {
  const [table] = yaml.tables
  const columns = (table?.columns ?? []).map(({ name }) => name)
  for (const [index, key] of yaml.key.entries())
    if (!columns.includes(key))
      refuse(
        ['key', index],
        `'key' names '${key}', which is no column of '${table!.name}'`,
        didYouMean(key, columns) ?? `columns: ${quotedList(columns, 'and')}`,
      )
  if (yaml.mode === 'upsert' && yaml.key.length === 0 && table!.primary_key.length === 0)
    refuse(
      ['mode'],
      "'mode: upsert' needs a 'key'",
      'name the columns that tell rows apart, or a primary_key',
    )
  if (yaml.mode !== 'upsert' && yaml.key.length > 0)
    refuse(['key'], `'key' means nothing with 'mode: ${yaml.mode}'`, "it goes with 'mode: upsert'")
}
