/**
 * The one catalog of error codes. A code never changes its meaning; HTTP answers, the CLI's `--json`
 * and logs carry it. `status` is the HTTP status, `exit` the CLI's exit code (0 ok, 1 failure, 2 usage,
 * 3 not found, 4 auth, 5 conflict, 6 unavailable), `title` RFC 9457's title.
 */
export const ERROR_CATALOG = {
  // What was asked is not well-formed
  license_key_malformed: { status: 400, exit: 2, title: 'The license key is malformed' },
  request_invalid: { status: 400, exit: 2, title: 'The request is not valid' },
  request_too_large: { status: 413, exit: 2, title: 'The request is too large' },
  media_type_unsupported: { status: 415, exit: 2, title: 'The media type is not supported' },
  request_timeout: { status: 408, exit: 6, title: 'The request took too long' },
  method_not_allowed: { status: 405, exit: 2, title: 'The method is not allowed here' },
  item_invalid: { status: 400, exit: 2, title: 'An item is not valid' },
  price_invalid: { status: 400, exit: 2, title: 'A price is not valid' },
  currency_unknown: { status: 400, exit: 2, title: 'The currency is not known' },
  sale_invalid: { status: 400, exit: 2, title: 'A sale is not valid' },
  order_invalid: { status: 409, exit: 2, title: 'The order does not allow this' },
  order_changed: { status: 409, exit: 5, title: 'The order was changed meanwhile' },
  product_unavailable: { status: 409, exit: 5, title: 'The product is not for sale' },
  modifiers_invalid: { status: 400, exit: 2, title: 'The options do not fit the product' },
  discount_invalid: { status: 400, exit: 2, title: 'A discount is not valid' },
  payment_invalid: { status: 400, exit: 2, title: 'The payment does not fit the total' },
  refund_invalid: { status: 409, exit: 5, title: 'This cannot be given back' },
  import_invalid: { status: 400, exit: 2, title: 'The import has bad rows' },
  message_invalid: { status: 400, exit: 2, title: 'The message is not valid' },
  message_too_large: { status: 413, exit: 2, title: 'The message is too large' },
  configuration_invalid: { status: 500, exit: 2, title: 'The configuration is not valid' },
  usage: { status: 400, exit: 2, title: 'The command was not understood' },

  // Who is asking
  credentials_missing: { status: 401, exit: 4, title: 'Credentials are missing' },
  license_unknown: { status: 401, exit: 4, title: 'The license is not known' },
  license_suspended: { status: 403, exit: 4, title: 'The license is suspended' },
  license_expired: { status: 403, exit: 4, title: 'The license has expired' },
  license_revoked: { status: 403, exit: 4, title: 'The license is revoked' },
  activation_refused: { status: 401, exit: 4, title: 'License key and activation code do not go together' },
  too_many_terminals: { status: 409, exit: 5, title: 'The license has no terminal left to activate' },
  terminal_unknown: { status: 401, exit: 4, title: 'The terminal is not known' },
  terminal_revoked: { status: 403, exit: 4, title: 'The terminal is revoked' },
  terminal_not_activated: { status: 401, exit: 4, title: 'This till is not activated' },
  assertion_invalid: { status: 401, exit: 4, title: 'The assertion is not valid' },
  token_invalid: { status: 401, exit: 4, title: 'The access token is not valid' },
  token_expired: { status: 401, exit: 4, title: 'The access token has expired' },
  scope_insufficient: { status: 403, exit: 4, title: 'The access token does not allow this' },
  license_key_not_accepted: {
    status: 401,
    exit: 4,
    title: 'A license key alone is not accepted here',
  },
  api_key_invalid: { status: 401, exit: 4, title: 'The API key is not valid' },
  csrf_invalid: { status: 403, exit: 4, title: 'The request does not come from an open page' },
  pin_wrong: { status: 401, exit: 4, title: 'The PIN is not right' },
  staff_needed: { status: 401, exit: 4, title: 'Nobody is signed in' },
  manager_needed: { status: 403, exit: 4, title: 'Only a manager may do this' },
  origin_refused: { status: 403, exit: 4, title: 'Requests from there are not accepted' },
  broker_access_refused: { status: 503, exit: 4, title: 'The broker refused the credentials' },

  // What is there
  not_found: { status: 404, exit: 3, title: 'There is nothing here' },
  license_not_found: { status: 404, exit: 3, title: 'There is no such license' },
  change_not_found: { status: 404, exit: 3, title: 'There is no such change' },
  item_not_found: { status: 404, exit: 3, title: 'There is no such item' },
  history_gone: { status: 410, exit: 5, title: 'This history cannot be continued; take the snapshot' },
  version_moved: { status: 409, exit: 5, title: 'The catalog is at another version by now' },
  terminal_not_found: { status: 404, exit: 3, title: 'There is no such terminal' },
  sale_not_found: { status: 404, exit: 3, title: 'There is no such sale' },
  order_not_found: { status: 404, exit: 3, title: 'There is no such order' },
  unsent_sales: { status: 409, exit: 5, title: 'Sales wait to be sent' },
  already_activated: { status: 409, exit: 5, title: 'This till is activated already' },
  sale_conflict: { status: 409, exit: 5, title: 'Another sale has this id' },
  license_exists: { status: 409, exit: 5, title: 'The license exists already' },
  rotation_too_soon: { status: 409, exit: 5, title: 'The next key is too young to sign' },
  file_foreign: { status: 500, exit: 5, title: 'A file is not ours to replace' },
  database_not_empty: { status: 500, exit: 5, title: 'The database holds something already' },
  backup_damaged: { status: 500, exit: 1, title: 'The backup is not whole' },
  port_in_use: { status: 500, exit: 5, title: 'A port is in use' },
  data_in_use: { status: 500, exit: 5, title: 'The data directory is in use by another process' },
  schema_newer: { status: 500, exit: 5, title: 'The database is newer than this program' },
  schema_differs: { status: 500, exit: 5, title: 'The database has another schema than this program' },

  // What cannot be reached now
  database_unavailable: { status: 503, exit: 6, title: 'The database is not available' },
  broker_unavailable: { status: 503, exit: 6, title: 'The broker is not available' },
  browser_missing: { status: 503, exit: 6, title: 'There is no browser to show the till in' },
  broker_missing: { status: 503, exit: 6, title: 'RabbitMQ was not found' },
  broker_start_failed: { status: 503, exit: 6, title: 'RabbitMQ did not start' },
  broker_topology_conflict: {
    status: 503,
    exit: 5,
    title: 'The broker holds another declaration of the same name',
  },
  publish_refused: { status: 503, exit: 6, title: 'The broker did not confirm a message' },
  backend_unavailable: { status: 503, exit: 6, title: 'The backend is not available' },
  answer_invalid: { status: 502, exit: 6, title: 'The answer of another service is not valid' },
  till_disk_full: { status: 507, exit: 1, title: "The till's disk is full" },
  rate_limited: { status: 429, exit: 6, title: 'Too many requests' },
  secret_unreadable: { status: 500, exit: 1, title: 'A stored secret cannot be opened' },
  audit_broken: { status: 500, exit: 1, title: 'The audit log was tampered with' },
  broker_unsafe: { status: 503, exit: 1, title: 'The broker is not as it should be' },
  attack_succeeded: { status: 500, exit: 1, title: 'An attack was not refused' },
  overloaded: { status: 503, exit: 6, title: 'The service has too much to do just now' },
  internal: { status: 500, exit: 1, title: 'Something failed inside' },
} as const;

