/** A till as a process of its own, with its page; its arguments are its environment, as `NAME=value`. */
import { parseTerminalConfig, startTerminal } from '@tillcast/terminal';

const environment = process.argv.slice(2).map((argument): [string, string] => {
  const [name = '', ...value] = argument.split('=');
  return [name, value.join('=')];
});
const till = await startTerminal(parseTerminalConfig(Object.fromEntries(environment)));
process.send?.(till.url);
process.once('disconnect', () => void till.stop());
