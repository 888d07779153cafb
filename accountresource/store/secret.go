package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// errUnreadable: the text was sealed with another key, or for another resource, or is damaged.
var errUnreadable = errors.New("cannot be decrypted with the present key")

// sealVersion begins a sealed text, so that another form can follow some day.
const sealVersion = "v1:"

// sealer encrypts bind passwords with AES-256-GCM. The resource's number is authenticated with it, so that a sealed
// password cannot be moved to another resource.
type sealer struct{ aead cipher.AEAD }

func newSealer(key [32]byte) (sealer, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return sealer{}, fmt.Errorf("use the secret key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return sealer{}, fmt.Errorf("use the secret key: %w", err)
	}
	return sealer{aead}, nil
}

// close encrypts; no password is an empty text.
func (s sealer) close(secret resource.Secret, id int64) string {
	if secret.IsZero() {
		return ""
	}
	nonce := make([]byte, s.aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails, by its contract
	sealed := s.aead.Seal(nonce, nonce, []byte(secret.Reveal()), owner(id))
	return sealVersion + base64.StdEncoding.EncodeToString(sealed)
}

// open decrypts, or returns errUnreadable.
func (s sealer) open(text string, id int64) (resource.Secret, error) {
	if text == "" {
		return resource.Secret{}, nil
	}
	encoded, known := strings.CutPrefix(text, sealVersion)
	sealed, err := base64.StdEncoding.DecodeString(encoded)
	if !known || err != nil || len(sealed) < s.aead.NonceSize() {
		return resource.Secret{}, errUnreadable
	}
	nonce, body := sealed[:s.aead.NonceSize()], sealed[s.aead.NonceSize():]
	plain, err := s.aead.Open(nil, nonce, body, owner(id))
	if err != nil {
		return resource.Secret{}, errUnreadable
	}
	return resource.NewSecret(string(plain)), nil
}

func owner(id int64) []byte { return []byte("account resource " + strconv.FormatInt(id, 10)) }
