package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// The forms of a sealed password. The first one bound it to the resource's number alone; whoever could write the
// database could have it sent to a server of their own.
const (
	sealNumber   = "v1:"
	sealEndpoint = "v2:" // then the name of the key, a colon, and nonce and ciphertext in base64
)

// sealKey encrypts with AES-256-GCM.
type sealKey struct {
	name string // tells keys apart and says nothing of the key
	aead cipher.AEAD
}

func newSealKey(key [32]byte) (sealKey, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return sealKey{}, fmt.Errorf("use the secret key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return sealKey{}, fmt.Errorf("use the secret key: %w", err)
	}
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte("name of this key"))
	return sealKey{name: hex.EncodeToString(mac.Sum(nil)[:8]), aead: aead}, nil
}

// sealer encrypts bind passwords. The resource's number and the endpoint are authenticated with each: a sealed password
// can be moved neither to another resource nor to another server, account or certificate.
type sealer struct {
	keys []sealKey // the first one seals, all open
}

func newSealer(keys [][32]byte) (sealer, error) {
	if len(keys) == 0 {
		return sealer{}, errors.New("there is no secret key")
	}
	var s sealer
	for _, key := range keys {
		made, err := newSealKey(key)
		if err != nil {
			return sealer{}, err
		}
		s.keys = append(s.keys, made)
	}
	return s, nil
}

// close encrypts; no password is an empty text.
func (s sealer) close(secret resource.Secret, id int64, e resource.Endpoint) string {
	if secret.Reveal() == "" {
		return ""
	}
	key := s.keys[0]
	nonce := make([]byte, key.aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails, by its contract
	sealed := key.aead.Seal(nonce, nonce, []byte(secret.Reveal()), bound(id, e))
	return sealEndpoint + key.name + ":" + base64.StdEncoding.EncodeToString(sealed)
}

// open decrypts. A text that it cannot open is a locked secret, and no password is zero. One of the first form is locked
// too: only the start of the panel opens these, and seals them anew.
func (s sealer) open(text string, id int64, e resource.Endpoint) resource.Secret {
	if text == "" {
		return resource.Secret{}
	}
	if _, ok := s.openFirst(text, id); ok {
		return resource.LockedSecret(resource.LockedByRow)
	}
	name, encoded, _ := strings.Cut(strings.TrimPrefix(text, sealEndpoint), ":")
	for _, key := range s.keys {
		if key.name != name {
			continue
		}
		if secret, ok := key.open(encoded, bound(id, e)); ok {
			return secret
		}
		return resource.LockedSecret(resource.LockedByRow)
	}
	return resource.LockedSecret(resource.LockedByKey)
}

// openFirst decrypts a text of the first form; ok is false for any other.
func (s sealer) openFirst(text string, id int64) (secret resource.Secret, ok bool) {
	encoded, first := strings.CutPrefix(text, sealNumber)
	for _, key := range s.keys {
		if secret, ok = key.open(encoded, owner(id)); first && ok {
			return secret, true
		}
	}
	return resource.Secret{}, false
}

func (k sealKey) open(encoded string, data []byte) (resource.Secret, bool) {
	sealed, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(sealed) < k.aead.NonceSize() {
		return resource.Secret{}, false
	}
	plain, err := k.aead.Open(nil, sealed[:k.aead.NonceSize()], sealed[k.aead.NonceSize():], data)
	return resource.NewSecret(string(plain)), err == nil
}

// current reports whether a sealed text has the present form and key.
func (s sealer) current(text string) bool {
	return text == "" || strings.HasPrefix(text, sealEndpoint+s.keys[0].name+":")
}

// bound is what a sealed password is authenticated with.
func bound(id int64, e resource.Endpoint) []byte { return append(owner(id), e.Binding()...) }

func owner(id int64) []byte { return []byte("account resource " + strconv.FormatInt(id, 10)) }
