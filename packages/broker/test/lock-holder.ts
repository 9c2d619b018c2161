import { takeExclusiveLock } from '../src/exclusive-lock.ts';

// Takes the lock that its argument names, says how it went, and stays until it is killed.
const lock = takeExclusiveLock(process.argv[2] ?? '');
process.send?.(lock === null ? 'refused' : 'taken');
setInterval(() => undefined, 1_000);
