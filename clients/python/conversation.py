"""A conversation by way of the client, from a new device to a deleted one: `python conversation.py`."""

import os
import queue

from whatsapp_api import WhatsAppAPI

john, jane = os.environ['RECIPIENTS'].split(',')
urls = {'base_url': os.environ['API_URL'], 'ws_url': os.environ['WS_URL']} if 'API_URL' in os.environ else {}

api = WhatsAppAPI(os.environ['API_TOKEN'], **urls)


def data_of(answer):
    """What an answer holds, unless it is a refusal."""
    if not answer['success']:
        raise SystemExit(f"{answer['error']['code']}: {answer['error']['message']}")
    return answer['data']


# WebSocket connection
received = queue.Queue()


def handle_message(data):
    received.put(data)


ws = api.connect_websocket(handle_message)


def event(like):
    """The next event like this, as soon as there is one."""
    while True:
        data = received.get(timeout=60)
        if like(data):
            return data


# Create device
device = api.create_device(123, 'My WhatsApp Device',
    description='Device for customer support',
    webhook={
        'url': os.environ['WEBHOOK_URL'],
        'events': ['message', 'connection']
    }
)
device_id, session_id = data_of(device)['device']['id'], device['data']['device']['sessionId']
print(f'Device created: {session_id}')

# Connect device: somebody scans the code with their phone
data_of(api.connect_device(device_id))
qr = api.get_qr_code(device_id)
print(f"QR Code: {data_of(qr)['qrCode']}", flush=True)
connection = event(lambda data: data['type'] == 'connection_update' and data['deviceId'] == device_id
                   and data['data']['status'] == 'connected')
print(f"Connected: {connection['data']['phoneNumber']}")

# Send message
message = api.send_message(
    device['data']['device']['sessionId'],
    john,
    'Hello from Python API!'
)
print(f"Message sent: {data_of(message)['status']}")

# Send message only once, however often it is asked for
once = {'idempotency_key': 'order-12345', 'quoted': message['data']['messageId']}
first = api.send_message(session_id, john, 'Terima kasih, "Budi" 🙏 — \\o/ é', **once)
again = api.send_message(session_id, john, 'Terima kasih, "Budi" 🙏 — \\o/ é', **once)
print(f"Sent once: {str(data_of(first)['messageId'] == data_of(again)['messageId']).lower()}")

# Send image
sent = data_of(api.send_image(session_id, john, os.environ['IMAGE'], 'Check out this image! 📷'))
print(f"Image sent: {sent['fileName']} {sent['fileSize']}")

# Send bulk messages
bulk = api.send_bulk_message(session_id, [
    {'phone': john, 'message': 'Hello {{name}}!', 'variables': {'name': 'John'}},
    {'phone': jane, 'message': 'Hello {{name}}!', 'variables': {'name': 'Jane'}}
], delay=50)
print(f"Bulk accepted: {data_of(bulk)['total']}", flush=True)

# Process incoming message
data = event(lambda data: data['type'] == 'message_received' and data['deviceId'] == device_id)
print(f"New message: {data['data']['message']}")

# Read back what was said, oldest first
history = data_of(api.get_device_messages(device_id, john, limit=10))
for each in reversed(history['messages']):
    print(f"History: {each['direction']} {each['type']} {each['content']}")

# Update device, find it among those of its user, and delete it
data_of(api.update_device(device_id, {'alias': 'Updated Device Name'}))
devices = data_of(api.get_user_devices(123))['devices']
print(f"Devices: {','.join(each['alias'] for each in devices)}")
print(f"Device deleted: {data_of(api.delete_device(device_id))['deletedDevice']['alias']}")
print(f"And now: {api.get_device(device_id)['error']['code']}")
ws.close()
