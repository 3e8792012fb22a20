// What is in the frames. The booklet has two: a request {"in": method, "params": any} and its reply
// {"out": name, "result": any}. A request with an "id" is from a peer that knows more, and to it alone more is said:
//
//   client  {"in", "params", "id", "deadline"}      "deadline": how long the reply is of use, in milliseconds
//           {"cancel": id}                          the reply is not of use any more
//           {"ping": id}
//   server  {"hello": {"maxFrame", "maxCalls"}}     before anything else, to the first "id"
//           {"out", "result", "id"}                 in any order
//           {"id", "error": {"code", "message"}}    "id": null if it is about no call
//           {"pong": id}
//           {"goaway": true}                        send no more, and end your side
//
// A program of the booklet does not look at members that it does not know.

/** What a reply that is an error says, by its code. A handler may say something else (CallError). */
export const reasons = {
  bad_frame: 'bytes that are no frame, or a frame that is too long: the connection ends',
  bad_request: 'a frame that is no call, or params that the method does not take',
  unknown_method: 'there is no such method',
  overloaded: 'the server has as many calls in hand as it takes; this one was not begun',
  expired: 'the deadline has passed',
  timeout: 'the handler took longer than the server lets it',
  failed: 'the handler failed, or its result cannot be expressed in JSON',
  too_long: 'the reply is longer than the server sends',
} as const;

/** A call's name on its connection. */
export type CallId = number | string;

const longestId = 128;
// What a peer is told of an error, in characters.
const longestMessage = 1000;

export function isCallId(value: unknown): value is CallId {
  return typeof value === 'string' ? value.length <= longestId : Number.isFinite(value);
}

/**
 * The text of a request up to its closing brace, so that it is made once for all attempts.
 *
 * @throws TypeError what JSON cannot express: a cycle, a BigInt; RangeError: nested too deep
 */
export function requestHead(method: string, params: unknown): string {
  return `{"in":${JSON.stringify(method)},"params":${jsonOf(params)}`;
}

/** The most bytes that a request has beside its head. */
export const requestTail = ',"id":9007199254740991,"deadline":2147483647} '.length;

/**
 * The request for a server that may be the booklet's, whose frame is never a multiple of 1024 bytes long: that server
 * reads until it gets less than 1024 bytes, and when there is nothing more to read it closes the connection. A space
 * after the object is JSON.
 *
 * @param tail what follows the head: `}`, or an id and a deadline before that
 */
export function legacyRequest(head: string, tail: string): string {
  const text = head + tail;
  return (4 + Buffer.byteLength(text)) % 1024 === 0 ? `${text} ` : text;
}

/** @param deadline in milliseconds from now */
export function idTail(id: number, deadline: number): string {
  return `,"id":${id},"deadline":${deadline}}`;
}

/**
 * The text of a value.
 *
 * @throws as requestHead
 */
export function jsonOf(value: unknown): string {
  // What JSON leaves out (undefined, a function) is null: the booklet's programs want the key.
  const text: unknown = JSON.stringify(value);
  return typeof text === 'string' ? text : 'null';
}

/** The text of an error reply. */
export function errorReply(id: CallId | null, code: string, message: string): string {
  const text = message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message;
  return JSON.stringify({ id, error: { code, message: text } });
}
