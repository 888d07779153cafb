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

	"github.com/mailpanel/account-resource/accountresource/resource"
)

const (
	// sealedLife is how long a password that was typed is kept while its form is tested and mended.
	sealedLife = 30 * time.Minute
	// paddedSize is what a password is filled up to in bytes, so that nobody sees how long it is: the longest that the
	// field takes, 255 characters of UTF-8, and a few more.
	paddedSize = 1024
	headSize   = 8 + 2 // the time of expiry and the length
)

// seal returns the typed password of a form that is shown again, as a page never carries one in the clear: only this
// panel can open it, in this session, and only for the same endpoint, so that it is sent nowhere else.
func (w *Web) seal(r *request, e resource.Endpoint, now time.Time) (string, error) {
	password := r.form["bind_password"]
	switch {
	case password == "" && r.form["bind_password_kept"] != "": // a form that has lost one goes on saying so
		return lostPassword, nil
	case password == "":
		return "", nil
	case len(password) > paddedSize: // it is refused anyway, but was meant
		return lostPassword, nil
	}
	aead, err := passwordCipher(w.cfg.TokenKeys[0])
	if err != nil {
		return "", err
	}
	plain := make([]byte, headSize+paddedSize)
	binary.BigEndian.PutUint64(plain, uint64(now.Add(sealedLife).Unix())) //nolint:gosec // no date before 1970
	binary.BigEndian.PutUint16(plain[8:], uint16(len(password)))          //nolint:gosec // bounded above
	copy(plain[headSize:], password)
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // it never fails
	return base64.RawURLEncoding.EncodeToString(aead.Seal(nonce, nonce, plain, r.sealedFor(e))), nil
}

// restore returns the password that the form carries sealed, empty where it carries none. An error means that it was
// typed for another endpoint or too long ago: then nobody but the admin knows which password is meant.
func (w *Web) restore(r *request, e resource.Endpoint, now time.Time) (string, error) {
	text := r.form["bind_password_kept"]
	if text == "" {
		return "", nil
	}
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return "", fmt.Errorf("read the sealed password of a form: %w", err)
	}
	for _, key := range w.cfg.TokenKeys {
		aead, err := passwordCipher(key)
		if err != nil {
			return "", err
		}
		if password, ok := opened(aead, sealed, r.sealedFor(e), now); ok {
			return password, nil
		}
	}
	return "", errNotSealed
}

// opened returns a sealed password; ok is false where it was sealed with another key, for something else or too long ago.
func opened(aead cipher.AEAD, sealed, data []byte, now time.Time) (password string, ok bool) {
	if len(sealed) < aead.NonceSize() {
		return "", false
	}
	plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], data)
	if err != nil || len(plain) != headSize+paddedSize {
		return "", false
	}
	if binary.BigEndian.Uint64(plain) < uint64(now.Unix()) { //nolint:gosec // no date before 1970
		return "", false
	}
	return string(plain[headSize : headSize+int(binary.BigEndian.Uint16(plain[8:]))]), true
}

// lostPassword stands for a typed password that cannot be restored. Without it the next press of a button would take the
// empty field for the stored password.
const lostPassword = "lost"

var errNotSealed = errors.New("the sealed password is not one for this form")

// sealedFor is what a sealed password is authenticated with. The CA is left out: it may be trusted in between.
func (r *request) sealedFor(e resource.Endpoint) []byte {
	owner := strconv.AppendQuote(nil, r.admin.Username)
	owner = strconv.AppendQuote(owner, r.admin.Session)
	owner = append(strconv.AppendQuote(owner, r.Params("id")), ' ')
	return append(owner, e.WithoutCA().Binding()...)
}

func passwordCipher(tokenKey []byte) (cipher.AEAD, error) {
	mac := hmac.New(sha256.New, tokenKey)
	mac.Write([]byte("sealed passwords of forms"))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		return nil, fmt.Errorf("prepare the key of sealed passwords: %w", err)
	}
	return cipher.NewGCM(block)
}
