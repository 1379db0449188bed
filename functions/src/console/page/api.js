// The API, asked with the token that was signed in with.

const BASE = '/api/whatsapp';
const KEPT = 'warta.token';

/** What the API refuses, in its own words. */
export class Refusal extends Error {
  constructor(status, { code, message, details, requestId } = {}) {
    super(message);
    Object.assign(this, { status, code, details, requestId });
    if (!message) this.key = 'error.strange';
  }
}

let token = sessionStorage.getItem(KEPT);
let expelled = () => {};

export const signedIn = () => token !== null;
export const currentToken = () => token;

/** The user whose token it is; undefined for the operator, who sees everybody's devices. */
export function user() {
  const claims = isJwt(token) ? readClaims(token) : undefined;
  return claims && Number(claims.sub);
}

/** Signs in, if the API takes the token. */
export async function signIn(given) {
  await call('GET', `${BASE}/devices?limit=1`, undefined, given);
  token = given;
  sessionStorage.setItem(KEPT, token);
}

export function signOut() {
  token = null;
  sessionStorage.removeItem(KEPT);
}

/** What to do once the token is worth nothing any more. */
export function onExpelled(act) {
  expelled = act;
}

/** Asks the API; answers `data`. */
export async function ask(method, path, body) {
  const asker = token;
  try {
    return await call(method, BASE + path, body, asker);
  } catch (error) {
    if (error.code === 'INVALID_API_TOKEN' && asker === token) expelled(error);
    throw error;
  }
}

/** A request to this origin; answers `data`, or nothing if nothing has changed. */
export async function call(method, url, body, bearer) {
  const headers = body === undefined ? {} : { 'Content-Type': 'application/json' };
  if (bearer) Object.assign(headers, isJwt(bearer) ? { Authorization: `Bearer ${bearer}` } : { 'X-API-Token': bearer });
  let response;
  try {
    response = await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw Object.assign(new Error('network'), { key: 'error.network' });
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(response.status, answer.error);
  return answer.data;
}

function isJwt(text) {
  return text !== null && readClaims(text)?.sub !== undefined;
}

function readClaims(text) {
  const parts = text.split('.');
  if (parts.length !== 3) return undefined;
  try {
    return JSON.parse(atob(parts[1].replaceAll('-', '+').replaceAll('_', '/')));
  } catch {
    return undefined;
  }
}
