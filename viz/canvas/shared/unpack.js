// What Python packed, read again: the reverse of shared/packing.py.

/** Code of a weight of 1 in 16 bits; of a change, the code of no change is half of it. */
export const FINE = 60000;

/**
 * Bytes -> header and values: header length (4 bytes, little-endian), JSON header, then uint8, uint16 or float32 values.
 * @param {Uint8Array} bytes
 * @returns {{header: any, values: Uint8Array | Uint16Array | Float32Array}}
 */
export function unpack(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const body = bytes.slice(4 + length);
  if (header.bits === 8) return { header, values: new Uint8Array(body.buffer) };
  return { header, values: header.bits === 16 ? new Uint16Array(body.buffer) : new Float32Array(body.buffer) };
}

/**
 * Bytes that were written as text.
 * @param {string} base64
 */
export function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/**
 * The weight of a 16-bit code, 0..1.
 * @param {number} code
 */
export function weightOf(code) {
  return code / FINE;
}

/**
 * The change of a 16-bit code, -1..1.
 * @param {number} code
 */
export function changeOf(code) {
  return (code - FINE / 2) / (FINE / 2);
}

/**
 * The weight of an 8-bit code as two digits: exact, though the code knows it only to half a hundredth.
 * @param {number} code
 */
export function coarseText(code) {
  return code === 1 ? "<0.01" : (Math.floor(code / 2) / 100).toFixed(2);
}
