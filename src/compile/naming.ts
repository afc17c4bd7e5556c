import type { Relation } from '../core/node.ts'
import { fromJs } from './dialect/index.ts'
import type { Naming } from './nodes/draft.ts'
import type { Templates } from './templates.ts'

/**
 * Where nodes stand: in the target's schema, or in `<target schema>_<schema>` when their config names one, under
 * their alias or name. A project changes that by macros generate_schema_name and generate_alias_name, as in dbt.
 */
export function makeNaming(templates: Templates): Naming {
  const { target } = templates.options
  return ({ name, config }): Relation => {
    const custom = text(config.schema)
    const alias = text(config.alias)
    const schema =
      callOwn(templates, 'generate_schema_name', custom, { name, config }) ??
      (custom === null ? target.schema : `${target.schema}_${custom}`)
    const identifier = callOwn(templates, 'generate_alias_name', alias, { name, config }) ?? alias ?? name
    return { schema, identifier }
  }
}

function text(value: unknown): string | null {
  return value === undefined || value === null || value === '' ? null : String(value).trim()
}

/** What the project's own macro says, or null when it has none. */
function callOwn(
  templates: Templates,
  macro: string,
  custom: string | null,
  node: Readonly<Record<string, unknown>>,
): string | null {
  const block = templates.macros.findOwn(macro)
  if (!block) return null
  const { dialect } = templates
  return String(dialect.callMacro(block, [custom, fromJs(node)], {}, templates.plainNames())).trim()
}
