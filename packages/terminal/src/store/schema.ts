/** "TILL": marks a SQLite file as one of ours. */
export const APPLICATION_ID = 0x54_49_4c_4c;

/** A file of another version is not migrated: what it holds can be asked for again. */
export const SCHEMA_VERSION = 1;

/**
 * The till's catalog file. `items` is an ordinary rowid table: with bodies of some 200 bytes, 10,000 updates
 * took 31 ms in it and 44 ms in one without rowid.
 */
export const SCHEMA = `
  create table meta (
    one integer primary key check (one = 1),
    license_key text not null,
    epoch text,
    version integer,
    digest text,
    check ((epoch is null) = (version is null) and (version is null) = (digest is null))
  ) strict;

  create table items (
    kind text not null,
    id text not null,
    body text not null,
    digest text not null,
    primary key (kind, id)
  ) strict;

  create table activity (
    id integer primary key autoincrement,
    type text not null,
    version integer,
    summary text not null,
    kind text,
    item_id text,
    old_price real,
    new_price real,
    currency text,
    committed_at text,
    received_at text,
    applied_at text not null
  ) strict;

  create table notices (
    id text primary key,
    message text not null,
    severity text not null,
    sent_at text not null,
    expires_at text not null
  ) strict;
`;
