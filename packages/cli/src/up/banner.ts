import { relative } from 'node:path';
import type { CliContext } from '../context.ts';
import { columns } from '../output/columns.ts';
import { counted } from '../output/figures.ts';
import { type DemoPlan, PRICE_CHANGES } from './demo-plan.ts';
import type { RunningDemo } from './demo-stack.ts';

/** What a person who has just started the demo needs: addresses, keys, what to mind, what to try. */
export function banner(running: RunningDemo, plan: DemoPlan, apiKey: string, context: CliContext): string {
  const { accent, bold, muted, ok, warning } = context.outStyles;
  const here = (path: string): string => relative(context.cwd, path) || '.';
  const dataDir = here(plan.dataDir);
  const tills = running.tills.map(({ till, url, license }) => [
    till.merchant,
    accent(url),
    `${till.license}, ${counted(license.items, 'item')}`,
  ]);
  const { managementUrl } = running.broker;
  const places = [
    ...tills,
    ['Backend', accent(running.backendUrl), `API described at ${running.backendUrl}/docs`],
    ...(managementUrl === null
      ? []
      : [['RabbitMQ', accent(managementUrl), `user and password in ${dataDir}/rabbitmq/node.json`]]),
    ['Logs', `${dataDir}/logs`],
    ['API key', `${dataDir}/admin-api-key`, ''],
  ];
  const [first] = running.tills;
  const license = first?.till.license ?? '';
  const commands = [
    `npx tillcast publish price --license ${license} --product 85123A --price 2.95`,
    'npx tillcast broadcast system_notice --message "Fresh cake at the counter"',
    `npx tillcast replay ${here(PRICE_CHANGES)} --license ${license} --speed 100000`,
  ];
  return `
${ok(bold('Tillcast runs'))}

${indent(columns([], places))}${indent(`         ${apiKey}\n`)}
${dataNotice(plan, context, warning, here)}
${bold('Try, in a second shell')}
${indent(`${commands.join('\n')}\n`)}
${muted('Ctrl-C stops everything.')}
`;
}

function dataNotice(
  plan: DemoPlan,
  context: CliContext,
  warning: (word: string) => string,
  here: (path: string) => string,
): string {
  if ((context.env['DATABASE_URL'] ?? '') !== '') return '';
  return `${warning('embedded database')}  in ${here(plan.dataDir)}/database, for trying out: a power cut may lose the last changes.\n  For more than that set DATABASE_URL to a PostgreSQL.\n`;
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
