import { existsSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'
import { didYouMean, quotedList } from '../core/did-you-mean.ts'
import type { LoadSpec, LoadTable } from '../core/load-spec.ts'
import type { Problem } from '../core/problem.ts'
import type { LoadDeclaration, ProjectFile } from '../core/project.ts'
import { checkYaml, type UnknownKeys } from './check-yaml.ts'
import { mergedConfig } from './described.ts'
import { checkFiles, specOfCsv, specOfFiles } from './files-spec.ts'
import { type LoadTableYaml, type LoadYaml, loadsSchema } from './load-schema.ts'
import { moduleChecksum } from './module-checksum.ts'
import { checkPostgres, specOfPostgres } from './postgres-spec.ts'
import { checkStream, streamSpec } from './read-stream.ts'
import { parseYaml, type YamlDocument, type YamlPath, yamlProblem } from './yaml-document.ts'

/** Reads one file under pipelines/; what is wrong goes to `problems`. */
export function readLoads(
  root: string,
  file: ProjectFile,
  unknownKeys: UnknownKeys,
  problems: Problem[],
): LoadDeclaration[] {
  const document = parseYaml(file, problems)
  if (!document || document.value === null || document.value === undefined) return []
  const yaml = checkYaml(document, loadsSchema, problems, unknownKeys)
  return (yaml?.loads ?? []).map((load, index) => readLoad(root, document, ['loads', index], load, problems))
}

function readLoad(
  root: string,
  document: YamlDocument,
  path: YamlPath,
  load: LoadYaml,
  problems: Problem[],
): LoadDeclaration {
  if (load.kind === 'files') checkFiles(document, path, load, problems)
  if (load.kind === 'postgres') checkPostgres(document, path, load, problems)
  checkTables(document, [...path, 'tables'], load, problems)
  if (load.kind === 'stream') checkStream(root, document, path, load, problems)
  const spec = specOf(document, load)
  if (spec.kind === 'generator') checkModule(root, document, [...path, 'module'], spec.module, problems)
  return {
    ...document.origin,
    name: load.name,
    description: load.description,
    spec,
    config: mergedConfig(load.config, load.tags, load.meta),
    place: document.placeOf(path),
    checksum: spec.kind === 'generator' ? moduleChecksum(root, spec.module) : '',
  }
}

function specOf(document: YamlDocument, load: LoadYaml): LoadSpec {
  const base = { tables: load.tables.map(tableOf), params: load.params }
  switch (load.kind) {
    case 'generator':
      return { kind: 'generator', ...base, module: posix.join(posix.dirname(document.file), load.module) }
    case 'csv':
      return specOfCsv(base, load)
    case 'files':
      return specOfFiles(base, load)
    case 'postgres':
      return specOfPostgres(base, load)
    case 'stream':
      return streamSpec(document, load, base)
  }
}

function tableOf({ schema, name, description, columns, primary_key: primaryKey }: LoadTableYaml): LoadTable {
  // Where their values come from is said elsewhere.
  const plain = columns.map((column) => ({
    name: column.name,
    type: column.type,
    description: column.description,
  }))
  return { schema, name, description, columns: plain, primaryKey }
}

function checkTables(document: YamlDocument, path: YamlPath, load: LoadYaml, problems: Problem[]): void {
  const refuse = (at: YamlPath, message: string, hint?: string) =>
    problems.push(yamlProblem(document, [...path, ...at], message, { hint }))
  if (load.kind !== 'generator' && load.tables.length > 1)
    refuse(
      [1],
      `a load of kind ${load.kind} fills one table`,
      `write one load for each ${filledFrom[load.kind]}`,
    )
  const names = load.tables.map(({ schema, name }) => `${schema}.${name}`)
  for (const index of repeated(names)) refuse([index, 'name'], `table '${names[index]}' is declared twice`)
  for (const [index, table] of load.tables.entries()) {
    const columns = table.columns.map(({ name }) => name)
    for (const column of repeated(columns))
      refuse([index, 'columns', column, 'name'], `column '${columns[column]}' is declared twice`)
    for (const [position, key] of table.primary_key.entries())
      if (!columns.includes(key))
        refuse(
          [index, 'primary_key', position],
          `'primary_key' names '${key}', which is no column of '${table.name}'`,
          didYouMean(key, columns) ?? `columns: ${quotedList(columns, 'and')}`,
        )
  }
}

const filledFrom = { csv: 'file', files: 'table', postgres: 'table', stream: 'table' } as const

function checkModule(
  root: string,
  document: YamlDocument,
  path: YamlPath,
  module: string,
  problems: Problem[],
): void {
  const absolute = join(root, module)
  if (existsSync(absolute) && statSync(absolute).isFile()) return
  const hint = "the path counts from the YAML file's folder"
  problems.push(yamlProblem(document, path, `there is no file ${module}`, { hint }))
}

/** The indexes of texts that stood earlier in the list already. */
function repeated(texts: readonly string[]): number[] {
  return texts.flatMap((text, index) => (texts.indexOf(text) < index ? [index] : []))
}
