/** A till as a process of its own, configured by its environment. */
import { parseTerminalConfig, startTerminal } from '@tillcast/terminal';

const till = await startTerminal(parseTerminalConfig(process.env));
process.send?.(till.url);
process.once('disconnect', () => void till.stop());
