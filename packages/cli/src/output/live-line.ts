import type { Output } from '../context.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const REDRAW_MS = 100;
const QUIET_MS = 700;
/** Where there is no terminal to redraw on, a word now and then shows that it lives. */
const PLAIN_EVERY_MS = 15_000;

/** One line that is redrawn in place while something takes long. */
export interface LiveLine {
  /** Stops redrawing, and leaves `last` as the line that stays; nothing where it is left out. */
  end(last?: string): void;
}

/**
 * Shows what `text` says, anew ten times a second, from 0.7 s after the start: what is quicker shows nothing.
 * Without a terminal it is a plain line every 15 s.
 */
export function startLiveLine(output: Output, text: (frame: string) => string): LiveLine {
  const startedAt = performance.now();
  let frame = 0;
  let drawn = false;
  let lastPlain = startedAt;
  const draw = (): void => {
    const now = performance.now();
    if (!output.isTTY) {
      if (now - lastPlain < PLAIN_EVERY_MS) return;
      lastPlain = now;
      output.write(`${text('…')}\n`);
      return;
    }
    if (now - startedAt < QUIET_MS) return;
    frame = (frame + 1) % FRAMES.length;
    output.write(`\r\u001B[2K${cut(text(FRAMES[frame] ?? ''), output.columns)}`);
    drawn = true;
  };
  const timer = setInterval(draw, REDRAW_MS);
  timer.unref();
  return {
    end: (last) => {
      clearInterval(timer);
      if (drawn) output.write('\r\u001B[2K');
      if (last !== undefined) output.write(`${last}\n`);
    },
  };
}

/** A bar of `width` cells for a fraction of 0 to 1. */
export function bar(fraction: number, width = 24): string {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * width);
  return '━'.repeat(filled) + '─'.repeat(width - filled);
}

// A line that wraps could not be redrawn in place.
function cut(text: string, width: number): string {
  const letters = Array.from(text);
  return letters.length < width ? text : letters.slice(0, Math.max(0, width - 1)).join('');
}
