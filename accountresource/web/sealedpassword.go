package web

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// keptLife is how long a password that was typed is kept while its form is tried and mended.
const keptLife = 30 * time.Minute

// keptSize is what a password is filled up to, so that nobody sees how long it is.
const keptSize = 256

// keep seals the password of a form that is drawn again, as a page never carries one: only this panel can open it, for
// this admin, and only for the same server and account, so that nobody can have it sent elsewhere.
func (w *Web) keep(r *request, now time.Time) (string, error) {
	password := r.form["bind_password"]
	if password == "" || len(password) > keptSize-2 {
		return "", nil
	}
	sealer, err := w.sealer()
	if err != nil {
		return "", err
	}
	plain := make([]byte, 8+keptSize)
	binary.BigEndian.PutUint64(plain, uint64(now.Add(keptLife).Unix())) //nolint:gosec // no date before 1970
	plain[8] = byte(len(password))
	copy(plain[9:], password)
	nonce := make([]byte, sealer.NonceSize())
	_, _ = rand.Read(nonce) // it never fails
	return base64.RawURLEncoding.EncodeToString(sealer.Seal(nonce, nonce, plain, r.keptFor())), nil
}

// recall puts a kept password back into the form, where nobody typed another one.
func (w *Web) recall(r *request, now time.Time) {
	if r.form["bind_password"] != "" {
		return
	}
	if password, err := w.unseal(r, r.form["bind_password_kept"], now); err == nil {
		r.form["bind_password"] = password
	}
}

var errNotKept = errors.New("no password is kept for this form")

func (w *Web) unseal(r *request, text string, now time.Time) (string, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || text == "" {
		return "", errNotKept
	}
	sealer, err := w.sealer()
	if err != nil || len(sealed) < sealer.NonceSize() {
		return "", errNotKept
	}
	nonce, sealed := sealed[:sealer.NonceSize()], sealed[sealer.NonceSize():]
	plain, err := sealer.Open(nil, nonce, sealed, r.keptFor())
	if err != nil || binary.BigEndian.Uint64(plain) < uint64(now.Unix()) { //nolint:gosec // no date before 1970
		return "", errNotKept
	}
	return string(plain[9 : 9+int(plain[8])]), nil
}

// keptFor is what a sealed password is good for.
func (r *request) keptFor() []byte {
	parts := []string{r.admin.Username, r.Params("id"), r.form["host"], r.form["port"], r.form["tls"], r.form["bind_dn"]}
	var all []byte
	for _, part := range parts {
		all = append(strconv.AppendQuote(all, part), ' ')
	}
	return all
}

func (w *Web) sealer() (cipher.AEAD, error) {
	mac := hmac.New(sha256.New, w.cfg.TokenKey)
	mac.Write([]byte("kept passwords"))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		return nil, fmt.Errorf("prepare the key of kept passwords: %w", err)
	}
	return cipher.NewGCM(block)
}
