/** The file of users: a line `name:$scrypt$…` for each, as `astrolabe console hash-password` prints it. */
import { createHash } from 'node:crypto';

export interface KnownUser {
  readonly name: string;
  /** `$scrypt$…` */
  readonly passwordText: string;
  /**
   * Tells this line from another of the same name without saying anything about the password: sessions hold it, so that
   * a changed password ends them.
   */
  readonly mark: string;
}

export interface UsersReading {
  readonly users: ReadonlyMap<string, KnownUser>;
  /** Line and what is wrong with it. The file is used only if there are none. */
  readonly problems: readonly string[];
}

/** Empty lines, and those that begin with `#`, are left out. */
export function readUsers(
  text: string,
  isName: (name: string) => boolean,
  isHash: (text: string) => boolean,
): UsersReading {
  const users = new Map<string, KnownUser>();
  const problems: string[] = [];
  text.split(/\r?\n/).forEach((line, index) => {
    const content = line.trim();
    if (content === '' || content.startsWith('#')) return;
    const colon = content.indexOf(':');
    const name = content.slice(0, colon);
    const passwordText = content.slice(colon + 1);
    const problem = (what: string): unknown => problems.push(`line ${index + 1} ${what}`);
    // What is on the line stays untold: it may be a password that somebody typed where its hash belongs.
    if (colon < 1 || !isName(name)) problem('does not begin with a name and a colon');
    else if (!isHash(passwordText)) problem('has no hash that "astrolabe console hash-password" could have printed');
    else if (users.has(name)) problem(`has the name ${name}, which another line has too`);
    else users.set(name, { name, passwordText, mark: markOf(content) });
  });
  if (users.size === 0 && problems.length === 0) problems.push('it names nobody');
  return { users, problems };
}

function markOf(line: string): string {
  return createHash('sha256').update(line).digest('base64url').slice(0, 16);
}
