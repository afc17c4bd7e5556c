import { didYouMean, quotedList } from '../core/did-you-mean.ts'
import type { LoadTable, ParamValue, PostgresSpec } from '../core/load-spec.ts'
import { makeProblem, type Problem } from '../core/problem.ts'
import { checkKey, keyOf, policyOf } from './files-spec.ts'
import type { PostgresYaml } from './load-schema.ts'
import { type YamlDocument, type YamlPath, yamlProblem } from './yaml-document.ts'

/*
 * What the YAML says of a load from another PostgreSQL, as a spec.
 */

interface Base {
  readonly tables: readonly LoadTable[]
  readonly params: Readonly<Record<string, ParamValue>>
}

/** COPY encloses a text that reads like this, so it is null and nothing else. */
const nullText = '\\N'

/** The spec of a load of kind `postgres`. */
export function specOfPostgres(base: Base, yaml: PostgresYaml): PostgresSpec {
  const columns = yaml.tables[0]?.columns ?? []
  const [schema, identifier] = (yaml.table ?? '').split('.')
  return {
    kind: 'postgres',
    ...base,
    url: yaml.url,
    rowsOf:
      yaml.query === undefined
        ? { table: { schema: schema!, identifier: identifier ?? '' } }
        : { query: yaml.query },
    columns: columns.map(({ name, from }) => ({ column: name, from: from ?? name })),
    watermark:
      yaml.watermark === undefined ? null : { column: yaml.watermark, lookback: yaml.lookback ?? null },
    format: 'csv',
    dialect: {
      delimiter: ',',
      quote: '"',
      header: 'none',
      nullText,
      encoding: 'utf8',
      unknownFields: 'refuse',
    },
    fields: columns.map(({ name }) => ({ column: name, origin: 'field', path: [name] })),
    badRows: policyOf(yaml),
    mode: yaml.mode,
    key: keyOf(yaml, base.tables[0]),
  }
}

type Refuse = (at: YamlPath, message: string, hint?: string) => void

/** Checks what only the whole of a load from a database tells. */
export function checkPostgres(
  document: YamlDocument,
  path: YamlPath,
  yaml: PostgresYaml,
  problems: Problem[],
): void {
  const refuse: Refuse = (at, message, hint) =>
    problems.push(yamlProblem(document, [...path, ...at], message, { hint }))
  if (holdsSecret(yaml.url)) {
    const message = "the password in 'url' must be {{ env_var('…') }}: secrets stand in no file"
    const hint = 'the whole address may be one: url: "{{ env_var(\'CRM_URL\') }}"'
    // Without the line, which is not to be printed either.
    problems.push(makeProblem('yaml-invalid', message, { place: document.placeOf([...path, 'url']), hint }))
  }
  if ((yaml.table === undefined) === (yaml.query === undefined))
    refuse(
      [yaml.query === undefined ? 'kind' : 'query'],
      "a load of kind postgres has either 'table' or 'query'",
    )
  checkKey(yaml, refuse)
  checkWatermark(yaml, refuse)
}

function checkWatermark({ mode, watermark, lookback, tables }: PostgresYaml, refuse: Refuse): void {
  const columns = (tables[0]?.columns ?? []).map(({ name }) => name)
  if (watermark !== undefined && !columns.includes(watermark))
    refuse(
      ['watermark'],
      `'watermark' names '${watermark}', which is no column of '${tables[0]?.name}'`,
      didYouMean(watermark, columns) ?? `columns: ${quotedList(columns, 'and')}`,
    )
  if (watermark !== undefined && mode === 'replace')
    refuse(['watermark'], "'watermark' means nothing with 'mode: replace'", 'it goes with append and upsert')
  if (watermark === undefined && mode === 'append')
    refuse(['mode'], "'mode: append' needs a 'watermark'", 'without one each run would add all rows again')
  if (lookback === undefined) return
  if (watermark === undefined) refuse(['lookback'], "'lookback' means nothing without 'watermark'")
  else if (mode === 'append')
    refuse(
      ['lookback'],
      "'lookback' does not go with 'mode: append'",
      'rows that were read before would be added again; upsert puts them in their place',
    )
}

const fromEnvironment = /\{\{\s*env_var\(\s*(['"])[^'"]*\1\s*\)\s*\}\}/g

/** Whether anything but a variable of the environment stands where a password does, or might hold one. */
function holdsSecret(url: string): boolean {
  const literal = url.replaceAll(fromEnvironment, '')
  return /:\/\/[^@]*:[^@]+@|[?&]password=[^&]|\{\{|\{%/i.test(literal)
}
