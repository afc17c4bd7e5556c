import type { Place, Problem } from '../../core/problem.ts'
import { asList, type Config, isMap } from '../config-tree.ts'
import type { Templates } from '../templates.ts'
import type { Read } from './draft.ts'

/** SQL to run before or after a node is built. */
export interface Hook {
  readonly sql: string
  /** Whether it runs in the transaction that builds the node. */
  readonly transaction: boolean
}

/** The config with its hooks in one form: each a mapping of SQL and whether it is part of the transaction. */
export function withHooks(config: Config): Config {
  if (config['pre_hook'] === undefined && config['post_hook'] === undefined) return config
  const { pre_hook: before, post_hook: after, ...rest } = config
  return { ...rest, pre_hook: asList(before).flatMap(hookOf), post_hook: asList(after).flatMap(hookOf) }
}

/** What the hooks of a config refer to: a node waits for what they read as for what it reads itself. */
export function readHooks(
  templates: Templates,
  config: Config,
  packageName: string,
  place: Place,
  problems: Problem[],
): readonly Read[] {
  const hooks = [...asList(config['pre_hook']), ...asList(config['post_hook'])]
  const texts = hooks.flatMap((hook) => (isMap(hook) ? [String(hook['sql'])] : []))
  const reading = texts.filter((text) => /\b(ref|source)\b/.test(text))
  if (reading.length === 0) return []
  const captured = templates.captureArguments(Object.fromEntries(reading.entries()), place, packageName)
  problems.push(...captured.problems)
  return captured.reads
}

function hookOf(value: unknown): Hook[] {
  if (isMap(value)) {
    const { sql, transaction } = value
    // One without SQL is left as it is, for whoever checks the config.
    return typeof sql === 'string'
      ? [{ sql, transaction: transaction !== false }]
      : [value as unknown as Hook]
  }
  const text = String(value)
  // before_begin() and after_commit() give a hook as JSON.
  const parsed = text.trim().startsWith('{') ? parsedJson(text) : undefined
  return isMap(parsed) && typeof parsed['sql'] === 'string'
    ? hookOf(parsed)
    : [{ sql: text, transaction: true }]
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
