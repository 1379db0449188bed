// Events as they happen, by WebSocket: after a lost connection it goes on from the last one seen.

const SHORTEST = 500;
const LONGEST = 20_000;
/** What repeats after a reconnection is among the last so many. */
const REMEMBERED = 500;

/** Listens until it is closed. `onState` learns whether it is connected, `onEvent` each event once, in order. */
export function listen(token, { onEvent, onState }) {
  const seen = new Set();
  let last;
  let failures = 0;
  let refusals = 0;
  let socket;
  let waiting;
  let closed = false;
  let address = new URL('/ws', location.href);
  address.protocol = address.protocol.replace('http', 'ws');

  function open() {
    const url = new URL(address);
    url.searchParams.set('token', token);
    if (last) url.searchParams.set('since', last);
    socket = new WebSocket(url);
    const mine = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      failures = 0;
      refusals = 0;
      onState(true);
    };
    socket.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      if (!event.id || seen.has(event.id)) return;
      seen.add(event.id);
      if (seen.size > REMEMBERED) seen.delete(seen.values().next().value);
      last = event.id;
      onEvent(event);
    };
    socket.onclose = async () => {
      if (closed) return;
      onState(false);
      if (!opened) address = (await elsewhere()) ?? address;
      // The event that was seen last may be gone, with its device for instance; then there is nothing to go on from.
      if (!opened && last && (await reachable())) {
        refusals += 1;
        if (refusals > 1) last = undefined;
      }
      if (closed || socket !== mine) return;
      const pause = Math.min(LONGEST, SHORTEST * 2 ** failures) * (0.5 + Math.random() / 2);
      failures += 1;
      waiting = setTimeout(open, pause);
    };
  }

  // A network that comes back is tried at once.
  const retry = () => {
    if (socket.readyState === WebSocket.CLOSED) {
      clearTimeout(waiting);
      open();
    }
  };
  addEventListener('online', retry);
  open();
  return {
    close() {
      closed = true;
      removeEventListener('online', retry);
      clearTimeout(waiting);
      socket.close();
    },
  };
}

/** Where sockets are opened, if not at this server itself. */
async function elsewhere() {
  try {
    const answer = await fetch('/ws');
    return answer.status === 404 ? (await answer.json()).error.details : undefined;
  } catch {
    return undefined;
  }
}

/** Why a connection could not be opened is told to no script; whether the server is there can be asked. */
async function reachable() {
  try {
    return (await fetch('/health/live')).ok;
  } catch {
    return false;
  }
}
