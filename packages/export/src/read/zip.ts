import { promisify } from 'node:util';
import { fromFd, type Entry, type Options, type ZipFile } from 'yauzl';
import { ExportError } from '../errors.ts';
import { checkLimit } from './limits.ts';
import type { RandomAccessFile } from './random-access-file.ts';

const LOCAL_HEADER_BYTES = 30;
const LOCAL_HEADER_SIGNATURE = 0x04034b50;

/** A stored (uncompressed) member of a zip archive. */
export interface ZipMember {
  readonly name: string;
  readonly sizeBytes: number;
  /** Where its data lies in the file; reads the member's local header and checks it. */
  locate(): Promise<number>;
}

/**
 * The members of a zip archive (zip64 included). torch stores them uncompressed, so that they can be read at random.
 * @throws ExportError `ZIP_INVALID` or `LIMIT_EXCEEDED`.
 */
export async function readZipDirectory(file: RandomAccessFile): Promise<Map<string, ZipMember>> {
  const members = new Map<string, ZipMember>();
  let zip: ZipFile;
  try {
    zip = await openZip(file.fd);
  } catch (cause) {
    throw zipError(file, `is no complete zip archive (${(cause as Error).message}); copy it again`, cause);
  }
  checkLimit('zipEntries', zip.entryCount, file.path);
  for (const entry of await listEntries(zip, file)) {
    if (entry.fileName.endsWith('/')) continue;
    if (entry.isEncrypted() || entry.isCompressed()) {
      throw zipError(
        file,
        `member ${entry.fileName} is compressed or encrypted; torch stores its members plainly`,
      );
    }
    if (members.has(entry.fileName)) throw zipError(file, `member ${entry.fileName} occurs twice`);
    members.set(entry.fileName, {
      name: entry.fileName,
      sizeBytes: entry.uncompressedSize,
      locate: () => locateData(file, entry),
    });
  }
  return members;
}

// The descriptor belongs to the RandomAccessFile, so the archive must not close it.
const openZip = promisify((fd: number, done: (error: Error | null, zip: ZipFile) => void) =>
  fromFd(fd, { autoClose: false, lazyEntries: true } satisfies Options, done),
);

function listEntries(zip: ZipFile, file: RandomAccessFile): Promise<Entry[]> {
  return new Promise((resolve, reject) => {
    const entries: Entry[] = [];
    zip.on('entry', (entry: Entry) => {
      entries.push(entry);
      zip.readEntry();
    });
    zip.once('end', () => resolve(entries));
    zip.once('error', (cause: Error) =>
      reject(zipError(file, `damaged zip directory: ${cause.message}`, cause)),
    );
    zip.readEntry();
  });
}

/** The data follow the local header, whose name and extra fields may be longer than the directory's. */
async function locateData(file: RandomAccessFile, entry: Entry): Promise<number> {
  const start = entry.relativeOffsetOfLocalHeader;
  const header = new DataView((await file.read(start, LOCAL_HEADER_BYTES)).buffer);
  if (header.getUint32(0, true) !== LOCAL_HEADER_SIGNATURE) {
    throw zipError(file, `member ${entry.fileName} has no header at byte ${start}`);
  }
  const dataStart = start + LOCAL_HEADER_BYTES + header.getUint16(26, true) + header.getUint16(28, true);
  if (dataStart + entry.uncompressedSize > file.sizeBytes) {
    throw new ExportError(
      'FILE_TRUNCATED',
      `member ${entry.fileName} ends at byte ${dataStart + entry.uncompressedSize}, but the file has ${file.sizeBytes}; copy it again`,
      { file: file.path },
    );
  }
  return dataStart;
}

function zipError(file: RandomAccessFile, problem: string, cause?: unknown): ExportError {
  return new ExportError('ZIP_INVALID', problem, { file: file.path, cause });
}
