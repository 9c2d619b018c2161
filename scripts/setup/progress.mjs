const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const QUIET_MS = 700;

/**
 * Shows that something is going on while `work` runs: nothing when it is quick, else a spinner with the
 * elapsed time on a terminal, and one line at the start and one at the end elsewhere.
 * @template T
 * @param {string} label what is being done, e.g. "Installing the dependencies"
 * @param {() => Promise<T>} work
 * @returns {Promise<T>} what `work` resolves to
 */
export async function withProgress(label, work) {
  const out = process.stderr;
  const startedAtMs = Date.now();
  const elapsed = () => `${Math.round((Date.now() - startedAtMs) / 1000)} s`;
  let frame = 0;
  let shown = false;
  const draw = () => {
    shown = true;
    out.write(`\r\x1b[2K${FRAMES[frame++ % FRAMES.length]} ${label} … ${elapsed()}`);
  };
  /** @type {NodeJS.Timeout | undefined} */
  let spinner;
  const quiet = setTimeout(() => {
    if (out.isTTY) {
      spinner = setInterval(draw, 100);
    } else {
      shown = true;
      out.write(`${label} …\n`);
    }
  }, QUIET_MS);
  /** @param {string} mark */
  const finish = (mark) => {
    clearTimeout(quiet);
    if (spinner !== undefined) clearInterval(spinner);
    if (shown) out.write(`${out.isTTY ? '\r\x1b[2K' : ''}${mark} ${label} (${elapsed()})\n`);
  };
  try {
    const result = await work();
    finish('✓');
    return result;
  } catch (error) {
    finish('✗');
    throw error;
  }
}
