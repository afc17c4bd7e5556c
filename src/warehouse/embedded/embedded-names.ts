/** The superuser and the database that `initdb` and the first start make. */
export const embeddedUser = 'estimand'
export const embeddedDatabase = 'estimand'
