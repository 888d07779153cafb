package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"
	"time"
)

// tokenLife is how long a page may stay open before its forms are refused.
const tokenLife = 12 * time.Hour

// token proves that a form came from a page of ours that this admin was shown in this session. It is an authenticated
// time of expiry: nothing is stored.
func (w *Web) token(admin Admin, now time.Time) string {
	expiry := strconv.FormatInt(now.Add(tokenLife).Unix(), 36)
	return expiry + "." + base64.RawURLEncoding.EncodeToString(signature(w.cfg.TokenKeys[0], expiry, admin))
}

// signature authenticates a time of expiry for one admin in one session.
func signature(key []byte, expiry string, admin Admin) []byte {
	mac := hmac.New(sha256.New, key)
	for _, part := range []string{"form", expiry, admin.Username, admin.Session} { // each with its length, so that none runs into the next
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		mac.Write([]byte(part))
	}
	return mac.Sum(nil)
}

// genuine reports whether a token is of this admin and session, and not too old. An older key counts as well, so that
// pages stay good while keys are changed.
func (w *Web) genuine(admin Admin, token string) bool {
	expiry, signed, _ := strings.Cut(token, ".")
	until, err := strconv.ParseInt(expiry, 36, 64)
	given, malformed := base64.RawURLEncoding.DecodeString(signed)
	if err != nil || malformed != nil || admin.Session == "" || time.Now().Unix() >= until {
		return false
	}
	for _, key := range w.cfg.TokenKeys {
		if hmac.Equal(given, signature(key, expiry, admin)) {
			return true
		}
	}
	return false
}
