import { expect, test } from 'vitest';
import { cliReference } from './cli-reference.ts';

test('docs/cli.md is what the commands say of themselves', async () => {
  await expect(await cliReference()).toMatchFileSnapshot('../../../docs/cli.md');
});
