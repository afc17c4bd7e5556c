import { sqlTokens } from './sql/normalised-sql.ts'

/** A template without layout and comments, and without the call that sets its config: that is compared by its values. */
export function normalisedTemplate(text: string): string {
  const bare = text.replace(/\{#[\s\S]*?#\}/g, ' ').replace(configCall, ' ')
  return sqlTokens(bare).join(' ')
}

/** Up to the first `)` that ends its braces. */
const configCall = /\{\{-?\s*config\s*\([\s\S]*?\)\s*-?\}\}/g
