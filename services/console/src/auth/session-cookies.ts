/**
 * Sessions without a store: the session is in the cookie, encrypted (JWE, `dir` with A256GCM), so that any instance
 * reads it and no restart ends it. Each log-in makes a new one and looks at none that came before: a session that
 * somebody planted in the browser is not continued.
 */
import { hkdfSync, randomUUID } from 'node:crypto';
import { EncryptJWT, jwtDecrypt } from 'jose';
import { z } from 'zod';
import type { LiveText } from '@astrolabe/service-kit';
import { cookieIn, cookieName, setCookie } from '../core/http/cookies.ts';

export interface SealedCookieOptions {
  /** What it is for: one cookie is never taken for another. */
  readonly purpose: 'session' | 'login';
  readonly secret: LiveText;
  /** Default: http without a proxy. */
  readonly publicUrl: string | undefined;
  readonly basePath: string;
  readonly sameSite: 'Strict' | 'Lax';
  readonly lifetimeSeconds: number;
}

export interface OpenedCookie<Content> {
  readonly content: Content;
  readonly expiresAtMs: number;
}

export interface SealedContent {
  /** A `Set-Cookie`. */
  readonly cookie: string;
  readonly expiresAtMs: number;
}

export class SealedCookie<Content extends object> {
  readonly #options: SealedCookieOptions;
  readonly #schema: z.ZodType<Content>;
  readonly #audience: string;
  readonly #attributes: { readonly name: string; readonly path: string; readonly isSecure: boolean };
  #key: { readonly secret: string; readonly bytes: Uint8Array } | undefined;

  constructor(options: SealedCookieOptions, schema: z.ZodType<Content>) {
    this.#options = options;
    this.#schema = schema;
    // Two consoles with one secret, as of staging and production, do not take each other's sessions.
    this.#audience = `${options.purpose} of ${options.publicUrl ?? ''}${options.basePath}`;
    const isSecure = options.publicUrl?.startsWith('https:') === true;
    const path = options.basePath || '/';
    this.#attributes = { name: cookieName(`astrolabe-${options.purpose}`, { isSecure, path }), path, isSecure };
  }

  /** The `Set-Cookie` of a new one. Throws `config.file-unreadable` if the secret's file cannot be read. */
  async seal(content: Content, nowMs: number): Promise<SealedContent> {
    const { lifetimeSeconds, sameSite } = this.#options;
    const value = await new EncryptJWT({ content })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setJti(randomUUID())
      .setAudience(this.#audience)
      .setIssuedAt(new Date(nowMs))
      .setExpirationTime(new Date(nowMs + lifetimeSeconds * 1_000))
      .encrypt(this.#keyBytes());
    const cookie = setCookie({ ...this.#attributes, value, sameSite, maxAgeSeconds: lifetimeSeconds });
    return { cookie, expiresAtMs: Math.floor(nowMs / 1_000) * 1_000 + lifetimeSeconds * 1_000 };
  }

  /** Undefined if there is none, or one that has expired or that this console did not make. */
  async open(cookieHeader: string | undefined, nowMs: number): Promise<OpenedCookie<Content> | undefined> {
    const value = cookieIn(cookieHeader, this.#attributes.name);
    if (value === undefined) return undefined;
    const key = this.#keyBytes();
    try {
      const { payload } = await jwtDecrypt(value, key, {
        audience: this.#audience,
        currentDate: new Date(nowMs),
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
        requiredClaims: ['exp', 'iat', 'jti'],
      });
      const content = this.#schema.safeParse(payload['content']);
      if (!content.success || payload.exp === undefined) return undefined;
      return { content: content.data, expiresAtMs: payload.exp * 1_000 };
    } catch {
      // Forged, expired, or sealed with an older secret: what jose throws says which, and the answer is the same.
      return undefined;
    }
  }

  /** The `Set-Cookie` that removes it. */
  remove(): string {
    return setCookie({ ...this.#attributes, value: '', sameSite: this.#options.sameSite, maxAgeSeconds: 0 });
  }

  #keyBytes(): Uint8Array {
    const secret = this.#options.secret.read();
    if (this.#key?.secret !== secret) {
      const bytes = new Uint8Array(hkdfSync('sha256', secret, '', `astrolabe console ${this.#options.purpose}`, 32));
      this.#key = { secret, bytes };
    }
    return this.#key.bytes;
  }
}

export const sessionContentSchema = z.strictObject({
  name: z.string(),
  claims: z.record(z.string(), z.unknown()),
  /** Claims that did not fit. */
  left: z.array(z.string()),
  /** Of a user in the file of users: the session ends with the line. */
  mark: z.string().optional(),
});

export type SessionCookie = SealedCookie<z.infer<typeof sessionContentSchema>>;
