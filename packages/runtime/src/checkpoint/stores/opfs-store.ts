import { errorName, STORE_NAME, type PieceStore } from './piece-store.ts';

/** The parts of OPFS that TypeScript declares only for workers. */
interface SyncAccessHandle {
  read(into: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  getSize(): number;
  truncate(size: number): void;
  close(): void;
}
interface FileHandle extends FileSystemFileHandle {
  createSyncAccessHandle?(options?: { mode: 'readwrite' | 'read-only' }): Promise<SyncAccessHandle>;
}

/** The value is absent, or another tab is at it right now. */
const isAbsent = (error: unknown): boolean =>
  ['NotFoundError', 'NoModificationAllowedError', 'NotReadableError', 'InvalidStateError'].includes(
    errorName(error),
  );

/**
 * Keeps values as files of the origin's private file system. In a dedicated worker they are read and written through
 * synchronous handles, straight to and from the caller's memory; elsewhere through `File` and `createWritable`.
 * Undefined where the browser offers no such file system (private windows) or no way to write to it from here.
 */
export async function openOpfsStore(): Promise<PieceStore | undefined> {
  let root: FileSystemDirectoryHandle;
  try {
    const methods = FileSystemFileHandle.prototype;
    if (!('createSyncAccessHandle' in methods || 'createWritable' in methods)) return undefined;
    root = await (await navigator.storage.getDirectory()).getDirectoryHandle(STORE_NAME, { create: true });
  } catch {
    return undefined;
  }
  return {
    kind: 'opfs',
    async list(folder) {
      return absentAs([], async () => {
        const names: string[] = [];
        const directory = folder === undefined ? root : await root.getDirectoryHandle(folder);
        for await (const name of (directory as unknown as { keys(): AsyncIterable<string> }).keys())
          names.push(name);
        return names;
      });
    },
    async read(folder, name, into) {
      return absentAs(undefined, async () => {
        const handle = await (await root.getDirectoryHandle(folder)).getFileHandle(name);
        return readValue(handle, into);
      });
    },
    async write(folder, name, bytes) {
      await absentAs(undefined, async () => {
        const directory = await root.getDirectoryHandle(folder, { create: true });
        await writeValue(await directory.getFileHandle(name, { create: true }), bytes);
      });
    },
    async delete(folder, name) {
      await absentAs(undefined, async () => {
        if (name === undefined) await root.removeEntry(folder, { recursive: true });
        else await (await root.getDirectoryHandle(folder)).removeEntry(name);
      });
    },
  };
}

async function absentAs<T>(absent: T, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isAbsent(error)) return absent;
    throw error;
  }
}

async function readValue(
  handle: FileHandle,
  into: Uint8Array<ArrayBuffer> | undefined,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (handle.createSyncAccessHandle) {
    const access = await handle.createSyncAccessHandle({ mode: 'read-only' });
    try {
      const size = access.getSize();
      if (into && into.length !== size) return undefined;
      const bytes = into ?? new Uint8Array(size);
      return access.read(bytes, { at: 0 }) === size ? bytes : undefined;
    } finally {
      access.close();
    }
  }
  const file = await handle.getFile();
  if (into && into.length !== file.size) return undefined;
  const bytes = new Uint8Array(await file.arrayBuffer());
  into?.set(bytes);
  return into ?? bytes;
}

async function writeValue(handle: FileHandle, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  if (handle.createSyncAccessHandle) {
    const access = await handle.createSyncAccessHandle();
    try {
      access.truncate(bytes.length);
      if (access.write(bytes, { at: 0 }) !== bytes.length) {
        access.truncate(0);
        throw new DOMException('The file was written in part only.', 'QuotaExceededError');
      }
    } finally {
      access.close();
    }
    return;
  }
  const writable = await handle.createWritable();
  try {
    await writable.write(bytes);
    await writable.close();
  } catch (error) {
    await writable.abort().catch(() => {});
    throw error;
  }
}
