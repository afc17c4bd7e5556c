import { withPlainNumbers } from '../../core/whole-float.ts'
import type { Config } from '../config-tree.ts'

/** Numbers that decide how a node is built. */
const builtinKeys = new Set(['limit', 'lookback', 'indexes', 'retries', 'timeout'])

/** What a template declares with config(): a float stays one where only the project's own templates read it. */
export function declaredConfig(config: Config): Config {
  return withPlainNumbers(config, (key) => !builtinKeys.has(key)) as Config
}
