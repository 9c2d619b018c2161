/**
 * Something the set-up cannot do by itself. Its message says what failed and what to do, and is all that a
 * person sees of it.
 */
export class SetupError extends Error {
  /** @override */
  name = 'SetupError';
}

/**
 * Runs a script's main function; a SetupError ends the process with its message and exit code 1, anything
 * else with its stack.
 * @param {() => Promise<number>} main resolves to the exit code
 * @returns {Promise<void>}
 */
export async function exitWith(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    process.exitCode = 1;
  }
}
