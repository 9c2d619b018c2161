import type { FlagSpec } from './command.ts';

export type Shell = 'bash' | 'zsh';

interface Completable {
  readonly path: readonly string[];
  readonly flags: readonly FlagSpec[];
}

/** A script that completes commands, their second words and flags; file names elsewhere. */
export function completionScript(shell: Shell, commands: readonly Completable[]): string {
  const firsts = [...new Set(commands.map(({ path }) => path[0] ?? ''))].join(' ');
  const seconds = new Map<string, string[]>();
  for (const { path } of commands) {
    const [first = '', second] = path;
    if (second !== undefined) seconds.set(first, [...(seconds.get(first) ?? []), second]);
  }
  const groupCases = [...seconds].map(([group, words]) => `    ${group}) words="${words.join(' ')}" ;;`);
  const flagCases = commands.map(({ path, flags }) => {
    const names = [...flags.map(({ flags: text }) => text.split(/[ ,]/)[0] ?? ''), '--json', '--help'];
    return `    "${path.join(' ')}") flags="${names.join(' ')}" ;;`;
  });
  const head = shell === 'zsh' ? '#compdef tillcast\nautoload -U +X bashcompinit && bashcompinit\n' : '';
  return `${head}_tillcast() {
  local current="\${COMP_WORDS[COMP_CWORD]}" first="\${COMP_WORDS[1]}" words="" flags="" command="\${COMP_WORDS[1]}"
  case "$first" in
${groupCases.join('\n')}
  esac
  [ -n "$words" ] && command="$first \${COMP_WORDS[2]}"
  case "$command" in
${flagCases.join('\n')}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then COMPREPLY=($(compgen -W "${firsts}" -- "$current"))
  elif [ "$COMP_CWORD" -eq 2 ] && [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$current"))
  elif [ "\${current#-}" != "$current" ]; then COMPREPLY=($(compgen -W "$flags" -- "$current"))
  fi
}
complete -o default -F _tillcast tillcast
`;
}
