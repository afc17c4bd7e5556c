// HTML escaping, as the filters `escape` and `forceescape` and `autoescape` blocks do it.
import { str } from './repr.ts'
import { HostObject, Markup, type Value } from './value.ts'

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
}

/** Escapes the characters that HTML gives a meaning. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (char) => entities[char]!)
}

/** A value as safe HTML: Markup stays, anything else is escaped. */
export function escapeHtml(value: Value): Markup {
  return value instanceof Markup ? value : new Markup(escapeText(str(value)))
}

/** Escapes strings and objects for a `%` on Markup, leaving numbers alone. */
export function escapeArgument(value: Value): Value {
  return typeof value === 'string' || value instanceof HostObject ? escapeHtml(value) : value
}
