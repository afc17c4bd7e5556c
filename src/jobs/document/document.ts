import type { TopLevelSpec } from 'vega-lite'

/*
 * A report as plain data, from which both Markdown and HTML are written.
 */

export type Block =
  | { readonly kind: 'heading'; readonly level: 1 | 2 | 3; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  /** What a reader in a hurry has to see: a decision, or a warning. */
  | { readonly kind: 'callout'; readonly tone: 'good' | 'bad' | 'neutral'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'table'; readonly table: DocumentTable }
  | { readonly kind: 'chart'; readonly chart: DocumentChart }
  /** A drawing of our own; the SVG is written as it is. */
  | { readonly kind: 'figure'; readonly caption: string; readonly svg: string }

export interface DocumentTable {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Indexes of the columns that hold numbers; they are set to the right. */
  readonly numeric?: readonly number[]
}

export interface DocumentChart {
  /** What the chart shows, for those who don't see it; Markdown has only this. */
  readonly caption: string
  readonly spec: TopLevelSpec
}

export interface Document {
  readonly title: string
  readonly blocks: readonly Block[]
}

export const heading = (level: 1 | 2 | 3, text: string): Block => ({ kind: 'heading', level, text })
export const paragraph = (text: string): Block => ({ kind: 'paragraph', text })
export const list = (items: readonly string[]): Block => ({ kind: 'list', items })
export const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numeric: readonly number[] = [],
): Block => ({ kind: 'table', table: { head, rows, numeric } })
export const figure = (caption: string, svg: string): Block => ({ kind: 'figure', caption, svg })
export const chart = (caption: string, spec: TopLevelSpec): Block => ({
  kind: 'chart',
  chart: { caption, spec },
})
