// The dialog in which a device is linked.
import { ask } from './api.js';
import { h } from './dom.js';
import { linking } from './linking.js';

/** Shows codes of a device that was asked to connect, until it is linked or the dialog is closed. */
export function scan(device, path, onClose) {
  const state = {};
  const view = linking({
    connect: () => ask('POST', `${path}/connect`, {}),
    confirm: () => ask('POST', `${path}/passkey/confirm`, {}),
    pairingCode: (phoneNumber) => ask('POST', `${path}/pairing-code`, { phoneNumber }),
  });
  const close = h('button', { type: 'button', say: 'close', onclick: () => dialog.close() });
  const title = h('h2', { id: 'scan', say: ['scan.title', { alias: device.alias }] });
  const dialog = h('dialog', { class: 'scanning', 'aria-labelledby': 'scan' }, title, view.node, h('div', { class: 'buttons' }, close));
  dialog.addEventListener('close', () => {
    view.stop();
    dialog.remove();
    onClose();
  });
  document.body.append(dialog);
  dialog.showModal();

  // What was told before anybody listened: the first code, or that none is needed.
  ask('GET', `${path}/qr`)
    .then(
      ({ qrImage, expiresAt }) => ({ qrImage, expiresAt }),
      async () => {
        const { status, reason, isConnected, phoneNumber } = (await ask('GET', path)).device;
        return { status, reason, linked: isConnected, number: phoneNumber };
      },
    )
    // The events know better by now.
    .then(
      (found) => view.show(Object.assign(state, { ...found, ...state })),
      () => {},
    );
  return {
    close: () => dialog.close(),
    hear({ type, data }) {
      if (type === 'qr_code')
        Object.assign(state, { qrImage: data.qrImage, expiresAt: data.expiresAt, status: 'connecting', passkey: undefined });
      else if (type === 'connection_update') {
        const linked = data.status === 'connected';
        Object.assign(state, { status: data.status, reason: data.reason, linked, number: data.phoneNumber });
        if (data.status !== 'connecting') state.qrImage = undefined;
      } else if (type === 'passkey_request') state.passkey = {};
      else if (type === 'passkey_confirmation') state.passkey = { code: data.code };
      else return;
      view.show(state);
    },
  };
}
