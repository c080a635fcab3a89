/**
 * Reads HTTP/1.1 answers with a content-length off a keep-alive connection: as little work as telling them apart takes.
 */

export interface ReadAnswer {
  readonly status: number;
  readonly body: string;
}

export class AnswerReader {
  #buffered: Buffer = Buffer.alloc(0);

  /**
   * Undefined until the chunk completes an answer. One request is under way at a time, so that at most one is complete.
   */
  push(chunk: Buffer): ReadAnswer | undefined {
    this.#buffered = this.#buffered.length === 0 ? chunk : Buffer.concat([this.#buffered, chunk]);
    const headEnd = this.#buffered.indexOf('\r\n\r\n');
    if (headEnd === -1) return undefined;
    const head = this.#buffered.toString('latin1', 0, headEnd + 2);
    const bodyStart = headEnd + 4;
    const bodyEnd = bodyStart + contentLengthOf(head);
    if (this.#buffered.length < bodyEnd) return undefined;
    if (this.#buffered.length > bodyEnd) throw new Error('the server sent more than one answer to a request');
    const body = this.#buffered.toString('latin1', bodyStart, bodyEnd);
    this.#buffered = Buffer.alloc(0);
    return { status: Number(head.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length)), body };
  }
}

function contentLengthOf(head: string): number {
  const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`an answer without content-length: ${head.split('\r\n', 1)[0] ?? ''}`);
  return Number(length);
}
