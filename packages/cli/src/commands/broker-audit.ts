import {
  type AuditOptions,
  auditBroker,
  type DesiredBroker,
  type Finding,
  type ManagementClient,
} from '@tillcast/broker';
import { ADMIN_VARIABLE, administeredBroker, DESIRED_FLAGS } from '../broker/administered-broker.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { counted } from '../output/figures.ts';

interface Input {
  readonly management: ManagementClient;
  readonly desired: DesiredBroker;
  readonly options: AuditOptions;
}

export const brokerAudit: CliCommand = defineCommand<Input, readonly Finding[]>({
  description: `Compare a RabbitMQ with what \`tillcast broker provision\` makes of it, and look for every other way out: users, bindings, exchanges, policies, relays, plugins, listeners. It changes nothing, and ends with 1 where something is not as it should be. ${ADMIN_VARIABLE} (or ${ADMIN_VARIABLE}_FILE) names the management API and its administrator, who is not reported.`,
  examples: [
    `${ADMIN_VARIABLE}_FILE=admin-url tillcast broker audit`,
    `${ADMIN_VARIABLE}_FILE=admin-url tillcast broker audit --vhost pos --known-user ops --json`,
  ],
  flags: [
    ...DESIRED_FLAGS,
    {
      flags: '--known-user <name>',
      description: 'A user of the operator’s own, which is not reported',
      repeatable: true,
    },
  ],
  local: true,
  validate: (given, context) => {
    const { reader, desired, connect, plaintextAllowed } = administeredBroker(given, context);
    reader.finish('The environment of tillcast broker audit');
    const options = { knownUsers: given.list('knownUser'), allowPlaintext: plaintextAllowed };
    return { management: connect(), desired, options };
  },
  run: ({ management, desired, options }) => auditBroker(management, desired, options),
  print: (findings, { out, outStyles }) => {
    for (const { what, expected, observed, mend } of findings) {
      out.write(`${outStyles.failed(what)}\n`);
      out.write(`  ${outStyles.muted('expected')}  ${expected}\n`);
      out.write(`  ${outStyles.muted('observed')}  ${observed}\n`);
      out.write(`  ${outStyles.muted('to mend')}   ${mend}\n`);
    }
    out.write(
      findings.length === 0
        ? `${outStyles.ok('as it should be')}  nothing found\n`
        : `${outStyles.failed('not as it should be')}  ${counted(findings.length, 'finding')}\n`,
    );
  },
  json: (findings) => ({
    safe: findings.length === 0,
    ...(findings.length === 0 ? {} : { code: 'broker_unsafe' }),
    findings,
  }),
  exitCode: (findings) => (findings.length === 0 ? 0 : 1),
});
