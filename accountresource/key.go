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
	"runtime"
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

// subkeys derives one from each key.
func subkeys(keys [][]byte, purpose string) ([][]byte, error) {
	derived := make([][]byte, len(keys))
	for i, key := range keys {
		var err error
		if derived[i], err = subkey(key, purpose); err != nil {
			return nil, err
		}
	}
	return derived, nil
}

// purposeKeys are the keys of the module's uses; the first one of each is current. The verifiers of sign-in have the current one only.
type purposeKeys struct {
	passwords  [][keySize]byte
	tokens     [][]byte
	verifiers  []byte
	mailServer []string
}

func keysOf(o *options) (k purposeKeys, err error) {
	keys, err := secretKeys(o)
	if err != nil {
		return k, err
	}
	passwords, err := subkeys(keys, "bind passwords")
	if err != nil {
		return k, err
	}
	for _, one := range passwords {
		k.passwords = append(k.passwords, [keySize]byte(one))
	}
	if k.tokens, err = subkeys(keys, "form tokens"); err != nil {
		return k, err
	}
	if k.verifiers, err = subkey(keys[0], "sign-in verifiers"); err != nil {
		return k, err
	}
	k.mailServer, err = signInTokens(keys)
	return k, err
}

// secretKeys returns the host's keys, or those of the key file, which is made where it does not exist. The first one is
// current.
func secretKeys(o *options) ([][]byte, error) {
	if o.keys != nil {
		return o.keys, nil
	}
	keys, err := readKeys(o.keyFile)
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, err
	}
	if err := makeKey(o.keyFile); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return readKeys(o.keyFile) // perhaps another process's
}

// forOthers are the permissions that a key file must not give.
const forOthers fs.FileMode = 0o077

func readKeys(path string) ([][]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the secret key: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&forOthers != 0 { // there, modes say nothing
		return nil, fmt.Errorf("the key file %s may be used by others than its owner (mode %04o): whoever reads it can open the"+
			" stored bind passwords; run: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the secret key: %w", err)
	}
	var keys [][]byte
	for line := range strings.FieldsSeq(string(text)) {
		key, err := hex.DecodeString(line)
		if err != nil || len(key) != keySize {
			keys = nil
			break
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("the key file %s does not hold %d hexadecimal digits a line; restore it from a backup, or remove it"+
			" and enter the bind passwords again", path, 2*keySize)
	}
	return keys, nil
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
