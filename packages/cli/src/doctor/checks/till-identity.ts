import { scopesOf } from '@tillcast/protocol/identity/scopes';
import { type Check, type Fault, skipped, verdictOf } from '../check.ts';
import type { TillFacts } from '../facts/facts.ts';

/** What to do about each refusal of the server. */
const MENDS: Readonly<Record<string, string>> = {
  license_suspended: 'the operator: tillcast license resume <key>',
  license_expired: 'the operator: tillcast license update <key> --valid-until <date>',
  license_revoked: 'the operator: tillcast license create <another key>; here: tillcast terminal reset',
  license_unknown: 'tillcast terminal reset, and tillcast terminal activate --license <key>',
  terminal_revoked: 'tillcast terminal reset, and tillcast terminal activate --license <key>',
  terminal_unknown: 'tillcast terminal reset, and tillcast terminal activate --license <key>',
  assertion_invalid: 'tillcast terminal reset, and tillcast terminal activate --license <key>',
  secret_unreadable: 'tillcast terminal reset, and tillcast terminal activate --license <key>',
  license_key_not_accepted: 'tillcast terminal activate --license <key>',
  backend_unavailable: 'tillcast doctor --only api',
};

/** Whether the server gives this machine's till a token, and one that opens all it needs. */
export const tillIdentity: Check = {
  id: 'till.token',
  title: 'The till’s token',
  expected: 'the server gives one, with all scopes',
  judge: ({ till }) => {
    if (!till.known) return skipped(till.why);
    const { value } = till;
    const { scopes = [] } = value.token?.given === true ? value.token : {};
    const observed =
      value.identity === null ? 'its license key is taken alone' : `given, ${scopes.length} scopes`;
    return verdictOf(faultsOf(value), observed);
  },
};

function faultsOf({ dataDir, identity, identityFault, token }: TillFacts): readonly Fault[] {
  const base = { grade: 'failure' as const, what: `till in ${dataDir}` };
  if (identityFault !== null) {
    return [
      {
        ...base,
        observed: identityFault,
        expected: 'a file that says who it is',
        cause: 'it was damaged, by a full disk or by hand',
        mend: 'tillcast terminal reset, and tillcast terminal activate --license <key>',
      },
    ];
  }
  if (token === null) {
    return [
      {
        ...base,
        observed: 'not activated, or not configured',
        expected: 'activated for a license',
        cause: 'nobody has activated it yet, or TILLCAST_DATA_DIR names another folder than before',
        mend: 'tillcast terminal activate --license <key>',
      },
    ];
  }
  if (!token.given) {
    return [
      {
        ...base,
        observed: `${token.code}: ${token.message}`,
        expected: 'a token',
        cause: 'without one it gets no change and hands in no sale; it sells on with what it has',
        mend: MENDS[token.code] ?? 'tillcast terminal status',
      },
    ];
  }
  if (identity === null) return [];
  const missing = scopesOf(identity.license_key, identity.terminal_id).filter(
    (scope) => !token.scopes.includes(scope),
  );
  if (missing.length === 0) return [];
  return [
    {
      ...base,
      what: 'scopes of its token',
      observed: `without ${missing.join(', ')}`,
      expected: 'read of its license’s keys and of broadcasts, and its own queues',
      cause:
        'the license has ended and only sales are still taken, or something before the backend gives tokens of its own',
      mend: 'tillcast terminal token --json, and the operator: tillcast license show <key>',
    },
  ];
}
