import type { ResourceType } from '../core/node.ts'
import type { Config } from './config-tree.ts'
import type { ParsedTemplate } from './dialect/index.ts'

/*
 * What a file's call of config() says as dbt keeps it in `unrendered_config`. Of files that it can read without
 * rendering them these are values; of all others the texts of the first call's arguments.
 */

/** The texts; undefined where the values themselves are kept. */
export function writtenConfigCall(
  { calls }: Pick<ParsedTemplate, 'calls'>,
  text: string,
  resourceType: ResourceType,
): Config | undefined {
  const first = calls.find(({ name }) => name === 'config')?.written
  if (first === undefined || Object.keys(first).length === 0) return undefined
  return resourceType === 'model' && isReadStatically(text) ? undefined : first
}

/** Whether dbt reads a model without rendering it: nothing but ref, source and config of texts, True, lists and dicts. */
function isReadStatically(text: string): boolean {
  if (text.includes('{%')) return false
  const expressions = text.replace(/\{#[\s\S]*?#\}/g, '').match(/\{\{[\s\S]*?\}\}/g) ?? []
  return expressions.every(isStatic)
}

function isStatic(expression: string): boolean {
  const inner = expression.slice(2, -2).replace(/^-|-$/g, '')
  if (inner.includes('\\')) return false
  const plain = inner.replace(/'[^']*'|"[^"]*"/g, '§').trim()
  if (/^ref\s*\(\s*§(?:\s*,\s*§)?(?:\s*,\s*(?:v|version)\s*=\s*(?:\d+|§))?\s*\)$/.test(plain)) return true
  if (/^source\s*\(\s*§\s*,\s*§\s*\)$/.test(plain)) return true
  const [, given] = /^config\s*\(([\s\S]*)\)$/.exec(plain) ?? []
  return given !== undefined && tokensOf(given).every(isStaticToken)
}

/** Brackets, separators, names with their equals sign, and words. */
function tokensOf(text: string): string[] {
  return text.match(/\w+\s*=(?!=)|[\w§]+|[^\s\w§]/g) ?? []
}

function isStaticToken(token: string): boolean {
  if (token.endsWith('=')) return !/^(?:pre|post)_hook\b/.test(token) && token !== '='
  return ['§', 'True', 'False', '[', ']', '{', '}', ',', ':'].includes(token)
}
