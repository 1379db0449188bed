// Package warta is a client of warta's WhatsApp REST API, in one file: copy it. It needs the standard library alone.
//
// Every method returns what the API said, an APIResponse that succeeded or not, and an error only if the API said
// nothing: it could not be reached, or took longer than the Client's Timeout.
package warta

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// WhatsAppAPI is safe for use by many goroutines once its fields are set.
type WhatsAppAPI struct {
	APIToken string
	BaseURL  string
	Client   *http.Client

	idempotencyKey string
}

// APIResponse is what the API said.
type APIResponse struct {
	Success bool        `json:"success"`
	Message string      `json:"message,omitempty"`
	Data    interface{} `json:"data,omitempty"`
	Error   interface{} `json:"error,omitempty"`
}

// Filter narrows a list down, and pages it: {"page": 1, "limit": 50, "type": "text"}.
type Filter map[string]interface{}

// NewWhatsAppAPI returns a client of the API on this machine. Set its BaseURL for another one.
func NewWhatsAppAPI(apiToken string) *WhatsAppAPI {
	return &WhatsAppAPI{
		APIToken: apiToken,
		BaseURL:  "http://localhost:3000/api/whatsapp",
		Client:   &http.Client{Timeout: 30 * time.Second},
	}
}

// WithIdempotencyKey returns a client to send one thing with: repeated with the same key, it is still sent once.
func (api *WhatsAppAPI) WithIdempotencyKey(key string) *WhatsAppAPI {
	once := *api
	once.idempotencyKey = key
	return &once
}

