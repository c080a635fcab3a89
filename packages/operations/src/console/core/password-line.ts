/**
 * A line of the console's file of users: `name:$scrypt$ln=15,r=8,p=3$salt$hash`, the hash in PHC's string format
 * (https://github.com/P-H-C/phc-string-format). Pure.
 */

export interface PasswordHash {
  /** Base-2 logarithm of scrypt's cost N. */
  readonly logCost: number;
  readonly blockSize: number;
  readonly parallelization: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** As strong as OWASP asks for (Password Storage Cheat Sheet): 32 MiB, about a quarter of a second. */
export const passwordCost = { logCost: 15, blockSize: 8, parallelization: 3 } as const;

/** A file may hold hashes that another program made, but none that would stop the console for minutes. */
const bounds = { logCost: [10, 20], blockSize: [1, 32], parallelization: [1, 16] } as const;
/** 2^20 · 8 · 128 bytes: what the strongest of OWASP's settings needs eight times over. */
const MAX_MEMORY_BYTES = 1_073_741_824;

const form =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})={0,2}\$([A-Za-z0-9+/]{22,86})={0,2}$/;

/** Undefined if the text is not a hash of scrypt, or one beyond the bounds. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const match = form.exec(text);
  if (match === null) return undefined;
  const [, ln, r, p, salt = '', hash = ''] = match;
  const cost = { logCost: Number(ln), blockSize: Number(r), parallelization: Number(p) };
  for (const name of ['logCost', 'blockSize', 'parallelization'] as const) {
    const [least, most] = bounds[name];
    if (cost[name] < least || cost[name] > most) return undefined;
  }
  if (128 * 2 ** cost.logCost * cost.blockSize > MAX_MEMORY_BYTES) return undefined;
  return { ...cost, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') };
}

export function formatPasswordHash({ logCost, blockSize, parallelization, salt, hash }: PasswordHash): string {
  const text = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
  return `$scrypt$ln=${logCost},r=${blockSize},p=${parallelization}$${text(salt)}$${text(hash)}`;
}

/** Shown in audit records and typed by people: no space, no colon, nothing that cannot be seen. */
export const userNameForm = /^[\p{L}\p{N}._@+-]{1,100}$/u;
