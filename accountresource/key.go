package accountresource

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const keySize = 32 // AES-256

// subkey derives a key for one purpose from the host's, so that no two uses share one (RFC 5869).
func subkey(key []byte, purpose string) ([]byte, error) {
	derived, err := hkdf.Key(sha256.New, key, nil, "account-resource "+purpose, keySize)
	if err != nil {
		return nil, fmt.Errorf("derive the key for %s: %w", purpose, err)
	}
	return derived, nil
}

// secretKey is the host's key, or that of the key file, which is made where it does not exist.
func secretKey(o *options) ([]byte, error) {
	if o.key != nil {
		return o.key, nil
	}
	key, err := readKey(o.keyFile)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := makeKey(o.keyFile); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return readKey(o.keyFile) // perhaps another process's
}

func readKey(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the secret key: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("the key file %s does not hold %d hexadecimal digits; restore it from a backup, or remove it"+
			" and enter the bind passwords again", path, 2*keySize)
	}
	return key, nil
}

// makeKey writes a new key whole or not at all: a link fails where another process was first.
func makeKey(path string) error {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails, by its contract
	draft, err := os.CreateTemp(filepath.Dir(path), ".key-*")
	if err != nil {
		return fmt.Errorf("make the secret key: %w", err)
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	_, err = draft.WriteString(hex.EncodeToString(key) + "\n") // CreateTemp gives mode 0600
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return fmt.Errorf("write the secret key: %w", err)
	}
	if err := os.Link(draft.Name(), path); err != nil {
		return fmt.Errorf("put the secret key in place: %w", err)
	}
	return nil
}
