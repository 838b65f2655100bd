/** The table of CRC-32 (ISO 3309, as in zlib), for a byte at a time. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? 0xedb88320 ^ (sum >>> 1) : sum >>> 1;
  return sum;
});

/** CRC-32 of a well-formed text's UTF-8, as rooms record it; Node's `zlib` is in no browser. */
export function crc32(text: string): number {
  let sum = 0xffffffff;
  const add = (byte: number) => {
    sum = (sum >>> 8) ^ table[(sum ^ byte) & 0xff]!;
  };
  for (let index = 0; index < text.length; index++) {
    let point = text.charCodeAt(index);
    if (point < 0x80) {
      add(point);
      continue;
    }
    if ((point & 0xfc00) === 0xd800)
      point = 0x10000 + ((point & 0x3ff) << 10) + (text.charCodeAt(++index) & 0x3ff);
    if (point < 0x800) {
      add(0xc0 | (point >> 6));
    } else {
      if (point < 0x10000) {
        add(0xe0 | (point >> 12));
      } else {
        add(0xf0 | (point >> 18));
        add(0x80 | ((point >> 12) & 0x3f));
      }
      add(0x80 | ((point >> 6) & 0x3f));
    }
    add(0x80 | (point & 0x3f));
  }
  return (sum ^ 0xffffffff) >>> 0;
}
