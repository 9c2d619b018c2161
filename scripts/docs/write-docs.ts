import { writeFile } from 'node:fs/promises';
import { errorDocs } from './error-docs.ts';
import { replicaDocs } from './replica-docs.ts';

await writeFile(new URL('../../docs/errors.md', import.meta.url), errorDocs());
await writeFile(new URL('../../docs/replica.md', import.meta.url), replicaDocs());
process.stdout.write('Written: docs/errors.md, docs/replica.md\n');
