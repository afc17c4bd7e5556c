/** Bytes of a name in PostgreSQL, which cuts longer ones without a word. */
const maxNameBytes = 63

/** The name as the server would cut it: no character is cut in two. */
export function cutToFit(name: string): string {
  let fitting = name
  while (Buffer.byteLength(fitting) > maxNameBytes) fitting = fitting.slice(0, -1)
  return fitting
}
