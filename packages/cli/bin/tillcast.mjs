#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { runChild } from '../../../scripts/setup/run-child.mjs';
import { findNode, REQUIRED_NODE_MAJOR } from '../../../scripts/setup/toolchain.mjs';

// The `tillcast` command. An older Node that starts it hands over to the one that the set-up fetched.
const node = findNode();
if (node === undefined) {
  process.stderr.write(
    `tillcast needs Node.js ${REQUIRED_NODE_MAJOR} or newer, and this is ${process.versions.node}.\n` +
      'Run `npm start` once: it fetches one. Or install it from https://nodejs.org.\n',
  );
  process.exitCode = 1;
} else if (node === process.execPath) {
  await import('../src/main.ts');
} else {
  process.exitCode = await runChild(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
}
