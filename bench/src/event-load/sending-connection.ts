/** A connection that is kept alive, with one request under way at a time and the others in their order behind it. */
import { connect, type Socket } from 'node:net';
import { AnswerReader } from '../load/answer-reader.ts';

export class SendingConnection {
  readonly #socket: Socket;
  readonly #reader = new AnswerReader();
  #pending: PromiseWithResolvers<void> | undefined;
  #last: Promise<void> = Promise.resolve();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#pending?.reject(error));
    socket.on('close', () => this.#pending?.reject(new Error('the connection was closed under a request')));
  }

  static async open(url: string): Promise<SendingConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new SendingConnection(socket);
  }

  /** Resolves once the request is answered 200; rejects if it is answered otherwise, or an earlier one was. */
  send(request: Buffer): Promise<void> {
    this.#last = this.#last.then(() => this.#exchange(request));
    return this.#last;
  }

  close(): void {
    this.#socket.end();
  }

  #exchange(request: Buffer): Promise<void> {
    this.#pending = Promise.withResolvers();
    this.#socket.write(request);
    return this.#pending.promise;
  }

  #take(chunk: Buffer): void {
    try {
      const answer = this.#reader.push(chunk);
      if (answer === undefined) return;
      if (answer.status === 200) this.#pending?.resolve();
      else this.#pending?.reject(new Error(`a request was answered ${answer.status}: ${answer.body}`));
    } catch (error) {
      this.#pending?.reject(error);
      this.#socket.destroy();
    }
  }
}
