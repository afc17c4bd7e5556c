import databases from '@databases/sql'

/**
 * The tag that builds SQL: values become parameters, `sql.ident` quotes names. Import it from here: the
 * package is CommonJS, and its types put the tag under `default`, where it is as well at run time.
 */
export const sql = databases.default

export type { SQLQuery } from '@databases/sql'
