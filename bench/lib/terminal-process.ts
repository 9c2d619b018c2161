/** A till as a process of its own, with its page; its environment is its argument, as JSON. */
import { parseTerminalConfig, startTerminal } from '@tillcast/terminal';

const till = await startTerminal(parseTerminalConfig(JSON.parse(process.argv[2] ?? '{}')));
process.send?.(till.url);
process.once('disconnect', () => void till.stop());
