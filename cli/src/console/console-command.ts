/** `astrolabe console`: what the console of operators needs from the command line. */
import { readFile } from 'node:fs/promises';
import { MAX_PASSWORD_BYTES, hashPassword, userNameForm } from '@astrolabe/operations';
import { errorMessage } from '@astrolabe/service-kit/errors';
import type { Command } from 'commander';
import type { Act, CommandContext } from '../command-context.ts';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.ts';
import { addVerb, type CommonFlags } from '../flags.ts';

/** The password is the only proof that the console asks for, and a session lasts for hours. */
const MIN_PASSWORD_CHARACTERS = 12;

interface HashFlags extends CommonFlags {
  readonly passwordFile?: string;
}

export function registerConsole(program: Command, act: Act): void {
  const consoleVerbs = program.command('console').description('users of the console');
  addVerb(consoleVerbs, 'hash-password <name>', 'print the line of a user for the file that CONSOLE_USERS_FILE names', [
    'astrolabe console hash-password ann >> users',
    'astrolabe console hash-password ann --password-file secrets/ann >> users',
  ])
    .option('--password-file <path>', 'the password is in this file (default: it is asked for)')
    .action(act((context, flags: HashFlags, name: string) => printLine(context, flags, name)));
}

async function printLine(context: CommandContext, flags: HashFlags, name: string): Promise<ExitCode> {
  if (!userNameForm.test(name)) {
    throw new UsageError('A name has up to 100 letters, digits and characters of ._@+-; use another one.');
  }
  const password = await passwordFrom(context, flags, name);
  if (Array.from(password).length < MIN_PASSWORD_CHARACTERS) {
    throw new UsageError(`A password has at least ${MIN_PASSWORD_CHARACTERS} characters; use a longer one.`);
  }
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) {
    throw new UsageError(`A password has at most ${MAX_PASSWORD_BYTES} bytes; use a shorter one.`);
  }
  const line = `${name}:${await hashPassword(password)}`;
  context.output.result({ name, line }, [line]);
  return exitCodes.done;
}

async function passwordFrom({ terminal }: CommandContext, flags: HashFlags, name: string): Promise<string> {
  if (flags.passwordFile !== undefined) {
    try {
      return (await readFile(flags.passwordFile, 'utf8')).replace(/[\r\n]+$/, '');
    } catch (error) {
      throw new UsageError(`The file of --password-file cannot be read: ${errorMessage(error)}.`);
    }
  }
  if (terminal === undefined) {
    throw new UsageError('No terminal to ask for the password on; name a file with --password-file.');
  }
  const password = await terminal.askSecret(`Password for ${name}: `);
  if ((await terminal.askSecret('The same again: ')) !== password) {
    throw new UsageError('The two passwords differ; nothing was printed. Try again.');
  }
  return password;
}
