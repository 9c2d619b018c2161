/** "TSAL": marks a SQLite file as one of sales. */
export const SALES_APPLICATION_ID = 0x54_53_41_4c;

export const SALES_SCHEMA_VERSION = 1;

/**
 * The till's sales file. A sale is `saved` until the server has answered for it; both answers are final. `tries` counts how often
 * the server failed over it: those that it failed over least go first, so that none holds up the others.
 */
export const SALES_SCHEMA = `
  create table owner (
    one integer primary key check (one = 1),
    license_key text not null,
    terminal_id text not null,
    counter integer not null
  ) strict;

  create table sales (
    counter integer primary key,
    id text not null unique,
    kind text not null check (kind in ('sale', 'refund')),
    refund_of text,
    body text not null,
    saved_at text not null,
    state text not null check (state in ('saved', 'accepted', 'rejected')),
    tries integer not null,
    code text,
    detail text,
    answered_at text
  ) strict;

  create index sales_waiting on sales (tries, counter) where state = 'saved';
  create index sales_rejected on sales (counter) where state = 'rejected';
  create index sales_refunds on sales (refund_of) where refund_of is not null;

  create table orders (
    id text primary key,
    revision integer not null,
    body text not null
  ) strict;

  create table kept (
    key text primary key,
    value text not null
  ) strict;
`;
