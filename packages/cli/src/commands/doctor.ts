import { attackMode } from '../attack/attack-mode.ts';
import { DESIRED_FLAGS } from '../broker/administered-broker.ts';
import type { CliCommand } from '../command.ts';
import { examineMode } from '../doctor/examine-mode.ts';
import { DATA_DIR_FLAG } from '../input/till-environment.ts';

const EXAMINATION =
  'Look at a deployment from wherever this runs, the backend’s machine, a till’s, or any other, and name what is wrong: of each fault what was observed and what expected, its cause, and the command that mends it. Nothing is changed. It knows what it can look at by the variables of backend and till (--env-file, where the shell has others than the service) and by the data directory; checks that do not apply are skipped, and say why. RABBITMQ_ADMIN_URL (http(s)://user:password@host:15672), or the backend’s own RABBITMQ_MANAGEMENT_URL, shows what the broker is like inside. It ends with 0 where all is well, 1 with warnings, 2 with failures.';
const ATTACK =
  'With --attack it attacks a deployment that is yours, and sees whether it holds. Two throw-away licenses are created, a till of each is activated, and one tries whatever may be tried against the other: at the broker, at the API, with forged tokens, by size and by number. A listener on the other license must hear nothing. In the end the licenses are revoked. It is noisy: expect refusals in the logs, entries in the audit log, and limits of requests that are used up for some minutes at the address it runs from. RABBITMQ_ADMIN_URL lets it try what the broker’s operator could do; AMQP_URL what a stolen password of the publisher could; DATABASE_URL what a statement without its filter could. It ends with 1 where an attack was not refused.';

export const doctor: CliCommand = {
  description: `${EXAMINATION}\n\n${ATTACK}`,
  examples: [
    'tillcast doctor',
    'tillcast doctor --env-file backend.env --license EXTRO-LIFE-ABC123 --json',
    'tillcast doctor --data-dir .tillcast/terminal --only till --only clock',
    'tillcast doctor --bundle support.tar.gz',
    'RABBITMQ_ADMIN_URL_FILE=/run/secrets/rabbitmq-admin tillcast doctor --attack --yes --json',
    'tillcast doctor --attack --row A1 --row A4',
  ],
  arguments: [],
  flags: [
    {
      flags: '--only <check>',
      description: 'Only these checks, such as broker.exchange, or groups of them, such as broker',
      repeatable: true,
      fallback: 'all',
    },
    { flags: '--env-file <file>', description: 'Variables as the service has them, NAME=value a line' },
    {
      flags: '--license <key>',
      description: 'Look at this license, too',
      fallback: 'that of this machine’s till',
    },
    DATA_DIR_FLAG,
    ...DESIRED_FLAGS,
    { flags: '--nodes <number>', description: 'How many nodes the RabbitMQ cluster should have' },
    {
      flags: '--known-user <name>',
      description: 'A user of the operator’s own at the broker, which is not reported',
      repeatable: true,
    },
    {
      flags: '--bundle <file>',
      description: 'Write an archive (tar.gz) for support: what was found and seen, without secrets',
    },
    { flags: '--attack', description: 'Try to break it' },
    {
      flags: '--row <name>',
      description: 'Only these attacks: A1 to A10, A13 and LOG',
      repeatable: true,
      fallback: 'all',
    },
    { flags: '--yes', description: 'Do not ask first' },
  ],
  local: false,
  execute: (given, context) => (given.isOn('attack') ? attackMode : examineMode).execute(given, context),
};
