/** The version of dbt that templates, artifacts and packages are told of: the one whose ways are followed here. */
export const dbtVersion = '1.12.3'