export type ErrorCode = keyof typeof ERROR_CATALOG;

/** One row of the catalog. */
export interface ErrorEntry {
  readonly status: number;
  readonly exit: 1 | 2 | 3 | 4 | 5 | 6;
  readonly title: string;
}

/** Every row is an ErrorEntry: a wrong one does not compile here. */
const ENTRIES: Readonly<Record<ErrorCode, ErrorEntry>> = ERROR_CATALOG;

/** Whether a string from outside is a code of the catalog. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERROR_CATALOG, value);
}

/** Where in the input something is wrong: an RFC 6901 pointer (or `line 12`) and what. */
export interface ErrorDetail {
  readonly pointer: string;
  readonly detail: string;
}

/** Every error that Tillcast raises on purpose: a stable code, a message that says what failed and what to do. */
export class TillcastError extends Error {
  readonly code: ErrorCode;
  readonly details: readonly ErrorDetail[];

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: readonly ErrorDetail[] } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'TillcastError';
    this.code = code;
    this.details = options.details ?? [];
  }

  get status(): number {
    return ENTRIES[this.code].status;
  }
}

/** The error as a TillcastError: itself, or wrapped as `internal` with its cause kept. */
export function asTillcastError(error: unknown): TillcastError {
  if (error instanceof TillcastError) return error;
  return new TillcastError('internal', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}
