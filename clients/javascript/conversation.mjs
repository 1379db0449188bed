// A conversation by way of the client, from a new device to a deleted one: `node conversation.mjs`.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { WhatsAppAPI } from './whatsapp-api.mjs';

const { API_TOKEN, API_URL, WS_URL, WEBHOOK_URL, IMAGE } = process.env;
const [john, jane] = process.env.RECIPIENTS.split(',');

const api = new WhatsAppAPI(API_TOKEN, API_URL, { wsUrl: WS_URL });

/** What an answer holds, unless it is a refusal. */
function dataOf(answer) {
    if (!answer.success) throw new Error(`${answer.error.code}: ${answer.error.message}`);
    return answer.data;
}

// Connect WebSocket for real-time updates
const received = [];
let wake = () => {};
const ws = api.connectWebSocket((data) => {
    received.push(data);
    wake();
});
await new Promise((resolve) => { ws.onopen = resolve; });

/** The first event like this, as soon as there is one. */
async function event(like) {
    while (!received.some(like)) {
        await new Promise((resolve) => { wake = resolve; });
    }
    return received.find(like);
}

// Create device
const device = await api.createDevice(123, 'My WhatsApp Device', {
    description: 'Device for customer support',
    webhook: {
        url: WEBHOOK_URL,
        events: ['message', 'connection']
    }
});
const { id, sessionId } = dataOf(device).device;
console.log('Device created:', sessionId);

// Connect device: somebody scans the code with their phone
dataOf(await api.connectDevice(id));
const qr = await api.getQRCode(id);
console.log('QR Code:', dataOf(qr).qrCode);
const connection = await event((data) => data.type === 'connection_update' && data.deviceId === id && data.data.status === 'connected');
console.log('Connected:', connection.data.phoneNumber);

// Send message
const message = await api.sendMessage(
    device.data.device.sessionId,
    john,
    'Hello from API!'
);
console.log('Message sent:', dataOf(message).status);

// Send message only once, however often it is asked for
const once = { idempotencyKey: 'order-12345', quoted: message.data.messageId };
const first = await api.sendMessage(sessionId, john, 'Terima kasih, "Budi" 🙏 — \\o/ é', once);
const again = await api.sendMessage(sessionId, john, 'Terima kasih, "Budi" 🙏 — \\o/ é', once);
console.log('Sent once:', dataOf(first).messageId === dataOf(again).messageId);

// Send image
const image = new File([await readFile(IMAGE)], basename(IMAGE));
const sent = dataOf(await api.sendImage(sessionId, john, image, 'Check out this image! 📷'));
console.log('Image sent:', sent.fileName, sent.fileSize);

// Send bulk messages
const bulk = await api.sendBulkMessage(sessionId, [
    { phone: john, message: 'Hello {{name}}!', variables: { name: 'John' } },
    { phone: jane, message: 'Hello {{name}}!', variables: { name: 'Jane' } }
], { delay: 50 });
console.log('Bulk accepted:', dataOf(bulk).total);

// Process incoming message
const answer = await event((data) => data.type === 'message_received' && data.deviceId === id);
console.log('New message:', answer.data.message);

// Read back what was said, oldest first
const { messages } = dataOf(await api.getDeviceMessages(id, john, { limit: 10 }));
for (const { direction, type, content } of messages.reverse()) {
    console.log('History:', direction, type, content);
}

// Update device, find it among those of its user, and delete it
dataOf(await api.updateDevice(id, { alias: 'Updated Device Name' }));
const { devices } = dataOf(await api.getUserDevices(123));
console.log('Devices:', devices.map((each) => each.alias).join());
console.log('Device deleted:', dataOf(await api.deleteDevice(id)).deletedDevice.alias);
console.log('And now:', (await api.getDevice(id)).error.code);
ws.close();
