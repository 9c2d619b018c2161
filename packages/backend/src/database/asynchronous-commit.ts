/**
 * A CTE that lets its statement's commit not wait for the disk, at no further round trip; the statement must
 * select from `asynchronous`. For what is told again anyway, such as leases and reports.
 */
export const ASYNCHRONOUS_COMMIT =
  "asynchronous AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))";
