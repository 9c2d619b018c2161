/** A till as a process of its own, configured by its environment. */
import { flushCompileCache } from 'node:module';
import { parseTerminalConfig, startTerminal } from '@tillcast/terminal';

const till = await startTerminal(parseTerminalConfig(process.env));
process.send?.(till.url);
// It may be killed at any time, and then keeps nothing for the next one to start by.
flushCompileCache();
process.once('disconnect', () => void till.stop());
