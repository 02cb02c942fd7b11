// Numbers as people read them, written as viz/theme.py writes them.

/**
 * A number between two others.
 * @param {number} value
 * @param {number} least
 * @param {number} most
 */
export function clamp(value, least, most) {
  return Math.max(least, Math.min(most, value));
}

/**
 * A weight as two digits, ties to even as Python writes them; above zero never reads as zero.
 * @param {number} weight
 */
export function number(weight) {
  const scaled = weight * 100;
  const whole = Math.floor(scaled);
  const rounded = scaled - whole === 0.5 ? whole + (whole % 2) : Math.round(scaled);
  return weight > 0 && rounded === 0 ? "<0.01" : (rounded / 100).toFixed(2);
}

/**
 * A number without the dust of binary fractions: 0.1 + 0.2 is 0.3.
 * @param {number} value
 */
export function sixDigits(value) {
  return Number(value.toPrecision(6));
}

/**
 * A change with its sign, two digits.
 * @param {number} change
 */
export function signed(change) {
  const size = Math.abs(change).toFixed(2);
  return Number(size) === 0 ? size : `${change < 0 ? "−" : "+"}${size}`;
}

/**
 * A difference of two weights with its sign; a rise that rounds to zero reads "<0.01".
 * @param {number} value
 */
export function difference(value) {
  const size = number(Math.abs(value));
  if (size.startsWith("<")) return value > 0 ? size : "0.00";
  return value === 0 ? size : `${value > 0 ? "+" : "−"}${size}`;
}

/**
 * A number too small for fixed digits, with a power of ten: 4.3 × 10⁻⁶; from 0.0001 on in digits: 0.0043.
 * @param {number} value
 */
export function small(value) {
  if (value === 0) return "0";
  const [mantissa, exponent] = value.toExponential(1).replace(/^-/, "−").split("e");
  if (Number(exponent) >= -4) return value.toFixed(Math.max(0, 1 - Number(exponent))).replace(/^-/, "−");
  return `${mantissa} × 10${raised(Number(exponent))}`;
}

/**
 * A power as it stands raised behind its base.
 * @param {number} power
 */
export function raised(power) {
  return Array.from(String(power), (sign) => (sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(sign)])).join("");
}

/**
 * A number with fixed digits and a real minus; what would read as zero without being zero keeps its power of ten.
 * @param {number} value
 * @param {number} digits
 */
export function figure(value, digits) {
  const tiny = value !== 0 && Math.abs(value) < 10 ** -digits / 2;
  return tiny ? small(value) : value.toFixed(digits).replace(/^-/, "−");
}

/**
 * A number inside a cell, where every pixel counts: 0.53 as .53; what would read as zero without being zero stays colour alone.
 * @param {number} value
 * @param {number} digits
 */
export function short(value, digits) {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return value === 0 ? "0" : "";
  return (value < 0 ? "−" : "") + text.replace(/^0/, "");
}

/**
 * The largest size of some numbers.
 * @param {Uint8Array | Uint16Array | Float32Array | number[]} values
 */
export function largestSize(values) {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}
