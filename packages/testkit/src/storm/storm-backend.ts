/** A backend as a process of its own, which tells what it asked of the database; configured by its environment. */
import { parseBackendConfig, startBackend } from '@tillcast/backend';
import { tallyStatements } from './statement-tally.ts';

const takeTally = tallyStatements();
const backend = await startBackend(parseBackendConfig(process.env));
process.send?.(backend.url);
process.on('message', () => process.send?.(takeTally()));
process.once('disconnect', () => void backend.stop());
