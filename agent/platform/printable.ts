/** A control character in a message is an escape sequence on somebody's terminal: "\u001b" as it is written in JSON. */
export const printable = (text: string): string => text.replace(/\p{Cc}/gu, escaped);

function escaped(character: string): string {
  const quoted = JSON.stringify(character).slice(1, -1);
  // JSON leaves DEL and the C1 controls as they are; U+009B begins an escape sequence as ESC [ does.
  return quoted === character
    ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
    : quoted;
}
