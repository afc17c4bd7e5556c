/** Bytes of a name in PostgreSQL, which cuts longer ones without a word. */
const maxNameBytes = 63

/** The name as the server would cut it, no character in two; shorter where bytes are to be left for an ending. */
export function cutToFit(name: string, endingBytes = 0): string {
  let fitting = name
  while (Buffer.byteLength(fitting) > maxNameBytes - endingBytes) fitting = fitting.slice(0, -1)
  return fitting
}
