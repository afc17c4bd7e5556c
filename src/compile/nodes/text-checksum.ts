import { hash } from 'node:crypto'

/** The checksum of a file's text as dbt has it in its manifest since 1.12: how it is laid out does not count. */
export function textChecksum(text: string): string {
  const words = text.split(/\p{White_Space}+/u).filter((word) => word !== '')
  return hash('sha256', words.join(' '))
}
