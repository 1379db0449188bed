// A conversation by way of the client, from a new device to a deleted one: `go run ./conversation`.
package main

import (
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"warta"
)

type device struct {
	ID, SessionID, Alias, PhoneNumber string
	IsConnected                       bool
}

type message struct {
	MessageID, FileName, Status       string
	FileSize, Total                   int
	Direction, Type, Content string
}

// answer is what the answers of this conversation hold, each some of it.
type answer struct {
	Device, DeletedDevice device
	Devices               []device
	Messages              []message
	QRCode                string
	message
}

// dataOf returns what an answer holds, and ends the conversation if there is none, or it is a refusal.
func dataOf(response *warta.APIResponse, err error) (data answer) {
	if err == nil {
		err = response.Decode(&data)
	}
	if err != nil {
		log.Fatal(err)
	}
	return data
}

// eventually looks again and again until there is something to see.
func eventually(look func() bool) {
	for deadline := time.Now().Add(time.Minute); !look(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			log.Fatal("waited in vain")
		}
	}
}

func main() {
	recipients := strings.Split(os.Getenv("RECIPIENTS"), ",")
	john, jane := recipients[0], recipients[1]
	api := warta.NewWhatsAppAPI(os.Getenv("API_TOKEN"))
	if url, isSet := os.LookupEnv("API_URL"); isSet {
		api.BaseURL = url
	}

	// Create device
	device := dataOf(api.CreateDevice(123, "My WhatsApp Device", map[string]interface{}{
		"description": "Device for customer support",
		"webhook": map[string]interface{}{
			"url":    os.Getenv("WEBHOOK_URL"),
			"events": []string{"message", "connection"},
		},
	})).Device
	fmt.Println("Device created:", device.SessionID)

	// Connect device: somebody scans the code with their phone
	dataOf(api.ConnectDevice(device.ID))
	fmt.Println("QR Code:", dataOf(api.GetQRCode(device.ID)).QRCode)
	eventually(func() bool {
		device = dataOf(api.GetDevice(device.ID)).Device
		return device.IsConnected
	})
	fmt.Println("Connected:", device.PhoneNumber)

	// Send message
	sent := dataOf(api.SendMessage(device.SessionID, john, "Hello from Go API!", nil))
	fmt.Println("Message sent:", sent.Status)

	// Send message only once, however often it is asked for
	once, quoting := api.WithIdempotencyKey("order-12345"), map[string]interface{}{"quoted": sent.MessageID}
	first := dataOf(once.SendMessage(device.SessionID, john, `Terima kasih, "Budi" 🙏 — \o/ é`, quoting))
	again := dataOf(once.SendMessage(device.SessionID, john, `Terima kasih, "Budi" 🙏 — \o/ é`, quoting))
	fmt.Println("Sent once:", first.MessageID == again.MessageID)

	// Send image
	image := dataOf(api.SendImage(device.SessionID, john, os.Getenv("IMAGE"), "Check out this image! 📷"))
	fmt.Println("Image sent:", image.FileName, image.FileSize)

	// Send bulk messages
	bulk := dataOf(api.SendBulkMessage(device.SessionID, []map[string]interface{}{
		{"phone": john, "message": "Hello {{name}}!", "variables": map[string]string{"name": "John"}},
		{"phone": jane, "message": "Hello {{name}}!", "variables": map[string]string{"name": "Jane"}},
	}, map[string]interface{}{"delay": 50}))
	fmt.Println("Bulk accepted:", bulk.Total)

	// Process incoming message
	var incoming []message
	eventually(func() bool {
		incoming = dataOf(api.GetDeviceMessages(device.ID, john, warta.Filter{"direction": "incoming"})).Messages
		return len(incoming) > 0
	})
	fmt.Println("New message:", incoming[0].Content)

	// Read back what was said, oldest first
	messages := dataOf(api.GetDeviceMessages(device.ID, john, warta.Filter{"limit": 10})).Messages
	for i := len(messages) - 1; i >= 0; i-- {
		fmt.Println("History:", messages[i].Direction, messages[i].Type, messages[i].Content)
	}

	// Update device, find it among those of its user, and delete it
	dataOf(api.UpdateDevice(device.ID, map[string]interface{}{"alias": "Updated Device Name"}))
	var aliases []string
	for _, each := range dataOf(api.GetUserDevices(123, 1, 10)).Devices {
		aliases = append(aliases, each.Alias)
	}
	fmt.Println("Devices:", strings.Join(aliases, ","))
	fmt.Println("Device deleted:", dataOf(api.DeleteDevice(device.ID)).DeletedDevice.Alias)
	gone, err := api.GetDevice(device.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("And now:", gone.Error.(map[string]interface{})["code"])
}
