# The contract's webhook handler. Added: the port, and one line per event that passed the check.
from flask import Flask, request, jsonify
import hmac
import hashlib
import json
import requests
import os

app = Flask(__name__)

@app.route('/webhook/whatsapp', methods=['POST'])
def webhook_handler():
    signature = request.headers.get('X-Signature')
    payload = request.get_data()
    secret = os.getenv('WEBHOOK_SECRET')

    # Verify signature
    expected_signature = 'sha256=' + hmac.new(
        secret.encode(),
        payload,
        hashlib.sha256
    ).hexdigest()

    if signature != expected_signature:
        return jsonify({'error': 'Invalid signature'}), 401

    data = request.json
    print(json.dumps(data), flush=True)
    event = data.get('event')
    device_id = data.get('deviceId')
    event_data = data.get('data')

    if event == 'qr_code':
        print(f"QR Code for device {device_id}: {event_data.get('qr')}")
        # Save QR code to database or display to user

    elif event == 'connection_update':
        print(f"Device {device_id} status: {event_data.get('status')}")
        if event_data.get('status') == 'connected':
            print(f"Phone number: {event_data.get('phoneNumber')}")

    elif event == 'message_received':
        print(f"New message from {event_data.get('from')}: {event_data.get('message')}")

        # Auto-reply example
        if 'hello' in event_data.get('message', '').lower():
            reply_to_message(device_id, event_data.get('from'), 'Hello! How can I help you?')

    elif event == 'message_sent':
        print(f"Message sent to {event_data.get('to')}: {event_data.get('status')}")

    elif event == 'media_received':
        print(f"Media received from {event_data.get('from')}: {event_data.get('mediaType')}")

    return jsonify({'status': 'ok'})

def reply_to_message(device_id, recipient, message):
    try:
        response = requests.post(
            'http://localhost:3000/api/whatsapp/device/send',
            headers={
                'Content-Type': 'application/json',
                'X-API-Token': os.getenv('API_TOKEN'),
                'X-Device-API-Key': os.getenv('DEVICE_API_KEY')
            },
            json={
                'recipient': recipient,
                'message': message,
                'type': 'text'
            }
        )

        result = response.json()
        print(f"Auto-reply sent: {result}")
    except Exception as e:
        print(f"Failed to send auto-reply: {e}")

if __name__ == '__main__':
    app.run(port=int(os.getenv('PORT', '3000')))
