import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Runs a program in the foreground, with this process's terminal, until it ends.
 *
 * A Ctrl-C reaches the child from the terminal itself, so SIGINT is passed on only where there is no
 * terminal; SIGTERM and SIGHUP are always passed on. This process ends after the child, with its exit code.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>} the exit code; 128 + the signal's number when a signal ended the child
 */
export function runChild(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: 'inherit' });
    const onTerminal = process.stdin.isTTY === true || process.stdout.isTTY === true;
    /** @type {Set<NodeJS.Signals>} */
    const passedOn = new Set();
    /** @param {NodeJS.Signals} signal */
    const handle = (signal) => {
      if (signal === 'SIGINT' && (onTerminal || passedOn.has(signal))) return;
      passedOn.add(signal);
      child.kill(signal);
    };
    /** @type {NodeJS.Signals[]} */
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, handle);
    const release = () => {
      for (const signal of signals) process.off(signal, handle);
    };
    child.on('error', (error) => {
      release();
      reject(error);
    });
    child.on('close', (code, signal) => {
      release();
      resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]);
    });
  });
}
