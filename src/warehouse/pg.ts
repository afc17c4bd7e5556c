import { createRequire } from 'node:module'
import type pg from 'pg'

/*
 * The client of PostgreSQL. While it loads it looks whether this is a worker of Cloudflare: by `navigator`, and where there
 * is none by trying what a `Response` is like, for which Node 20 first loads all that belongs to `fetch`, which takes 15 ms
 * of every command. So for as long as pg loads there is the `navigator` that Node has from 21 on. It does not stay: what
 * a project loads may take who has one for a browser.
 */

function loadPg(): typeof pg {
  const load = () => createRequire(import.meta.url)('pg') as typeof pg
  if ('navigator' in globalThis) return load()
  const value = { userAgent: `Node.js/${process.versions.node.split('.')[0]}` }
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true })
  try {
    return load()
  } finally {
    Reflect.deleteProperty(globalThis, 'navigator')
  }
}

export default loadPg()
