import type { BroadcastRequest } from '@tillcast/protocol/http/admin-api';
import { NOTICE_MAX_LENGTH } from '@tillcast/protocol/messages/envelope';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { parseDurationSeconds, usageError } from '../input/parse.ts';

interface Result {
  readonly id: string;
  readonly expires_at: string;
}

const MAX_SECONDS = 31_536_000;

export const broadcastSystemNotice: CliCommand = defineCommand<BroadcastRequest, Result>({
  description: 'Show a notice on every till of every license until it expires.',
  examples: [
    'tillcast broadcast system_notice --message "We close at six today"',
    'tillcast broadcast system_notice --message "Card payments are down" --severity warning --expires-in 2h',
  ],
  flags: [
    {
      flags: '--message <text>',
      description: `What staff should read, at most ${NOTICE_MAX_LENGTH} characters`,
      required: true,
    },
    {
      flags: '--severity <level>',
      description: 'How it looks',
      choices: ['info', 'warning'],
      fallback: 'info',
    },
    {
      flags: '--expires-in <duration>',
      description: 'How long it is shown: 90s, 30m, 24h, 7d',
      fallback: '24h',
    },
  ],
  validate: (given) => {
    const message = given.required('message').trim();
    if (message === '' || message.length > NOTICE_MAX_LENGTH) {
      throw usageError(
        `--message must have 1 to ${NOTICE_MAX_LENGTH} characters, and has ${message.length}.`,
      );
    }
    const expires_in_s = parseDurationSeconds(given.text('expiresIn') ?? '24h', '--expires-in');
    if (expires_in_s > MAX_SECONDS) throw usageError('--expires-in must be at most a year, 365d.');
    const severity = given.text('severity') === 'warning' ? 'warning' : 'info';
    return { type: 'system_notice', message, severity, expires_in_s };
  },
  run: (request, context) => withClient(context, (client) => client.broadcast(request)),
  print: (result, { out, outStyles }) =>
    out.write(`${outStyles.ok('broadcast')}  to every license, until ${result.expires_at}\n`),
});
