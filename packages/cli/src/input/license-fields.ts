import type { UpdateLicense } from '@tillcast/protocol/http/admin-api';
import type { FlagSpec } from '../command.ts';
import type { Given } from './given.ts';
import { parseInteger, usageError } from './parse.ts';
import { parseValidUntil } from './valid-until.ts';

export const NAME_FLAG: FlagSpec = { flags: '--name <text>', description: 'The merchant’s name' };

export const TERMINALS_FLAG: FlagSpec = {
  flags: '--terminals <number>',
  description: 'How many terminals may be active at once',
};

/** What the flags say of a license; what was not given is left out. */
export function licenseFieldsOf(given: Given): UpdateLicense {
  const name = given.text('name')?.trim();
  if (name !== undefined && (name === '' || name.length > 200)) {
    throw usageError(`--name must have 1 to 200 characters, and has ${name.length}.`);
  }
  const until = given.text('validUntil');
  const terminals = given.text('terminals');
  return {
    ...(name === undefined ? {} : { name }),
    ...(until === undefined ? {} : { valid_until: parseValidUntil(until) }),
    ...(terminals === undefined ? {} : { terminals_max: parseInteger(terminals, '--terminals', 0, 100_000) }),
  };
}
