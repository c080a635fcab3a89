import { readFile, stat } from 'node:fs/promises';
import { parsePasswordHash, userNameForm } from '@astrolabe/operations';
import { FaultLog, type Logger } from '@astrolabe/service-kit';
import { PipelineError, errorMessage } from '@astrolabe/service-kit/errors';
import { readUsers, type KnownUser } from '../core/login/users-text.ts';

export type Users = ReadonlyMap<string, KnownUser>;

/** The file of users, read again when it changes. One that cannot be used leaves the users as they were. */
export class UsersFile {
  readonly #path: string;
  readonly #logger: Logger;
  readonly #faults: FaultLog;
  #users: Users;
  #version: string;

  private constructor(path: string, logger: Logger, users: Users, version: string) {
    this.#path = path;
    this.#logger = logger;
    this.#faults = new FaultLog(logger);
    this.#users = users;
    this.#version = version;
  }

  /** Rejects with `console.users-invalid`, which lists every problem. */
  static async open(path: string, logger: Logger): Promise<UsersFile> {
    const version = await versionOf(path);
    return new UsersFile(path, logger, await readFrom(path), version);
  }

  /** Looks whether the file has changed: a log-in that is taken away is gone with the next request. */
  async current(): Promise<Users> {
    try {
      const version = await versionOf(this.#path);
      if (version === this.#version) return this.#users;
      this.#users = await readFrom(this.#path);
      this.#version = version;
      this.#faults.worked({ path: this.#path }, 'the file of users can be used again');
      this.#logger.info({ path: this.#path, users: this.#users.size }, 'read the changed file of users');
    } catch (error) {
      this.#faults.failed(error, {}, 'the file of users cannot be used; users stay as they were until it is fixed');
    }
    return this.#users;
  }
}

/** Follows links: a mounted secret is replaced by pointing a link to another file. */
async function versionOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch (error) {
    throw invalid(path, [errorMessage(error)]);
  }
}

async function readFrom(path: string): Promise<Users> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw invalid(path, [errorMessage(error)]);
  }
  const { users, problems } = readUsers(
    text,
    (name) => userNameForm.test(name),
    (hash) => parsePasswordHash(hash) !== undefined,
  );
  if (problems.length > 0) throw invalid(path, problems);
  return users;
}

function invalid(path: string, problems: readonly string[]): PipelineError {
  const message = `CONSOLE_USERS_FILE ${path} cannot be used: ${problems.join('; ')}; write its lines with "astrolabe console hash-password"`;
  return new PipelineError('console.users-invalid', message, { retryable: false });
}
