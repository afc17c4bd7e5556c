/** `model.<package>.<name>`, `source.<package>.<source>.<table>`, as in dbt's manifest. */
export type NodeId = string
