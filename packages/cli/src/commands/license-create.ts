import type { CreateLicense, License } from '@tillcast/protocol/http/admin-api';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { quoted, usageError } from '../input/parse.ts';
import { licenseLines } from '../output/license-lines.ts';

export const licenseCreate: CliCommand = defineCommand<CreateLicense, License>({
  description:
    'Create a license with an empty catalog. Its key says its term: EXTRO-LIFE-… has no end, EXTRO-1MTR-… one month, EXTRO-3MTR-… three.',
  examples: [
    'tillcast license create EXTRO-LIFE-CAFE01 --name "Café Nord"',
    'tillcast license create EXTRO-1MTR-TRIAL7 --valid-until 2027-01-31',
  ],
  arguments: [{ name: 'key', description: 'The license key' }],
  flags: [
    { flags: '--name <text>', description: 'The merchant’s name' },
    {
      flags: '--valid-until <date>',
      description: 'Its last day or moment (ISO 8601), or `never`',
      fallback: 'as the key’s term says',
    },
  ],
  validate: (given) => {
    const name = given.text('name')?.trim();
    if (name !== undefined && (name === '' || name.length > 200)) {
      throw usageError(`--name must have 1 to 200 characters, and has ${name.length}.`);
    }
    const until = given.text('validUntil');
    return {
      key: parseLicenseKey(given.argument(0)),
      ...(name === undefined ? {} : { name }),
      ...(until === undefined ? {} : { valid_until: parseEnd(until) }),
    };
  },
  run: (license, context) => withClient(context, (client) => client.createLicense(license)),
  print: (license, context) => {
    context.out.write(`${context.outStyles.ok('created')}\n${licenseLines(license, context)}`);
  },
});

function parseEnd(text: string): string | null {
  if (text === 'never') return null;
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const isMoment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/.test(text);
  // A day ends at its last millisecond, in UTC.
  const date = new Date(isDay ? `${text}T23:59:59.999Z` : text);
  const rolledOver = isDay && !Number.isNaN(date.getTime()) && !date.toISOString().startsWith(text);
  if ((!isDay && !isMoment) || Number.isNaN(date.getTime()) || rolledOver) {
    throw usageError(
      `--valid-until must be a day such as 2027-01-31, a moment such as 2027-01-31T18:00:00Z, or never, and is ${quoted(text)}.`,
    );
  }
  return date.toISOString();
}
