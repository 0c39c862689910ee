/** Appends values most significant bit first. */
class BitWriter {
  readonly bytes: number[] = [];
  #free = 0;

  write(value: number, bits: number): void {
    for (let bit = bits - 1; bit >= 0; bit--) {
      if (this.#free === 0) {
        this.bytes.push(0);
        this.#free = 8;
      }
      this.#free--;
      this.bytes[this.bytes.length - 1]! |= ((value >> bit) & 1) << this.#free;
    }
  }
}

function crc(bytes: readonly number[], polynomial: number, bits: number): number {
  const top = 1 << (bits - 1);
  let value = 0;
  for (const byte of bytes) {
    value ^= byte << (bits - 8);
    for (let i = 0; i < 8; i++)
      value = (value & top ? (value << 1) ^ polynomial : value << 1) & (2 * top - 1);
  }
  return value;
}

/**
 * A FLAC file of 16-bit mono samples at 48 kHz, stored verbatim in frames of 4096 (the last one shorter): a lossless file
 * in a format that only `decodeAudioData` reads.
 */
export function encodeFlac(samples: Int16Array): Blob {
  const info = new BitWriter();
  info.write(0x664c6143, 32); // "fLaC"
  info.write(0x80, 8); // last metadata block, type 0: stream info
  info.write(34, 24);
  info.write(4096, 16);
  info.write(4096, 16);
  info.write(0, 24); // frame sizes unknown
  info.write(0, 24);
  info.write(48000, 20);
  info.write(0, 3); // one channel
  info.write(15, 5); // 16 bits
  info.write(0, 4);
  info.write(samples.length, 32);
  for (let i = 0; i < 16; i++) info.write(0, 8); // no checksum of the samples

  const parts = [new Uint8Array(info.bytes)];
  for (let start = 0, index = 0; start < samples.length; start += 4096, index++) {
    const block = samples.subarray(start, start + 4096);
    const frame = new BitWriter();
    frame.write(0xfff8, 16); // sync, fixed block size
    frame.write(0x7, 4); // block size: 16 bits follow
    frame.write(0xa, 4); // 48 kHz
    frame.write(0, 4); // mono
    frame.write(0x4, 3); // 16 bits
    frame.write(0, 1);
    frame.write(index, 8); // frame number, one UTF-8 byte
    frame.write(block.length - 1, 16);
    frame.write(crc(frame.bytes, 0x07, 8), 8);
    frame.write(0x02, 8); // verbatim subframe
    for (const sample of block) frame.write(sample & 0xffff, 16);
    frame.write(crc(frame.bytes, 0x8005, 16), 16);
    parts.push(new Uint8Array(frame.bytes));
  }
  return new Blob(parts, { type: 'audio/flac' });
}
