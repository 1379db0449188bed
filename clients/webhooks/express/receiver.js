// The contract's webhook handler. Added: the port, and one line per event that passed the check.
const express = require('express');
const crypto = require('crypto');
const app = express();

app.use(express.json());

// Webhook handler
app.post('/webhook/whatsapp', (req, res) => {
    const signature = req.headers['x-signature'];
    const payload = JSON.stringify(req.body);
    const secret = process.env.WEBHOOK_SECRET;

    // Verify signature
    const expectedSignature = crypto
        .createHmac('sha256', secret)
        .update(payload)
        .digest('hex');

    if (signature !== `sha256=${expectedSignature}`) {
        return res.status(401).send('Invalid signature');
    }

    console.log(payload);

    const { event, deviceId, data } = req.body;

    switch (event) {
        case 'qr_code':
            console.log(`QR Code for device ${deviceId}:`, data.qr);
            // Save QR code to database or display to user
            break;

        case 'connection_update':
            console.log(`Device ${deviceId} status:`, data.status);
            if (data.status === 'connected') {
                console.log(`Phone number: ${data.phoneNumber}`);
            }
            break;

        case 'message_received':
            console.log(`New message from ${data.from}:`, data.message);

            // Auto-reply example
            if (data.message.toLowerCase().includes('hello')) {
                // Send auto-reply (implement your API call here)
                replyToMessage(deviceId, data.from, 'Hello! How can I help you?');
            }
            break;

        case 'message_sent':
            console.log(`Message sent to ${data.to}:`, data.status);
            break;

        case 'media_received':
            console.log(`Media received from ${data.from}:`, data.mediaType);
            // Download and process media file
            break;

        default:
            console.log('Unknown event:', event);
    }

    res.status(200).send('OK');
});

async function replyToMessage(deviceId, recipient, message) {
    try {
        const response = await fetch('http://localhost:3000/api/whatsapp/device/send', {
            method: 'POST',
            headers: {
                'Content-Type': 'application/json',
                'X-API-Token': process.env.API_TOKEN,
                'X-Device-API-Key': process.env.DEVICE_API_KEY
            },
            body: JSON.stringify({
                recipient,
                message,
                type: 'text'
            })
        });

        const result = await response.json();
        console.log('Auto-reply sent:', result);
    } catch (error) {
        console.error('Failed to send auto-reply:', error);
    }
}

const server = app.listen(process.env.PORT ?? 3000, '127.0.0.1', () => {
    console.log(`Webhook server running on port ${server.address().port}`);
});
