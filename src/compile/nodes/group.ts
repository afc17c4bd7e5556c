import type { Config } from '../config-tree.ts'

/** The group that a node belongs to, if it does. */
export function groupOf(config: Config): { readonly group?: string } {
  const { group } = config
  return typeof group === 'string' && group !== '' ? { group } : {}
}
