import { resolve } from 'node:path';
import {
  type DesiredBroker,
  type ManagementClient,
  type Provisioned,
  provisionBroker,
} from '@tillcast/broker';
import { ADMIN_VARIABLE, administeredBroker, DESIRED_FLAGS } from '../broker/administered-broker.ts';
import { passwordsOfFile, readPasswords } from '../broker/user-passwords.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { usageError } from '../input/parse.ts';
import { counted } from '../output/figures.ts';

interface Input {
  readonly management: ManagementClient;
  readonly desired: DesiredBroker;
  readonly passwords: Readonly<Record<string, string>>;
  readonly credentialsFile: string | null;
}

interface Result extends Provisioned {
  /** The file with the passwords that were made now. */
  readonly newCredentials: string | null;
}

export const brokerProvision: CliCommand = defineCommand<Input, Result>({
  description: `Make a RabbitMQ what Tillcast needs: exchange, policy, limits, and the users tillcast-publisher and tillcast-guardian with their permissions. What is right is left alone. ${ADMIN_VARIABLE} (or ${ADMIN_VARIABLE}_FILE) names the management API and its administrator; the users’ passwords come from TILLCAST_PUBLISHER_PASSWORD and TILLCAST_GUARDIAN_PASSWORD (or _FILE), or from the credentials file. How RabbitMQ checks access tokens stands in its own configuration, which \`tillcast broker config\` writes.`,
  examples: [
    `${ADMIN_VARIABLE}_FILE=admin-url tillcast broker provision --credentials-file broker.env`,
    `${ADMIN_VARIABLE}=http://admin:password@localhost:15672 TILLCAST_PUBLISHER_PASSWORD_FILE=publisher TILLCAST_GUARDIAN_PASSWORD_FILE=guardian tillcast broker provision --vhost pos`,
  ],
  flags: [
    ...DESIRED_FLAGS,
    {
      flags: '--credentials-file <path>',
      description: 'Where the users’ passwords are; made with new ones, mode 0600, where it is missing',
    },
  ],
  local: true,
  validate: (given, context) => {
    const { reader, desired, connect } = administeredBroker(given, context);
    const passwords = readPasswords(reader);
    reader.finish('The environment of tillcast broker provision');
    const file = given.text('credentialsFile');
    return {
      management: connect(),
      desired,
      passwords,
      credentialsFile: file === undefined ? null : resolve(context.cwd, file),
    };
  },
  run: async ({ management, desired, passwords, credentialsFile }) => {
    const without = await usersWithoutPassword(management, desired, passwords);
    if (credentialsFile === null) {
      if (without.length > 0) {
        throw usageError(
          `${without.join(' and ')} would have no password: name a file for new ones (--credentials-file), or give TILLCAST_PUBLISHER_PASSWORD and TILLCAST_GUARDIAN_PASSWORD.`,
        );
      }
      return { ...(await provisionBroker(management, desired, passwords)), newCredentials: null };
    }
    const kept = await passwordsOfFile(credentialsFile);
    const provisioned = await provisionBroker(management, desired, { ...kept.passwords, ...passwords });
    return { ...provisioned, newCredentials: kept.isNew ? credentialsFile : null };
  },
  print: (result, { out, outStyles }) => {
    for (const { what, was, is } of result.changed) {
      out.write(
        `${outStyles.ok(what)}\n  ${outStyles.muted('was')} ${was}\n  ${outStyles.muted('is')}  ${is}\n`,
      );
    }
    for (const user of result.passwordsSet) out.write(`${outStyles.ok(`password of ${user}`)}\n`);
    const changes =
      result.changed.length === 0 ? 'nothing to change' : counted(result.changed.length, 'line');
    out.write(`${outStyles.ok('provisioned')}  ${changes}\n`);
    if (result.newCredentials !== null) out.write(`New passwords are in ${result.newCredentials}\n`);
  },
  json: ({ changed, passwordsSet, newCredentials }) => ({
    changed,
    passwords_set: passwordsSet,
    credentials_file: newCredentials,
  }),
});

/** Users that would be left without a password, since none is given and they have none yet. */
async function usersWithoutPassword(
  management: ManagementClient,
  desired: DesiredBroker,
  passwords: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const known = await management.listUsers();
  const has = (name: string): boolean =>
    known.some((user) => user.name === name && user.passwordHash !== '') || passwords[name] !== undefined;
  return desired.users.map(({ name }) => name).filter((name) => !has(name));
}
