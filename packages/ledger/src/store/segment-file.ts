/**
 * The file of a segment: a mark of its format, then frames. Bytes are only ever added at the end, so what a crash can
 * damage is the end; opening it cuts off whatever does not check out.
 */
import { readSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { diskFault, onDisk } from './disk-fault.ts';
import { FRAME_HEADER_BYTES, frameSizeBytes, readFrame, writeFrame, type Frame } from './frame.ts';

/** The last character is the version. */
const FORMAT_MARK = Buffer.from('ALEDGER1', 'latin1');
const SCAN_BYTES = 1_048_576;

/** Where a frame starts. Never zero: the mark stands there. */
export type FramePosition = number;

export class SegmentFile {
  readonly #handle: FileHandle;
  readonly #path: string;
  #sizeBytes: number;

  private constructor(handle: FileHandle, path: string, sizeBytes: number) {
    this.#handle = handle;
    this.#path = path;
    this.#sizeBytes = sizeBytes;
  }

  static async create(path: string): Promise<SegmentFile> {
    return onDisk(`creating ${path}`, async () => {
      const handle = await open(path, 'wx+');
      const file = new SegmentFile(handle, path, 0);
      await file.#write(FORMAT_MARK);
      return file;
    });
  }

  /**
   * Opens a file and hands out its frames in order; the bytes of a frame are good until `onFrame` returns. `cutBytes`
   * is what had to be cut off the end. Rejects with `ledger.unknown-format` for a file of another format.
   */
  static async open(
    path: string,
    onFrame: (frame: Frame, position: FramePosition) => void,
  ): Promise<{ readonly file: SegmentFile; readonly cutBytes: number }> {
    const handle = await onDisk(`opening ${path}`, () => open(path, 'r+'));
    try {
      const { size } = await onDisk(`opening ${path}`, () => handle.stat());
      const intactBytes = await scan(handle, path, size, onFrame);
      const file = new SegmentFile(handle, path, intactBytes);
      if (intactBytes < size) await onDisk(`truncating ${path}`, () => handle.truncate(intactBytes));
      // A crash between the creation and the mark.
      if (intactBytes === 0) await onDisk(`marking ${path}`, () => file.#write(FORMAT_MARK));
      return { file, cutBytes: size - intactBytes };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Adds frames in one write; resolves with their positions. One call at a time. */
  async append(frames: readonly Frame[]): Promise<FramePosition[]> {
    const bytes = Buffer.allocUnsafe(frames.reduce((sum, { chunk }) => sum + frameSizeBytes(chunk), 0));
    const start = this.#sizeBytes;
    let at = 0;
    const positions = frames.map((frame) => {
      const position = start + at;
      at = writeFrame(bytes, at, frame);
      return position;
    });
    await onDisk(`writing ${this.#path}`, () => this.#write(bytes));
    return positions;
  }

  /**
   * Reads a frame. Synchronous: it is one short read, mostly of what the system still has in memory, on the way of a
   * command that is about to be skipped. Throws `ledger.disk-failed`, also where the frame is not the one that was
   * written.
   */
  read(position: FramePosition): Buffer {
    try {
      const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
      readSync(this.#handle.fd, header, 0, FRAME_HEADER_BYTES, position);
      const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + header.readUInt32LE(0));
      const length = readSync(this.#handle.fd, bytes, 0, bytes.length, position);
      const reading = readFrame(bytes, 0, length);
      if (reading.kind !== 'frame') throw new Error(`the frame at ${position} is ${reading.kind}`);
      return reading.frame.chunk;
    } catch (error) {
      throw diskFault(`reading ${this.#path}`, error);
    }
  }

  /** What was appended survives a loss of power. */
  async sync(): Promise<void> {
    await onDisk(`writing ${this.#path}`, () => this.#handle.datasync());
  }

  async close(): Promise<void> {
    await onDisk(`closing ${this.#path}`, () => this.#handle.close());
  }

  async #write(bytes: Buffer): Promise<void> {
    for (let written = 0; written < bytes.length;) {
      const left = bytes.length - written;
      written += (await this.#handle.write(bytes, written, left, this.#sizeBytes + written)).bytesWritten;
    }
    this.#sizeBytes += bytes.length;
  }
}

/** Resolves with the length of the part that checks out. */
async function scan(
  handle: FileHandle,
  path: string,
  size: number,
  onFrame: (frame: Frame, position: FramePosition) => void,
): Promise<number> {
  const read = (target: Buffer, at: number, position: number) =>
    onDisk(`reading ${path}`, async () => (await handle.read(target, at, target.length - at, position)).bytesRead);
  const mark = Buffer.alloc(FORMAT_MARK.length);
  if (size < mark.length) return 0;
  await read(mark, 0, 0);
  if (!mark.equals(FORMAT_MARK)) {
    const name = mark.length - 1;
    const isTorn = mark.compare(FORMAT_MARK, 0, name, 0, name) !== 0 || mark[name] === 0;
    if (isTorn) return 0;
    const message = `${path} has a format that this version does not know; run the version that wrote it, or remove the folder`;
    throw new PipelineError('ledger.unknown-format', message, { retryable: false });
  }
  let intact = mark.length;
  let buffer = Buffer.allocUnsafe(SCAN_BYTES);
  let held = 0;
  for (;;) {
    const bytesRead = await read(buffer, held, intact + held);
    held += bytesRead;
    let at = 0;
    for (;;) {
      const reading = readFrame(buffer, at, held);
      if (reading.kind === 'damaged') return intact;
      if (reading.kind === 'incomplete') {
        if (bytesRead === 0) return intact;
        const rest = buffer.subarray(at, held);
        const next = reading.sizeBytes > buffer.length ? Buffer.allocUnsafe(reading.sizeBytes) : buffer;
        rest.copy(next);
        buffer = next;
        held = rest.length;
        break;
      }
      onFrame(reading.frame, intact);
      intact += reading.end - at;
      at = reading.end;
    }
  }
}