// Decode reads the Data into a struct of the caller's; a refusal is an error.
func (response *APIResponse) Decode(into interface{}) error {
	if !response.Success {
		return fmt.Errorf("refused: %v", response.Error)
	}
	data, err := json.Marshal(response.Data)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

// Request makes any request, also those that have no method here. Data is sent as JSON.
func (api *WhatsAppAPI) Request(method, endpoint string, data interface{}) (*APIResponse, error) {
	var body io.Reader
	if data != nil {
		jsonData, err := json.Marshal(data)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(jsonData)
	}
	return api.exchange(method, endpoint, "application/json", body)
}

func (api *WhatsAppAPI) exchange(method, endpoint, contentType string, body io.Reader) (*APIResponse, error) {
	req, err := http.NewRequest(method, api.BaseURL+endpoint, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("X-API-Token", api.APIToken)
	if api.idempotencyKey != "" {
		req.Header.Set("Idempotency-Key", api.idempotencyKey)
	}
	resp, err := api.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var apiResp APIResponse
	if err := json.NewDecoder(resp.Body).Decode(&apiResp); err != nil {
		return nil, err
	}
	return &apiResp, nil
}

// path returns a path with what it is about: path("/devices/%s/qr", deviceID).
func path(words string, values ...string) string {
	escaped := make([]interface{}, len(values))
	for i, value := range values {
		escaped[i] = url.PathEscape(value)
	}
	return fmt.Sprintf(words, escaped...)
}

func (api *WhatsAppAPI) list(endpoint string, filter Filter) (*APIResponse, error) {
	query := url.Values{}
	for name, value := range filter {
		query.Set(name, fmt.Sprint(value))
	}
	return api.Request("GET", endpoint+"?"+query.Encode(), nil)
}

func (api *WhatsAppAPI) sendFile(kind, filePath string, fields map[string]string) (*APIResponse, error) {
	file, err := os.Open(filePath)
	if err != nil {
		return nil, err
	}
	defer file.Close()

	// A buffer does not fail to be written to.
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	for name, value := range fields {
		writer.WriteField(name, value)
	}
	part, _ := writer.CreateFormFile(kind, filepath.Base(filePath))
	if _, err := io.Copy(part, file); err != nil {
		return nil, err
	}
	writer.Close()
	return api.exchange("POST", "/send/"+kind, writer.FormDataContentType(), &form)
}

// Device Management

func (api *WhatsAppAPI) CreateDevice(userID int, alias string, options map[string]interface{}) (*APIResponse, error) {
	data := map[string]interface{}{"userId": userID, "alias": alias}
	for name, value := range options {
		data[name] = value
	}
	return api.Request("POST", "/devices", data)
}

func (api *WhatsAppAPI) GetDevice(deviceID string) (*APIResponse, error) {
	return api.Request("GET", path("/devices/%s", deviceID), nil)
}

func (api *WhatsAppAPI) GetUserDevices(userID, page, limit int) (*APIResponse, error) {
	return api.list(fmt.Sprintf("/users/%d/devices", userID), Filter{"page": page, "limit": limit})
}

func (api *WhatsAppAPI) UpdateDevice(deviceID string, updates map[string]interface{}) (*APIResponse, error) {
	return api.Request("PUT", path("/devices/%s", deviceID), updates)
}

func (api *WhatsAppAPI) DeleteDevice(deviceID string) (*APIResponse, error) {
	return api.Request("DELETE", path("/devices/%s", deviceID), nil)
}

// Connection Management

func (api *WhatsAppAPI) ConnectDevice(deviceID string) (*APIResponse, error) {
	return api.Request("POST", path("/devices/%s/connect", deviceID), nil)
}

func (api *WhatsAppAPI) DisconnectDevice(deviceID string) (*APIResponse, error) {
	return api.Request("POST", path("/devices/%s/disconnect", deviceID), nil)
}

func (api *WhatsAppAPI) ReloginDevice(deviceID string) (*APIResponse, error) {
	return api.Request("POST", path("/devices/%s/relogin", deviceID), nil)
}

func (api *WhatsAppAPI) GetQRCode(deviceID string) (*APIResponse, error) {
	return api.Request("GET", path("/devices/%s/qr", deviceID), nil)
}

// Messaging

func (api *WhatsAppAPI) SendMessage(sessionID, recipient, message string, options map[string]interface{}) (*APIResponse, error) {
	return api.Request("POST", "/send", map[string]interface{}{
		"sessionId": sessionID, "recipient": recipient, "message": message, "options": options,
	})
}

func (api *WhatsAppAPI) SendTemplate(sessionID, recipient, name string, variables, options map[string]interface{}) (*APIResponse, error) {
	return api.Request("POST", "/send/template", map[string]interface{}{
		"sessionId": sessionID, "recipient": recipient, "options": options,
		"template": map[string]interface{}{"name": name, "variables": variables},
	})
}

func (api *WhatsAppAPI) SendBulkMessage(sessionID string, recipients []map[string]interface{}, options map[string]interface{}) (*APIResponse, error) {
	return api.Request("POST", "/send/bulk", map[string]interface{}{
		"sessionId": sessionID, "recipients": recipients, "options": options,
	})
}

func (api *WhatsAppAPI) GetBulk(bulkID string) (*APIResponse, error) {
	return api.Request("GET", path("/send/bulk/%s", bulkID), nil)
}

func (api *WhatsAppAPI) CancelBulk(bulkID string) (*APIResponse, error) {
	return api.Request("POST", path("/send/bulk/%s/cancel", bulkID), nil)
}

// Media

func (api *WhatsAppAPI) SendImage(sessionID, recipient, imagePath, caption string) (*APIResponse, error) {
	return api.sendFile("image", imagePath, map[string]string{"sessionId": sessionID, "recipient": recipient, "caption": caption})
}

func (api *WhatsAppAPI) SendVideo(sessionID, recipient, videoPath, caption string) (*APIResponse, error) {
	return api.sendFile("video", videoPath, map[string]string{"sessionId": sessionID, "recipient": recipient, "caption": caption})
}

func (api *WhatsAppAPI) SendDocument(sessionID, recipient, documentPath, fileName string) (*APIResponse, error) {
	if fileName == "" {
		fileName = filepath.Base(documentPath)
	}
	return api.sendFile("document", documentPath, map[string]string{"sessionId": sessionID, "recipient": recipient, "fileName": fileName})
}

func (api *WhatsAppAPI) SendAudio(sessionID, recipient, audioPath string, isVoiceNote bool) (*APIResponse, error) {
	return api.sendFile("audio", audioPath, map[string]string{
		"sessionId": sessionID, "recipient": recipient, "isVoiceNote": fmt.Sprint(isVoiceNote),
	})
}

// History

func (api *WhatsAppAPI) GetMessages(filter Filter) (*APIResponse, error) {
	return api.list("/messages", filter)
}

func (api *WhatsAppAPI) GetUserMessages(userID int, filter Filter) (*APIResponse, error) {
	return api.list(fmt.Sprintf("/users/%d/messages", userID), filter)
}

func (api *WhatsAppAPI) GetDeviceMessages(deviceID, contactID string, filter Filter) (*APIResponse, error) {
	return api.list(path("/devices/%s/messages/%s", deviceID, contactID), filter)
}

// Contacts, Chats, Groups

func (api *WhatsAppAPI) GetContacts(deviceID string, filter Filter) (*APIResponse, error) {
	return api.list(path("/devices/%s/contacts", deviceID), filter)
}

func (api *WhatsAppAPI) GetChats(deviceID string, filter Filter) (*APIResponse, error) {
	return api.list(path("/devices/%s/chats", deviceID), filter)
}

func (api *WhatsAppAPI) GetGroups(deviceID string, filter Filter) (*APIResponse, error) {
	return api.list(path("/devices/%s/groups", deviceID), filter)
}

// AI Settings

func (api *WhatsAppAPI) GetAISettings(deviceID string) (*APIResponse, error) {
	return api.Request("GET", path("/devices/%s/settings/ai", deviceID), nil)
}

func (api *WhatsAppAPI) UpdateAISettings(deviceID string, settings map[string]interface{}) (*APIResponse, error) {
	return api.Request("PUT", path("/devices/%s/settings/ai", deviceID), settings)
}

// Webhook Settings

func (api *WhatsAppAPI) GetWebhookSettings(deviceID string) (*APIResponse, error) {
	return api.Request("GET", path("/devices/%s/settings/webhook", deviceID), nil)
}

func (api *WhatsAppAPI) UpdateWebhookSettings(deviceID string, settings map[string]interface{}) (*APIResponse, error) {
	return api.Request("PUT", path("/devices/%s/settings/webhook", deviceID), settings)
}

func (api *WhatsAppAPI) TestWebhook(deviceID string, testPayload map[string]interface{}) (*APIResponse, error) {
	data := map[string]interface{}{"testPayload": testPayload}
	return api.Request("POST", path("/devices/%s/settings/webhook/test", deviceID), data)
}
