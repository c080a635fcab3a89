/** As much of a browser as a log-in needs: it follows redirects, and keeps cookies by host, port and path. */

interface KeptCookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  readonly attributes: string;
}

export interface Visit {
  readonly status: number;
  readonly text: string;
  /** Where the last redirect led. */
  readonly url: string;
}

export class CookieBrowser {
  readonly #cookies = new Map<string, KeptCookie[]>();

  /** Goes to an address as somebody does who clicks a link, and on to where it is sent. */
  async visit(address: string): Promise<Visit> {
    let url = address;
    for (let redirects = 0; redirects < 20; redirects += 1) {
      const answer = await this.ask(url, { headers: { accept: 'text/html' } });
      const location = answer.headers.get('location');
      if (location === null) return { status: answer.status, text: await answer.text(), url };
      url = new URL(location, url).href;
    }
    throw new Error(`${address} redirects without end`);
  }

  /** One request, with the cookies of its host. */
  async ask(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    const cookies = this.cookiesOf(url);
    if (cookies !== '') headers.set('cookie', cookies);
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) this.#keep(url, line);
    return answer;
  }

  /** As a `Cookie` header. */
  cookiesOf(url: string): string {
    const { host, pathname } = new URL(url);
    return (this.#cookies.get(host) ?? [])
      .filter(({ path }) => pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  /** With its attributes, as it came. */
  attributesOf(url: string, name: string): string | undefined {
    return this.#cookies.get(new URL(url).host)?.find((cookie) => cookie.name === name)?.attributes;
  }

  /** Puts a cookie in, as somebody with access to the browser can. */
  plant(url: string, line: string): void {
    this.#keep(url, line);
  }

  #keep(url: string, line: string): void {
    const { host } = new URL(url);
    const [pair = '', ...attributes] = line.split('; ');
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals);
    const path = attributes.find((one) => /^path=/i.test(one))?.slice('path='.length) ?? '/';
    const others = (this.#cookies.get(host) ?? []).filter((one) => one.name !== name || one.path !== path);
    const isRemoved = attributes.some((one) => /^max-age=0$/i.test(one) || /^expires=.*1970/i.test(one));
    const kept = { name, value: pair.slice(equals + 1), path, attributes: attributes.join('; ') };
    this.#cookies.set(host, isRemoved ? others : [...others, kept]);
  }
}
