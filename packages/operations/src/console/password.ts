/** Passwords of the console's own users: hashed by scrypt, which Node has itself. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { formatPasswordHash, passwordCost, type PasswordHash } from './core/password-line.ts';

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);

/** Bytes of UTF-8. A longer one would only take time to hash. */
export const MAX_PASSWORD_BYTES = 1_024;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** As `$scrypt$…`, with a new salt. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await deriveKey(password, { ...passwordCost, salt, hash: Buffer.alloc(HASH_BYTES) });
  return formatPasswordHash({ ...passwordCost, salt, hash });
}

/** Takes as long for a wrong password as for the right one. */
export async function isPassword(password: string, known: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await deriveKey(password, known), known.hash);
}

/** One text can be typed in several ways: what looks like `ü` is one character from one keyboard, two from another. */
function deriveKey(
  password: string,
  { logCost, blockSize, parallelization, salt, hash }: PasswordHash,
): Promise<Buffer> {
  const cost = 2 ** logCost;
  // Node refuses what needs more than 32 MiB unless told how much it may use.
  const maxmem = 128 * cost * blockSize + 128 * blockSize * parallelization + 1_048_576;
  const options = { N: cost, r: blockSize, p: parallelization, maxmem };
  return derive(password.normalize('NFKC'), salt, hash.length, options);
}
